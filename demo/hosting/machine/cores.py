"""The cores that the app's threads work on: any of them, and one for all while many calls are under way.

Threads of Python work one at a time, and whoever works hands the lock on with every operation on tensors, a thousand
times in a training of milliseconds. To wake somebody on another core takes longer than such an operation: on one core
together, the calls of thirty visitors take two thirds of the processor's time (docs/speed.md). What works for long
without the lock, as a model does that reads pictures, goes on wherever there is room (`Cores.everywhere`).

Where the system does not let a program choose or does not tell its threads, which is everywhere but on Linux with its
/proc, threads are left alone.
"""

import ctypes
import os
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

TASKS = "/proc/self/task"
MANY, FEW = 4, 1
"""Threads come together on one core when so many calls are under way, and part again when so few are."""


class Cores:
    """Where the threads of this process work. cores: those that it may use, by number; all that it has if not given."""

    def __init__(self, cores: Collection[int] | None = None):
        self._all = frozenset(_own_cores() if cores is None else cores)
        # one that its holder may take again: a stream that nobody reads any more is closed wherever it is collected
        self._lock = threading.RLock()
        self._calls, self._together = 0, False
        self._one, self._roaming = frozenset[int](), set[int]()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count a call as under way until the block ends."""
        with self._lock:
            self._calls += 1
            if self._together:
                self._call_in({threading.get_native_id()})
            elif self._calls >= MANY and len(self._all) > 1:
                self._together, self._one = True, frozenset([_core_of_this_thread(self._all)])
                self._call_in(_threads() & _threads_of_python())  # of foreign ones, Python also lists those that ended
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if self._together and self._calls <= FEW:
                    self._together = False
                    for _ in range(2):  # one that is not free yet may begin another meanwhile, which is not free either
                        _place(_threads(), self._all)

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Let this thread, and those that compute for it, work on all cores until the block ends."""
        thread = threading.get_native_id()
        with self._lock:
            within_another = thread in self._roaming
            self._roaming.add(thread)
            if self._together and not within_another:
                _place({thread, *(_threads() - _threads_of_python())}, self._all)
        try:
            yield
        finally:
            with self._lock:
                if not within_another:
                    self._roaming.discard(thread)
                    if self._together:
                        self._call_in({thread})

    def forked(self) -> None:
        """Begin anew in a copy of this process, which has one thread and no calls."""
        if self._together:
            _place({threading.get_native_id()}, self._all)
        self.__init__(self._all)

    def _call_in(self, threads: set[int]) -> None:
        _place(threads - self._roaming, self._one)
        if not self._together:  # streams were collected meanwhile, and few calls are left
            _place(threads, self._all)


def _own_cores() -> Collection[int]:
    """Those that the system gives this process; none where threads are left alone."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") and os.path.isdir(TASKS) else ()


def _core_of_this_thread(cores: frozenset[int]) -> int:
    """Where the system has put this thread, which is where there was room."""
    with suppress(OSError, AttributeError):
        here = ctypes.CDLL(None).sched_getcpu()
        if here in cores:
            return here
    return min(cores)


def _threads() -> set[int]:
    """All threads of this process, with those of libraries; where no more files can be opened, those of Python."""
    with suppress(OSError):
        return set(map(int, os.listdir(TASKS)))
    return _threads_of_python()


def _threads_of_python() -> set[int]:
    return {thread.native_id for thread in threading.enumerate() if thread.native_id is not None}


def _place(threads: Iterable[int], cores: frozenset[int]) -> None:
    for thread in threads:
        with suppress(OSError):  # it may have ended meanwhile
            os.sched_setaffinity(thread, cores)


CORES = Cores()
"""Those of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CORES.forked)
