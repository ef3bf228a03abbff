"""Temporary folders of this process alone: gone with it, and swept by age while it lives."""

import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

LOCK = ".lock"
KEPT_SECONDS = 600.0
"""A file that lies there for so long has been read, or its upload was broken off."""

_locks: list[int] = []
"""The open locks of this process's folders; the system lets go of them when the process ends, however it ends."""


def own_folder(prefix: str) -> tempfile.TemporaryDirectory:
    """A new folder; those of processes that were killed before they could delete theirs are deleted."""
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        _delete_if_left(left)
    folder = tempfile.TemporaryDirectory(prefix=prefix)
    _lock(Path(folder.name))
    return folder


def forget_old_files(folder: Path, seconds: float = KEPT_SECONDS) -> None:
    """Delete what nobody has written to for `seconds`, and folders that stay empty."""
    end = time.time() - seconds
    for root, folders, files in os.walk(folder, topdown=False):
        for name in files:
            if name != LOCK:
                _delete_if_older(Path(root, name), end)
        for name in folders:
            with suppress(OSError):  # it holds something, or somebody else was quicker
                if Path(root, name).stat().st_mtime < end:
                    Path(root, name).rmdir()


def _delete_if_older(file: Path, end: float) -> None:
    with suppress(OSError):
        if file.lstat().st_mtime < end:
            file.unlink()


def _lock(folder: Path) -> None:
    """The lock is held before its file has its name, so that nobody finds it free meanwhile."""
    if sys.platform == "win32":  # has no such locks; there nothing of other processes is deleted
        return
    import fcntl

    new = folder / f"{LOCK}.new"
    lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    new.rename(folder / LOCK)
    _locks.append(lock)


def _delete_if_left(folder: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    with suppress(OSError):  # it is another user's, or its process lives
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
