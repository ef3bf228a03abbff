"""Long work takes turns: a line of bounded length, of which the first one works; a visitor stands in it once."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from torch.overrides import TorchFunctionMode

from llu_core.errors import LluError

Step = TypeVar("Step")
Result = TypeVar("Result")

ABANDONED_SECONDS = 180.0
"""A turn that shows no sign of life for so long is over: the next one must not wait for it for ever."""


class Cancelled(LluError):
    """The visitor has called the work off."""


class Overdue(LluError):
    """The work took longer than a turn may."""


class Turn:
    """One visitor's place in the line; begun: when its turn came, None before."""

    def __init__(self, visitor: str, line: "Line"):
        self.visitor, self._line = visitor, line
        self.cancelled, self.alive = False, time.monotonic()
        self.begun: float | None = None

    def ahead(self, seconds: float = 0.0) -> int:
        """How many are before this one, after waiting up to `seconds` for its turn; 0 is the turn itself."""
        return self._line.ahead(self, seconds)

    def check(self) -> None:
        """Show a sign of life, now and then while working.

        Raises Cancelled once the work is called off, and Overdue once the turn has taken as long as it may.
        """
        self.alive = time.monotonic()
        if self.cancelled:
            raise Cancelled("it was called off; nothing has changed")
        if self.begun is not None and self.alive - self.begun > self._line.seconds:
            minutes = round(self._line.seconds / 60)
            raise Overdue(f"it took longer than {minutes} minutes and was ended; try it with fewer pictures or classes")

    def watched(self) -> AbstractContextManager:
        """Check the turn between any two operations on tensors, in a block that has no steps of its own."""
        return Watch(self.check)

    def each(self, steps: Generator[Step, None, Result]) -> Generator[Step, None, Result]:
        """The same steps, each of them watched; they may be asked for by different threads."""
        try:
            while True:
                try:
                    with self.watched():
                        step = next(steps)
                except StopIteration as finished:
                    return finished.value
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
    """The line of all visitors: its first turn works, for `seconds` at most, and at most `waiting` stand behind it."""

    def __init__(self, waiting: int, *, seconds: float = float("inf")):
        self.seconds = seconds
        self._waiting, self._turns, self._open = waiting, list[Turn](), True
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, visitor: str) -> Iterator[Turn]:
        """Stand in line until the block ends. Raises LluError if the line is full or the visitor is in it already."""
        turn = Turn(visitor, self)
        with self._changed:
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
            with self._changed:
                if turn in self._turns:
                    self._turns.remove(turn)
                self._changed.notify_all()

    def ahead(self, turn: Turn, seconds: float) -> int:
        with self._changed:
            turn.check()
            self._drop_abandoned()
            if seconds and self._turns.index(turn):
                self._changed.wait(seconds)
                turn.check()
            index = self._turns.index(turn)
            if not index and turn.begun is None:
                turn.begun = time.monotonic()
            return index

    def cancel(self, visitor: str) -> bool:
        """Call off the visitor's work, waiting or running; whether there was any."""
        with self._changed:
            mine = [turn for turn in self._turns if turn.visitor == visitor]
            for turn in mine:
                turn.cancelled = True
            self._changed.notify_all()
        return bool(mine)

    def close(self, seconds: float) -> None:
        """Let nobody in any more, call off those who wait, and give the one that works so long to end."""
        with self._changed:
            self._open = False
            for turn in self._turns[1:]:
                turn.cancelled = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._turns, seconds)

    def call_off(self) -> None:
        """Call off whatever has not ended."""
        with self._changed:
            for turn in self._turns:
                turn.cancelled = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._turns)

    def _drop_abandoned(self) -> None:
        while self._turns and time.monotonic() - self._turns[0].alive > ABANDONED_SECONDS:
            self._turns.pop(0).cancelled = True
            self._changed.notify_all()
