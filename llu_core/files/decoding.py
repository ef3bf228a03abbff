"""What decodes that run at the same time share: the warnings of the process, and memory."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class Silence:
    """No warnings while anybody decodes.

    Warning filters belong to the process: the first who comes changes them and the last who leaves restores them, so
    that nobody waits for anybody.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._filters = warnings.catch_warnings()

    @contextmanager
    def kept(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._filters.__exit__(None, None, None)


class PixelMemory:
    """Bounds the pixels that are decoded at the same time; small pictures neither count nor wait.

    most: in all; a picture of more waits until it is alone. small: of a picture that takes no part.
    """

    def __init__(self, most: int, small: int = 2_000_000):
        self._most, self._small, self._taken = most, small, 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until a picture of so many pixels has room, and keep it for the picture."""
        if pixels <= self._small:
            yield
            return
        pixels = min(pixels, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._taken + pixels <= self._most)
            self._taken += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()
