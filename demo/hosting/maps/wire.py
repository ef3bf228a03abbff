"""Arrays on their way to the process that draws and back: two counts, then float32 rows; nothing is unpickled."""

import struct
from typing import IO

import numpy as np

_COUNTS = struct.Struct("<II")


def send(rows: np.ndarray, to: IO[bytes]) -> None:
    """Write rows (n, d)."""
    to.write(_COUNTS.pack(*rows.shape))
    to.write(np.ascontiguousarray(rows, dtype="<f4").tobytes())
    to.flush()


def receive(source: IO[bytes]) -> np.ndarray | None:
    """The next rows (n, d) float32; None where the other end has gone."""
    head = source.read(_COUNTS.size)
    if len(head) < _COUNTS.size:
        return None
    count, width = _COUNTS.unpack(head)
    data = source.read(4 * count * width)
    return None if len(data) < 4 * count * width else np.frombuffer(data, dtype="<f4").reshape(count, width)
