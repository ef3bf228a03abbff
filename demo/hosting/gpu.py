"""ZeroGPU of Hugging Face Spaces: a GPU that a function borrows, in another process, for the time of one call.

There, the program itself never touches CUDA: what runs on the GPU takes and returns CPU tensors and plain values. The
`spaces` package is there on Spaces only; everywhere else a function is what it was.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import torch

from llu_core.encoders.cache import WrappedEncoder
from llu_core.encoders.encoder import Encoder, OpenClipEncoder

SECONDS = 10
"""The GPU is asked for so long; a visitor's share is counted by it."""
WORTH_IT = 16
"""So many inputs are worth a GPU; the borrowing itself takes longer than fewer take on the CPU."""


def is_zero_gpu() -> bool:
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")


def borrowing(fn: Callable) -> Callable:
    """`fn` with a GPU, where there is one to borrow."""
    if not is_zero_gpu():
        return fn
    import spaces  # pyright: ignore[reportMissingImports]

    return spaces.GPU(duration=SECONDS)(fn)


_lent: dict[str, OpenClipEncoder] = {}
"""The encoders by identity: the process that has the GPU is a copy of this one, so that a name says enough there."""


def _encode(identity: str, kind: str, inputs: list[Any]) -> torch.Tensor:
    """(n, d) on the CPU; inputs are pictures or texts, as `kind` says: "images" or "texts"."""
    encoder = _lent[identity]
    if torch.cuda.is_available():
        encoder = encoder.on("cuda")
    return getattr(encoder, f"encode_{kind}")(inputs).cpu()


_encode_on_gpu = borrowing(_encode)


class BorrowingEncoder(WrappedEncoder):
    """Wraps an encoder that lies on the CPU; what is much to do is done on a borrowed GPU."""

    def __init__(self, encoder: OpenClipEncoder):
        super().__init__(encoder)
        _lent[encoder.identity] = encoder

    def encode_images(self, images: Sequence[Any]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given."""
        return self._encode("images", list(images))

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given."""
        return self._encode("texts", list(texts))

    def _encode(self, kind: str, inputs: list[Any]) -> torch.Tensor:
        if len(inputs) < WORTH_IT:
            return getattr(self.encoder, f"encode_{kind}")(inputs)
        return _encode_on_gpu(self.identity, kind, inputs)


def at_home(encoder: Encoder) -> Encoder:
    """The same encoder without borrowing, for work that no visitor has asked for: a GPU is lent to a request only."""
    inner = getattr(encoder, "encoder", encoder)
    return inner.encoder if isinstance(inner, BorrowingEncoder) else encoder


def with_borrowed_gpu(encoder: OpenClipEncoder) -> Encoder:
    """The encoder as it is, or one that borrows a GPU where Spaces lend it."""
    return BorrowingEncoder(encoder) if is_zero_gpu() else encoder
