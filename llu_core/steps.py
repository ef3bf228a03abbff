"""Work that comes in steps: a generator that yields its progress and returns its result."""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any, TypeVar

Step = TypeVar("Step")
Changed = TypeVar("Changed")
Result = TypeVar("Result")
Told = Callable[[int, int], None]
"""Told how much is done, and of how much."""


def drain(steps: Generator[Step, None, Result], each: Callable[[Step], Any] | None = None) -> Result:
    """Run `steps` to the end and return its result; `each` is told every step."""
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            return finished.value
        if each is not None:
            each(step)


def relay(
    steps: Generator[Step, None, Result], change: Callable[[Step], Changed | None]
) -> Generator[Changed, None, Result]:
    """Run `steps`, yield what `change` makes of each of them, and return their result.

    `change` is called with every step; where it gives None, that step is not handed on. What it raises ends the steps,
    and so does closing.
    """
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as finished:
                return finished.value
            changed = change(step)
            if changed is not None:
                yield changed


def counted(work: Callable[[Told], Result], every: float = 0.25) -> Generator[tuple[int, int], None, Result]:
    """Run `work` in a thread and yield how far it told to be, (done, total), every so many seconds; returns its result.

    What it raises is raised. Where the generator is closed, the work ends the next time that it tells how far it is.
    """
    latest, left = [(0, 0)], threading.Event()

    def told(done: int, total: int) -> None:
        latest[0] = (done, total)
        if left.is_set():
            raise InterruptedError("nobody waits for it any more")

    with ThreadPoolExecutor(1, thread_name_prefix="counted") as worker:
        coming = worker.submit(work, told)
        try:
            while not wait([coming], every).done:
                yield latest[0]
            return coming.result()
        finally:
            left.set()


def one_ahead(items: Iterable[Step]) -> Generator[Step, None, None]:
    """The same items, each made by a thread while the caller still works on the one before; never more than one ahead.

    What making an item raises is raised where that item would have come.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="one-ahead") as maker:
        coming = maker.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = maker.submit(next, source, end)
            yield item  # pyright: ignore[reportReturnType]
