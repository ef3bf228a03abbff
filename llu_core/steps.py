"""Work that comes in steps: a generator that yields its progress and returns its result."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Step = TypeVar("Step")
Result = TypeVar("Result")


def drain(steps: Generator[Step, None, Result], each: Callable[[Step], Any] | None = None) -> Result:
    """Run `steps` to the end and return its result; `each` is told every step."""
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            return finished.value
        if each is not None:
            each(step)


def one_ahead(items: Iterable[Step]) -> Iterator[Step]:
    """The same items, each made by a thread while the caller still works on the one before; never more than one ahead.

    What making an item raises is raised where that item would have come.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="one-ahead") as maker:
        coming = maker.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = maker.submit(next, source, end)
            yield item  # pyright: ignore[reportReturnType]
