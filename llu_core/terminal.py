"""What commands print: in whatever encoding a terminal or pipe has, and whether or not anybody is left to read it."""

import contextlib
import errno
import io
import os
import sys
from typing import TextIO

from llu_core.errors import shown


def prepare() -> None:
    """Make the standard streams of this process fit for any text.

    A character that an encoding lacks is replaced. A stream that was closed leads nowhere from now on: otherwise the
    next file that is opened would take its number, and whatever is printed would be written into that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = sys.stdout or _opened(1)
    sys.stderr = sys.stderr or _opened(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """Print what was asked for on standard output, line by line fit for print."""
    _print(text, sys.stdout)


def remark(text: str) -> None:
    """Print what else a user should know, errors among it, on standard error."""
    _print(text, sys.stderr)


def finish() -> str:
    """Write out what standard output and error still hold; why answers were lost on the way, "" if none were.

    A reader that left, as `head` does when it has enough, has lost nothing.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            _lead_nowhere(stream, error)
    return _lost.pop() if _lost else ""


_lost: list[str] = []


def _opened(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", closefd=False)


def _print(text: str, stream: TextIO) -> None:
    try:
        print("\n".join(map(shown, text.split("\n"))), file=stream, flush=True)
    except (OSError, ValueError) as error:
        _lead_nowhere(stream, error)


def _lead_nowhere(stream: TextIO, error: Exception) -> None:
    """Send what is still to be printed there to nobody, so that the work goes on to the files that it writes."""
    if stream is sys.stdout and getattr(error, "errno", None) not in (errno.EPIPE, None):
        _lost[:] = [getattr(error, "strerror", "") or str(error)]
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
