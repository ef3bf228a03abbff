"""An encoder that remembers for a while, in memory only: pictures of visitors must not outlive their visit for long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image

from demo.settings import MB
from llu_core.encoders.cache import WrappedEncoder, image_key, text_key
from llu_core.encoders.encoder import Encoder

MEMORY = 64 * MB
SECONDS = 900.0


class RecentRows:
    """Rows by key, bounded in bytes and age; the longest unused ones go first."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic):
        self._memory, self._seconds, self._clock = memory, seconds, clock
        self._rows: OrderedDict[bytes, tuple[float, torch.Tensor]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, torch.Tensor]:
        """Those that are known."""
        with self._lock:
            self._forget()
            known = {key: self._rows[key][1] for key in dict.fromkeys(keys) if key in self._rows}
            for key, row in known.items():
                self._keep(key, row)
        return known

    def add(self, rows: dict[bytes, torch.Tensor]) -> None:
        with self._lock:
            for key, row in rows.items():
                self._keep(key, row.clone())  # a view would hold its whole batch
            self._forget()

    def forget_old(self) -> None:
        with self._lock:
            self._forget()

    def __len__(self) -> int:
        return len(self._rows)

    def _keep(self, key: bytes, row: torch.Tensor) -> None:
        self._rows[key] = (self._clock(), row)
        self._rows.move_to_end(key)

    def _forget(self) -> None:
        now = self._clock()
        while self._rows:
            used, row = next(iter(self._rows.values()))
            if now - used <= self._seconds and len(self._rows) * row.nbytes <= self._memory:
                return
            self._rows.popitem(last=False)


class RecentEncoder(WrappedEncoder):
    """Wraps any Encoder, and is one; what it was asked lately is not computed again."""

    def __init__(self, encoder: Encoder):
        super().__init__(encoder)
        self._images, self._texts = RecentRows(), RecentRows(MEMORY // 4)

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows, in the order given; only images not seen lately are encoded."""
        return self._recall(self._images, images, image_key, self.encoder.encode_images)

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows, in the order given; only texts not seen lately are encoded."""
        return self._recall(self._texts, texts, text_key, self.encoder.encode_texts)

    def forget_old(self) -> None:
        for rows in (self._images, self._texts):
            rows.forget_old()

    def _recall(
        self,
        rows: RecentRows,
        inputs: Sequence[Any],
        key_of: Callable[[Any], bytes],
        encode: Callable[[list], torch.Tensor],
    ) -> torch.Tensor:
        keys = [key_of(item) for item in inputs]
        known = rows.get(keys)
        missing = {key: item for key, item in zip(keys, inputs, strict=True) if key not in known}
        if missing:
            new = dict(zip(missing, encode(list(missing.values())), strict=True))
            rows.add(new)
            known |= new
        return torch.stack([known[key] for key in keys]) if keys else torch.empty(0, self.width)
