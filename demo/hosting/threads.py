"""Threads that have to end before the app does: torch takes the whole process down in one that ends with it."""

import threading
import time
from collections.abc import Iterable


def join_all(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait until all of them have ended, so long at most."""
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
