"""How many threads a training is worth."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController
from torch import Tensor

SMALL = 2**18
"""Entries of embeddings, of 16 shots of 30 classes in 512 dimensions, say: below, a second thread gains little."""


@contextmanager
def threads_for(entries: int) -> Iterator[None]:
    """One thread of OpenMP, for this thread alone, where so few entries are trained on.

    Threads meet at the end of every operation. Where something else has the processors they wait for each other there,
    several hundred times in a training of milliseconds, which then takes ten times as long.
    """
    if entries >= SMALL:
        yield
        return
    with _controller().limit(limits=1, user_api="openmp"):
        yield


def begun(work: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """`work`, which is under way from now on, in a thread of its own and on one core, where more would wait for each
    other longer than it takes; to be called for what comes of it."""
    return _aside().submit(work).result


@cache
def _aside() -> ThreadPoolExecutor:
    """Threads that stay, since a new one has to set up its libraries first."""
    return ThreadPoolExecutor(initializer=lambda: _controller().limit(limits=1, user_api="openmp"))


@cache
def _controller() -> ThreadpoolController:
    """What torch loaded; to look for it takes longer than a training."""
    return ThreadpoolController()
