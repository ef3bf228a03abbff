"""Writing files that are there whole or not at all, and sweeping away what killed processes left half-written."""

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

ABANDONED_SECONDS = 3600.0
"""A half-written file or folder that nobody has touched for so long belongs to a process that was killed."""

_FILE, _FOLDER = re.compile(r"\.[0-9a-f]{32}\.partial"), re.compile(r"\.part-[a-z0-9_]{8}")


def write_whole(path: Path, write: Callable[[IO[bytes]], object], *, to_disk: bool = False) -> None:
    """Give `path` the content that `write` puts into the file it is handed, opened for binary writing.

    The file is written beside `path` and then renamed, so whoever reads meanwhile, and whoever comes after a failure
    or a kill, finds the older file or the new one. A failure leaves nothing behind; a killed process leaves a hidden
    file that ends in ".partial", which a later process that writes there sweeps away. to_disk: the content is on the
    disk before it gets its name, so that this also holds when the machine goes down. Of a link, the file that it
    leads to is replaced; a pipe or a device is written to as it is. Raises OSError where the folder cannot be
    written, and what `write` raises.
    """
    if opened := _opened_as_it_is(path):
        with opened:
            write(opened)
        return
    path = Path(os.path.realpath(path))
    _sweep(path.parent)
    beside = path.with_name(f".{uuid.uuid4().hex}.partial")  # a name of its own: many processes may write one file
    try:
        with beside.open("wb") as file:
            write(file)
            if to_disk:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Give `path` this text in UTF-8, whole; what is no valid text, half a character say, becomes a question mark."""
    content = text.encode("utf-8", errors="replace")
    write_whole(path, lambda file: file.write(content))


@contextlib.contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder` for files in the making, deleted in the end, by a later process after a kill."""
    _sweep(folder)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as made:
        yield Path(made)


@contextlib.contextmanager
def taking_turns(folder: Path) -> Iterator[None]:
    """Whoever else does this with `folder` waits meanwhile, threads and processes, where the system has locks."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):  # a network's folder may have no locks: then as if alone
            import fcntl  # which Windows lacks

            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _opened_as_it_is(path: Path) -> IO[bytes] | None:
    """What `path` leads to, opened, if it is there but no file that another could take the place of; otherwise None.

    That is a pipe, a device, and, also where it is a file, what this process has open as standard output: what it
    prints and what is written here then stand one after the other.
    """
    if not path.exists():
        return None
    facts = path.stat()
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        with contextlib.suppress(OSError):
            if os.path.samestat(facts, os.fstat(descriptor)):
                if stream is not None:  # it is where this process was started without one
                    stream.flush()
                return os.fdopen(os.dup(descriptor), "wb")
    opened_elsewhere = os.path.realpath(path.parent).startswith("/proc/")  # /dev/fd/3
    return None if path.is_file() and not opened_elsewhere else path.open("ab")


def _sweep(folder: Path) -> None:
    """Delete what killed processes left in `folder` long ago."""
    oldest = time.time() - ABANDONED_SECONDS
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):
            is_folder = entry.is_dir(follow_symlinks=False)
            ours = (_FOLDER if is_folder else _FILE).fullmatch(entry.name)
            if not ours or entry.stat(follow_symlinks=False).st_mtime > oldest:
                continue
            if is_folder:
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
