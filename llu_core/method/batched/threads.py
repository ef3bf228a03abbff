"""How many threads a training on a processor is worth."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

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


@cache
def _controller() -> ThreadpoolController:
    """What torch loaded; to look for it takes longer than a training."""
    return ThreadpoolController()
