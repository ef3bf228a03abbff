"""An encoder that remembers for a while, in memory only: pictures of visitors must not outlive their visit for long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from demo.settings import MB
from llu_core.encoders.cache import RememberingEncoder
from llu_core.encoders.encoder import Encoder

MEMORY = 64 * MB
SECONDS = 900.0


class RecentRows:
    """Rows by key, bounded in bytes and age; the longest unused ones go first."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic):
        self._memory, self._seconds, self._clock = memory, seconds, clock
        self._rows: OrderedDict[bytes, tuple[float, np.ndarray]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Those that are known."""
        with self._lock:
            self._forget()
            known = {key: self._rows[key][1] for key in dict.fromkeys(keys) if key in self._rows}
            for key, row in known.items():
                self._keep(key, row)
        return known

    def add(self, rows: Mapping[bytes, np.ndarray]) -> None:
        """Remember rows (d,)."""
        with self._lock:
            for key, row in rows.items():
                self._keep(key, np.array(row))  # a view would hold its whole batch
            self._forget()

    def forget_old(self) -> None:
        with self._lock:
            self._forget()

    def __len__(self) -> int:
        return len(self._rows)

    def _keep(self, key: bytes, row: np.ndarray) -> None:
        self._rows[key] = (self._clock(), row)
        self._rows.move_to_end(key)

    def _forget(self) -> None:
        now = self._clock()
        while self._rows:
            used, row = next(iter(self._rows.values()))
            if now - used <= self._seconds and len(self._rows) * row.nbytes <= self._memory:
                return
            self._rows.popitem(last=False)


class RecentEncoder(RememberingEncoder):
    """Wraps any Encoder, and is one; what it was asked lately is not computed again."""

    def __init__(self, encoder: Encoder):
        self._recent = RecentRows(), RecentRows(MEMORY // 4)
        super().__init__(encoder, *self._recent)

    def forget_old(self) -> None:
        for rows in self._recent:
            rows.forget_old()
