"""The encoders that visitors share: each is loaded once, a few are kept, and they remember for a while.

They remember in memory only: pictures of visitors must not outlive their visit for long.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image

from demo.hosting.gpu import is_zero_gpu, with_borrowed_gpu
from demo.hosting.loads import LAST_SECONDS, Loads, Visit
from demo.hosting.machine.cores import CORES
from demo.hosting.shipped.models import shipped_facts, shipped_rows
from demo.session.readers import LaterEncoder, loading_steps
from demo.settings import MB
from llu_core.encoders.cache import RememberingEncoder
from llu_core.encoders.download_bar import loaded_with_bar
from llu_core.encoders.encoder import Encoder, OpenClipEncoder
from llu_core.encoders.hub import LoadingStep
from llu_core.errors import LluError
from llu_core.steps import drain

MAX_ENCODERS = 3
REMEMBERED_BYTES, REMEMBERED_SECONDS = 64 * MB, 900.0


class HostedEncoder(OpenClipEncoder):
    """Reads on all cores, however many visitors are there."""

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        with CORES.everywhere():
            return super().encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        with CORES.everywhere():
            return super().encode_texts(texts)


def load_encoder(name: str, checkpoint: str | None = None) -> Encoder:
    """An encoder that remembers for a while; raises LluError if its weights cannot be had."""
    return loaded_with_bar(encoder_steps(name, checkpoint), name)


def encoder_steps(name: str, checkpoint: str | None = None) -> Generator[LoadingStep, None, Encoder]:
    """What `load_encoder` does, step by step; closing the generator ends a download."""
    device = "cpu" if is_zero_gpu() else None
    encoder = yield from HostedEncoder.load_steps(name, checkpoint=checkpoint, device=device)
    return RecentEncoder(with_borrowed_gpu(encoder))


def embedded_encoder(name: str) -> Encoder:
    """An embedded model, which is always there and so need not be loaded before it is needed."""
    facts = shipped_facts(name)
    if facts is None or is_zero_gpu():  # models must be there when the program starts
        return load_encoder(name)
    return RecentEncoder(LaterEncoder(facts, lambda: HostedEncoder.load(name), shipped_rows(facts.identity)))


class SharedEncoders:
    """Encoders by name; a failed load leaves them as they were.

    The first ones stay; of further ones the longest unused go, and live on only with the visitors who work with them.
    open: whether visitors may load other models than the first ones; loads: those that are on their way.
    """

    def __init__(self, encoders: Mapping[str, Encoder], *, open: bool = True):
        self._first, self._open = tuple(encoders), open
        self.loads = Loads()
        self._encoders = OrderedDict(encoders)
        self._lock, self._closed = threading.Lock(), False
        self._ahead: threading.Thread | None = None

    def require_open(self, name: str, checkpoint: str | None = None) -> None:
        """Raise LluError for a model that visitors may not load."""
        if not self._open and _key(name, checkpoint) not in self._first:
            raise LluError(f"this page works with {' and '.join(self._first)} only; run the app yourself for others")

    def load_steps(self, name: str, checkpoint: str | None, visit: Visit) -> Generator[LoadingStep, None, Encoder]:
        """The encoder of that name, loaded if need be, once for all who wait for it.

        Raises LluError if its weights cannot be had, or visitors may not have them.
        """
        self.require_open(name, checkpoint)
        key = _key(name, checkpoint)

        def start() -> Generator[LoadingStep, None, Encoder]:
            known = self._known(key)  # somebody else's may have come just now
            return known or self._added(key, (yield from encoder_steps(name, checkpoint)))

        encoder = self._known(key) or (yield from self.loads.steps(key, start, visit))
        yield from loading_steps(encoder)
        return encoder

    def load_ahead(self) -> None:
        """Load in the background, once, what was left for later: somebody is about to need it."""
        with self._lock:
            if self._ahead is None and not self._closed:
                self._ahead = threading.Thread(target=self._load_all, name="load ahead", daemon=True)
                self._ahead.start()

    def _load_all(self) -> None:
        for encoder in list(self._encoders.values()):
            if not self._closed:
                with suppress(LluError):  # which whoever needs that model is told
                    drain(loading_steps(encoder))

    def _known(self, key: str) -> Encoder | None:
        with self._lock:
            if key in self._encoders:
                self._encoders.move_to_end(key)
            return self._encoders.get(key)

    def _added(self, key: str, encoder: Encoder) -> Encoder:
        with self._lock:
            self._encoders[key] = encoder
            while len(self._encoders) > MAX_ENCODERS:
                del self._encoders[next(other for other in self._encoders if other not in self._first)]
        return encoder

    def close(self) -> None:
        """The app ends; nothing is loaded any more, and what is half loaded has come by then."""
        with self._lock:
            self._closed = True
        self.loads.close()
        if self._ahead is not None:
            self._ahead.join(LAST_SECONDS)

    def forget_old(self) -> None:
        """Drop embeddings that nobody has asked for lately."""
        for encoder in list(self._encoders.values()):
            if isinstance(encoder, RecentEncoder):
                encoder.forget_old()


def _key(name: str, checkpoint: str | None) -> str:
    return f"{name}@{checkpoint}" if checkpoint else name


class RecentEncoder(RememberingEncoder):
    """Wraps any Encoder, and is one; neither what it was asked lately nor what comes with the app is computed again."""

    def __init__(self, encoder: Encoder):
        shipped = shipped_rows(encoder.identity)
        self._recent = RecentRows(shipped=shipped), RecentRows(REMEMBERED_BYTES // 4, shipped=shipped)
        super().__init__(encoder, *self._recent)

    def forget_old(self) -> None:
        for rows in self._recent:
            rows.forget_old()


class RecentRows:
    """Rows by key, bounded in bytes and age; the longest unused ones go first. shipped: others, which stay."""

    def __init__(
        self,
        memory: int = REMEMBERED_BYTES,
        seconds: float = REMEMBERED_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        shipped: Mapping[bytes, np.ndarray] = MappingProxyType({}),
    ):
        self._shipped = shipped
        self._memory, self._seconds, self._clock = memory, seconds, clock
        self._rows: OrderedDict[bytes, tuple[float, np.ndarray]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The rows of the keys that are known."""
        with self._lock:
            self._forget()
            known = {key: self._rows[key][1] for key in dict.fromkeys(keys) if key in self._rows}
            for key, row in known.items():
                self._keep(key, row)
        return known | {key: self._shipped[key] for key in keys if key in self._shipped}

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
