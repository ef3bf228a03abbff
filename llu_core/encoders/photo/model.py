"""The embedded model for photographs, as an encoder takes it: pixels and word vectors in, rows of one space out."""

from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from llu_core.encoders.model_table import ASSETS
from llu_core.encoders.photo.parts import FEATURES, SIDE, WORD_WIDTH, load_tower
from llu_core.errors import LluError, one_line

COEFFICIENTS = ASSETS / "photo" / "coefficients.safetensors"
WIDTH, LOGIT_SCALE, SHARPNESS = 512, 30.0, 4.0
"""d, s, and how fast a known text's influence on another falls with 1 - cosine of their word vectors."""

PREPROCESSING = {
    "size": SIDE, "mode": "RGB", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "interpolation": "bicubic",
    "resize_mode": "shortest edge to 256, centre",
}  # fmt: skip
"""What is done to a picture, in open_clip's words; the tower was trained to see the middle 7/8 of it."""


class ImageTower(nn.Module):
    """Pictures' features, along the directions in which the 1,000 classes differ."""

    preprocess_cfg = PREPROCESSING
    projection: Tensor

    def __init__(self, projection: Tensor):
        """projection: (WIDTH, FEATURES)."""
        super().__init__()
        self.tower = load_tower()
        self.tower.reset_classifier(0)
        self.register_buffer("projection", projection)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, SIDE, SIDE) -> (n, WIDTH)."""
        return F.linear(self.tower(pixels), self.projection)


class PhotoModel(nn.Module):
    """What an encoder asks of a model: `encode_image`, `encode_text`, `visual`, `logit_scale`."""

    words: Tensor
    answers: Tensor

    def __init__(self, coefficients: dict[str, Tensor]):
        """projection: (WIDTH, FEATURES); words: (m, WORD_WIDTH), known texts; answers: (m, WIDTH), their weights."""
        super().__init__()
        self.visual = ImageTower(coefficients["projection"])
        self.register_buffer("words", coefficients["words"])
        self.register_buffer("answers", coefficients["answers"])
        self.register_buffer("logit_scale", torch.tensor(LOGIT_SCALE).log())

    def encode_image(self, pixels: Tensor) -> Tensor:
        """(n, 3, SIDE, SIDE) -> (n, WIDTH)."""
        return self.visual(pixels)

    def encode_text(self, words: Tensor) -> Tensor:
        """Unit rows (n, WORD_WIDTH) -> (n, WIDTH)."""
        return kernel(words, self.words) @ self.answers


def kernel(words: Tensor, others: Tensor) -> Tensor:
    """(n, m): how much texts (n, WORD_WIDTH) have to do with others (m, WORD_WIDTH), at most 1."""
    return torch.exp(SHARPNESS * (words @ others.mT - 1))


def load_photo_model() -> PhotoModel:
    """Raises LluError, with the reason only, where a part of it is missing or another one."""
    try:
        coefficients = {name: values.float() for name, values in load_file(COEFFICIENTS).items()}
    except (OSError, SafetensorError) as error:
        raise LluError(f"{COEFFICIENTS} cannot be read ({one_line(error)})") from error
    known = len(coefficients.get("words", ()))
    shapes = {"projection": (WIDTH, FEATURES), "words": (known, WORD_WIDTH), "answers": (known, WIDTH)}
    if {name: tuple(values.shape) for name, values in coefficients.items()} != shapes or not known:
        raise LluError(f"{COEFFICIENTS} does not hold the coefficients of this version")
    return PhotoModel(coefficients).float().eval().requires_grad_(False)


def preprocessing() -> Any:
    """A picture in RGB -> (3, SIDE, SIDE)."""
    from timm.data import create_transform

    return create_transform(
        (3, SIDE, SIDE), interpolation="bicubic", mean=PREPROCESSING["mean"], std=PREPROCESSING["std"], crop_pct=0.875
    )
