"""Threads that stand back, and those that have to end before the app does."""

import os
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

BEHIND = 5
"""The niceness of work that stands back: of a core that others want it gets a quarter. It holds Python's lock now and
then, and were it to get less, the others would wait for it."""


def stand_back() -> None:
    """Let this thread, for the rest of its life, work behind those that answer, where the system has and allows it."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a service may be denied it
            os.setpriority(os.PRIO_PROCESS, thread, max(BEHIND, os.getpriority(os.PRIO_PROCESS, thread)))


def join_all(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait until all of them have ended, so long at most: an end that finds one within torch takes the process down."""
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
