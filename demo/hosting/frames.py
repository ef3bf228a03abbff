"""Whose live frame is answered: frames come several a second from every visitor who has a webcam on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from demo.hosting.gate.tally import Tally
from llu_core.errors import LluError

WAIT_SECONDS = 0.5
SECOND = 1.0


class Busy(LluError):
    """The frame is not answered, and a later one may be."""


class Frames:
    """One frame of a visitor at a time, `a_second` of them, and one of all visitors together: a frame takes every core
    for a moment. Who is too early or waited in vain is told at once, and comes again with a newer frame; so nothing
    piles up, and all other work goes on beside.
    """

    def __init__(self, a_second: int):
        self._spent = Tally(a_second, SECOND)
        self._answered = set[str]()
        self._lock, self._seat = threading.Lock(), threading.Semaphore()

    @contextmanager
    def turn(self, visitor: str) -> Iterator[None]:
        """The turn of a visitor's frame; raises Busy where there is none for it."""
        with self._lock:
            if visitor in self._answered or not self._spent.spend(visitor, 1):
                raise Busy("frames come faster than they are answered")
            self._answered.add(visitor)
        try:
            if not self._seat.acquire(timeout=WAIT_SECONDS):
                raise Busy("the frames of other visitors are answered first")
            try:
                yield
            finally:
                self._seat.release()
        finally:
            with self._lock:
                self._answered.discard(visitor)
