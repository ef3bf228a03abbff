"""Memory that was taken for a while, given back to the machine."""

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Let the system have what the C library keeps for later, where it is one that can be told to."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
