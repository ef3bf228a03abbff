"""Long work takes turns in a line of bounded length; a visitor stands in it once.

One turn works at a time: two would wait for Python's lock a thousand times in a training of milliseconds, and take
longer than one after the other. Short work goes before long work, in the order in which it came: long work gives way in
the middle for as long as there is short work, but never for longer than it can bear. Work that turns out to be long is
long from then on, so that nobody's training waits for another's hour.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from torch.overrides import TorchFunctionMode

from demo.hosting.machine.cores import CORES
from llu_core.errors import LluError

Step = TypeVar("Step")
Result = TypeVar("Result")

ABANDONED_SECONDS = 180.0
"""A turn that shows no sign of life for so long is over: the next one must not wait for it for ever."""
SHORT_SECONDS = 10.0
"""Work that has taken so long is long, whatever was thought of it; a busy machine makes short work take seconds."""
SLICE_SECONDS = 1.0
"""Long work that has its turn keeps it for so long, whoever waits."""
PATIENCE_SECONDS = 6.0
"""Long work that has given way for so long goes before short work; so it always goes on, if slowly."""


class Cancelled(LluError):
    """The visitor has called the work off."""


class Overdue(LluError):
    """The work took longer than a turn may."""


class Turn:
    """One visitor's place in the line.

    long: whether it gives way to short work; worked: seconds until it last gave way; since: when it last began to work,
    None while it does not; rested: when it last came or gave way.
    """

    def __init__(self, visitor: str, line: "Line", *, long: bool):
        self.visitor, self.long, self._line = visitor, long, line
        self.cancelled = False
        self.worked = 0.0
        self.since: float | None = None
        self.alive = self.rested = line.clock()
        self.called = threading.Condition(line.lock)

    def ahead(self, seconds: float = 0.0) -> int:
        """How many are before this one, after waiting up to `seconds` for its turn; 0 is the turn itself."""
        return self._line.ahead(self, seconds)

    def check(self) -> None:
        """Show a sign of life, now and then while working.

        Raises Cancelled once the work is called off, and Overdue once the turn has worked as long as it may.
        """
        self.alive = self._line.clock()
        if self.cancelled:
            raise Cancelled("it was called off; nothing has changed")
        if self._worked() > self._line.seconds:
            minutes = round(self._line.seconds / 60)
            raise Overdue(f"it took longer than {minutes} minutes and was ended; try it with fewer pictures or classes")

    def give_way(self) -> None:
        """Check the turn, and let short work go first where this is long and has had its turn for a while.

        Whoever calls it must hold no lock: short work may need it before this comes back.
        """
        self.check()
        self.long = self.long or self._worked() > SHORT_SECONDS
        if self.long and self.since is not None and self.alive - self.since > SLICE_SECONDS:
            self._line.give_way(self)

    def rest(self) -> None:
        """Note that it does not work any more, for now."""
        self.worked, self.since, self.rested = self._worked(), None, self.alive

    def _worked(self) -> float:
        return self.worked + (0.0 if self.since is None else self.alive - self.since)

    @contextmanager
    def watched(self, *, divisible: bool = False) -> Iterator[None]:
        """Check the turn between any two operations on tensors, in a block that has no steps of its own; long work is
        done there on all cores.

        divisible: whether it may give way there, as what holds no lock may, which reading pictures or texts does.
        """
        cores = CORES.everywhere() if self.long else nullcontext()
        with cores, Watch(self.give_way if divisible else self.check):
            yield

    def each(self, steps: Generator[Step, None, Result], *, divisible: bool = False) -> Generator[Step, None, Result]:
        """The same steps, each of them watched; they may be asked for by different threads, and give way between."""
        try:
            while True:
                try:
                    with self.watched(divisible=divisible):
                        step = next(steps)
                except StopIteration as finished:
                    return finished.value
                self.give_way()
                yield step
        finally:
            steps.close()


class Watch(TorchFunctionMode):
    """Calls `check` before every operation on tensors, which all long work consists of."""

    def __init__(self, check: Callable[[], None]):
        super().__init__()
        self._check = check

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._check()
        return func(*args, **(kwargs or {}))


class Line:
    """The line of all visitors: a turn works for `seconds` at most, and at most `waiting` stand behind it.

    Of long work, what was begun is ended before another is begun.
    """

    def __init__(self, waiting: int, *, seconds: float = float("inf"), clock: Callable[[], float] = time.monotonic):
        self.seconds, self.clock, self.lock, self._waiting = seconds, clock, threading.RLock(), waiting
        self._turns, self._open = list[Turn](), True
        self._empty = threading.Condition(self.lock)

    @contextmanager
    def turn(self, visitor: str, *, long: bool = False) -> Iterator[Turn]:
        """Stand in line until the block ends. Raises LluError if the line is full or the visitor is in it already.

        long: whether the work is known to be long.
        """
        turn = Turn(visitor, self, long=long)
        with self.lock:
            if not self._open:
                raise LluError("this app is about to stop; try again in a minute")
            if any(other.visitor == visitor for other in self._turns):
                raise LluError("your last training or comparison is still under way; wait for it, or cancel it")
            if len(self._turns) > self._waiting:
                raise LluError(f"{len(self._turns)} trainings are under way or waiting; try again in a minute")
            self._turns.append(turn)
        try:
            yield turn
        finally:
            with self.lock:
                self._remove(turn)

    def ahead(self, turn: Turn, seconds: float) -> int:
        with self.lock:
            self._sign_of_life(turn)
            if seconds and not self._may_work(turn):
                turn.called.wait(seconds)
                self._sign_of_life(turn)
            if not self._may_work(turn):
                return max(1, self._order().index(turn))
            if turn.since is None:
                turn.since = self.clock()
            return 0

    def give_way(self, turn: Turn) -> None:
        """Let short work go first, if there is any, and come back when this turn has its turn again."""
        with self.lock:
            if turn.since is None or all(other.long for other in self._turns):
                return
            turn.rest()
            self._call()
            while turn.ahead(PATIENCE_SECONDS):
                pass

    def cancel(self, visitor: str) -> bool:
        """Call off the visitor's work, waiting or running; whether there was any."""
        with self.lock:
            return self._call_off([turn for turn in self._turns if turn.visitor == visitor])

    def close(self, seconds: float) -> None:
        """Let nobody in any more, call off those who wait, and give those who work so long to end."""
        with self.lock:
            self._open = False
            self._call_off([turn for turn in self._turns if turn.since is None])
            self._empty.wait_for(lambda: not self._turns, seconds)

    def call_off(self) -> None:
        """Call off whatever has not ended."""
        with self.lock:
            self._call_off(self._turns)

    def __len__(self) -> int:
        return len(self._turns)

    def _order(self) -> list[Turn]:
        """Who comes after whom: who works, long work that has waited enough, short work, other long work."""
        now = self.clock()
        long = [turn for turn in self._turns if turn.long]
        first = min(long, key=lambda turn: (turn.since is None, not turn.worked), default=None)

        def rank(turn: Turn) -> tuple[bool, bool, bool]:
            impatient = turn is first and now - turn.rested >= PATIENCE_SECONDS
            return turn.since is None, turn.long and not impatient, not turn.worked

        return sorted(self._turns, key=rank)

    def _may_work(self, turn: Turn) -> bool:
        """Whether the turn works, or may begin to."""
        if turn.since is not None:
            return True
        order = self._order()
        if order[0] is not turn:
            return False
        impatient = self.clock() - turn.rested >= PATIENCE_SECONDS
        return not turn.long or impatient or all(other.long for other in order)

    def _sign_of_life(self, turn: Turn) -> None:
        """Raises Cancelled once the turn is called off; turns that show none for long are over."""
        now = turn.alive = self.clock()
        if turn.cancelled:
            raise Cancelled("it was called off; nothing has changed")
        for other in [other for other in self._turns if now - other.alive > ABANDONED_SECONDS]:
            other.cancelled = True
            self._remove(other)

    def _remove(self, turn: Turn) -> None:
        if turn in self._turns:
            self._turns.remove(turn)
        self._call()
        if not self._turns:
            self._empty.notify_all()

    def _call(self) -> None:
        """Wake whose turn it may be, and nobody else."""
        for turn in self._order()[:1]:
            turn.called.notify_all()

    def _call_off(self, turns: list[Turn]) -> bool:
        for turn in turns:
            turn.cancelled = True
            turn.called.notify_all()
        return bool(turns)
