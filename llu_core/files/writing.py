"""Writing files that are there whole or not at all."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO


def write_whole(path: Path, write: Callable[[IO[bytes]], object], *, to_disk: bool = False) -> None:
    """Give `path` the content that `write` puts into the file it is handed, opened for binary writing.

    The file is written beside `path` and then renamed, so whoever reads meanwhile, and whoever comes after a failure
    or a kill, finds the older file or the new one. A failure leaves nothing behind; a killed process leaves a hidden
    file that ends in ".partial". to_disk: the content is on the disk before it gets its name, so that this also holds
    when the machine goes down. Raises OSError where the folder cannot be written, and what `write` raises.
    """
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
