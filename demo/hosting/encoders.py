"""The encoders that visitors share: each is loaded once, and a few are kept."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from demo.hosting.gpu import is_zero_gpu, with_borrowed_gpu
from demo.hosting.recent import RecentEncoder
from demo.settings import EMBEDDED
from llu_core.encoders.encoder import Encoder, OpenClipEncoder
from llu_core.errors import LluError

MAX_ENCODERS = 3


def load_encoder(name: str, checkpoint: str | None = None) -> Encoder:
    """An encoder that remembers for a while; raises LluError if its weights cannot be had."""
    device = "cpu" if is_zero_gpu() else None
    return RecentEncoder(with_borrowed_gpu(OpenClipEncoder.load(name, checkpoint=checkpoint, device=device)))


def embedded_later() -> Encoder:
    """The embedded model, which is always there and so need not be loaded before it is needed."""
    if is_zero_gpu():  # models must be there when the program starts
        return load_encoder(EMBEDDED)
    return cast("Encoder", LaterEncoder(lambda: load_encoder(EMBEDDED)))


class LaterEncoder:
    """An encoder that is loaded, once, when anything about it is first asked."""

    def __init__(self, load: Callable[[], Encoder]):
        self._load, self._lock = load, threading.Lock()
        self._loaded: Encoder | None = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
        return getattr(self._loaded, name)


class EncoderShelf:
    """Encoders by name; a failed load leaves the shelf as it was.

    The first one stays; of further ones the longest unused go, and live on only with the visitors who work with them.
    open: whether visitors may load other models than the first.
    """

    def __init__(self, name: str, encoder: Encoder, *, open: bool = True):
        self._first, self._open = name, open
        self._encoders: OrderedDict[str, Encoder] = OrderedDict({name: encoder})
        self._lock = threading.Lock()

    def load(self, name: str, checkpoint: str | None = None) -> Encoder:
        """The encoder of that name, loaded if need be; raises LluError if its weights cannot be had."""
        key = f"{name}@{checkpoint}" if checkpoint else name
        if not self._open and key != self._first:
            raise LluError(f"this page works with {self._first} only; run the app yourself for other models")
        with self._lock:
            if key not in self._encoders:
                self._encoders[key] = load_encoder(name, checkpoint)
            self._encoders.move_to_end(key)
            while len(self._encoders) > MAX_ENCODERS:
                del self._encoders[next(other for other in self._encoders if other != self._first)]
            return self._encoders[key]

    def forget_old(self) -> None:
        """Drop embeddings that nobody has asked for lately."""
        for encoder in list(self._encoders.values()):
            if isinstance(encoder, RecentEncoder | LaterEncoder):
                encoder.forget_old()
