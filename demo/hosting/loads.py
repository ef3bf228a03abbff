"""Models on their way: each comes once for all who wait for it, and is called off when the last of them has gone."""

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from weakref import WeakSet

from demo.hosting.line import Cancelled, Turn
from demo.hosting.machine.threads import join_all
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.hub import BEAT_SECONDS, LoadingStep
from llu_core.errors import LluError
from llu_core.steps import drain

MAX_LOADS = 3
"""So many models are on their way at once; each takes the memory that it will need."""

LAST_SECONDS = 20.0
"""Those that are on their way when the app ends may take so long to notice."""

Steps = Generator[LoadingStep, None, Encoder]


@dataclass(eq=False)
class Visit:
    """A visitor's wait for a model; turn: the one in which the set is read with it, once it has come so far."""

    cancelled: bool = False
    turn: Turn | None = None

    def check(self) -> None:
        """Raise Cancelled once the visitor wants it no more."""
        if self.cancelled:
            raise Cancelled("it was called off; nothing has changed")


@dataclass(eq=False)
class _Load:
    step: LoadingStep = field(default_factory=lambda: LoadingStep("Downloading"))
    waiting: set[Visit] = field(default_factory=set)
    outcome: Future[Encoder] = field(default_factory=Future)

    def told(self, step: LoadingStep) -> None:
        if not self.waiting:
            raise Cancelled("nobody waits for it any more")
        self.step = step


class Loads:
    """The models on their way, by what they are asked for with, and the visitors who wait for them."""

    def __init__(self) -> None:
        self._loads: dict[str, _Load] = {}
        self._visits: dict[str, Visit] = {}
        # one that its holder may take again: a wait that nobody reads any more is left wherever it is collected
        self._lock, self._threads = threading.RLock(), WeakSet[threading.Thread]()

    @contextmanager
    def visit(self, visitor: str) -> Iterator[Visit]:
        """Wait for a model until the block ends. Raises LluError if the visitor waits for one already."""
        visit = Visit()
        with self._lock:
            if visitor in self._visits:
                raise LluError("your last model is still being loaded; wait for it, or cancel it")
            self._visits[visitor] = visit
        try:
            yield visit
        finally:
            self._leave(visit)
            with self._lock:
                if self._visits.get(visitor) is visit:
                    del self._visits[visitor]

    def cancel(self, visitor: str) -> bool:
        """The visitor wants the model no more; whether there was one."""
        with self._lock:
            visit = self._visits.pop(visitor, None)
        if visit is not None:
            visit.cancelled = True
            if visit.turn is not None:
                visit.turn.cancelled = True
            self._leave(visit)
        return visit is not None

    def close(self, seconds: float = LAST_SECONDS) -> None:
        """The app ends: nobody waits any more, and what loads has so long to notice."""
        for visitor in list(self._visits):
            self.cancel(visitor)
        join_all(list(self._threads), seconds)

    def steps(self, key: str, start: Callable[[], Steps], visit: Visit) -> Steps:
        """How far the model of that key is, beginning with `start()` where nobody waits for it yet; ends with it.

        Raises LluError if too many others are on their way, Cancelled, and what loading it raises.
        """
        load = self._joined(key, start, visit)
        try:
            while not load.outcome.done():
                visit.check()
                yield load.step
                wait([load.outcome], BEAT_SECONDS)
            visit.check()
            return load.outcome.result()
        finally:
            self._leave(visit)

    def _joined(self, key: str, start: Callable[[], Steps], visit: Visit) -> _Load:
        with self._lock:
            load = self._loads.get(key)
            if load is None:
                if len(self._loads) >= MAX_LOADS:
                    raise LluError(f"{MAX_LOADS} other models are being loaded; try again in a few minutes")
                load = self._loads[key] = _Load(waiting={visit})
                thread = threading.Thread(target=self._run, args=(key, load, start), name="load", daemon=True)
                self._threads.add(thread)
                thread.start()
            load.waiting.add(visit)
        return load

    def _run(self, key: str, load: _Load, start: Callable[[], Steps]) -> None:
        try:
            with closing(start()) as steps:
                load.outcome.set_result(drain(steps, load.told))
        except BaseException as error:
            load.outcome.set_exception(error)
        finally:
            self._forget(key, load)

    def _leave(self, visit: Visit) -> None:
        with self._lock:
            for key, load in list(self._loads.items()):
                load.waiting.discard(visit)
                if not load.waiting:  # whoever asks for it now begins anew
                    self._forget(key, load)

    def _forget(self, key: str, load: _Load) -> None:
        with self._lock:
            if self._loads.get(key) is load:
                del self._loads[key]
