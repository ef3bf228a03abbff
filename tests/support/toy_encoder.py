"""A small deterministic encoder, so that most tests need no neural network."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

WIDTH = 16


@dataclass(frozen=True)
class ToyEncoder:
    """Images become random projections of their coarse pixels, texts random directions drawn by their hash."""

    identity: str = "toy 1"
    title: str = "Toy encoder"
    note: str = "Knows nothing."
    width: int = WIDTH
    logit_scale: float = 20.0

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        coarse = [np.asarray(image.convert("RGB").resize((4, 4), Image.Resampling.BOX)) for image in images]
        pixels = np.array(coarse, dtype=np.float64).reshape(len(images), 48) / 255 - 0.5
        projection = np.random.default_rng(0).standard_normal((48, WIDTH))
        return _unit(pixels @ projection)

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        rows = [np.random.default_rng(seed).standard_normal(WIDTH) for seed in seeds]
        return _unit(np.array(rows).reshape(len(texts), WIDTH))


def _unit(rows: np.ndarray) -> torch.Tensor:
    return F.normalize(torch.from_numpy(rows), dim=-1).float()


@dataclass(frozen=True)
class CountingEncoder(ToyEncoder):
    """A toy encoder that counts what it is asked to encode."""

    encoded: int = field(default=0, init=False)

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        object.__setattr__(self, "encoded", self.encoded + len(images))
        return super().encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        object.__setattr__(self, "encoded", self.encoded + len(texts))
        return super().encode_texts(texts)


def shards(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.safetensors"))
