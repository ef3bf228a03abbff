"""Work that comes in steps: a generator that yields its progress and returns its result."""

from collections.abc import Callable, Generator
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
