"""What a model sees of a picture, cut out before it is enlarged: a thin picture costs no more than any other.

open_clip and timm enlarge the whole picture until its shorter side fits, and then keep the middle. Here the same filter
is asked for the middle alone where the rest is large: its pixels are the same but for a rounding, the rest is not made.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

Preprocess = Callable[[Image.Image], torch.Tensor]
SizeOf = Callable[[int, int], tuple[int, int]]
"""(width, height) of a picture -> those that it is brought to."""

_REACH = 3
"""So many pixels beyond its place, of the coarser of the two pictures, are more than a bicubic filter looks at."""

_ORDINARY = 4
"""A picture that grows to at most so many times what is kept is made as ever, equal to the last bit."""


@dataclass(frozen=True)
class Middle:
    """Resizes a picture and keeps `width` x `height` pixels of its middle."""

    resized: SizeOf
    width: int
    height: int
    filter: Image.Resampling

    def __call__(self, image: Image.Image) -> Image.Image:
        wide, high = self.resized(*image.size)
        if wide * high <= _ORDINARY * self.width * self.height:
            x, y = _first(wide, self.width), _first(high, self.height)
            return image.resize((wide, high), self.filter).crop((x, y, x + self.width, y + self.height))
        x, left, right, end_x = _span(image.width, wide, self.width)
        y, top, bottom, end_y = _span(image.height, high, self.height)
        # Pillow holds a box in single precision, which far from the corner says too little: so it is near one.
        around = image.crop((x, y, end_x, end_y)) if (x, y, end_x, end_y) != (0, 0, *image.size) else image
        return around.resize((self.width, self.height), self.filter, box=(left, top, right, bottom))


def _span(length: int, resized: int, kept: int) -> tuple[int, float, float, int]:
    """(start, low, high, end) of one side: pixels start to end hold all that the `kept` pixels in the middle of the
    `resized` ones are made of, and low to high, counted from start, is their own place."""
    scale, first = length / resized, _first(resized, kept)
    low, high, reach = first * scale, min((first + kept) * scale, length), _REACH * max(1.0, scale)
    start, end = max(0, math.floor(low - reach)), min(length, math.ceil(high + reach))
    return start, low - start, high - start, end


def _first(resized: int, kept: int) -> int:
    return round((resized - kept) / 2)  # as torchvision rounds


@dataclass(frozen=True)
class Whole:
    """Resizes a picture to at least one pixel a side; open_clip's own step fails on a thin one."""

    resized: SizeOf
    filter: Image.Resampling

    def __call__(self, image: Image.Image) -> Image.Image:
        wide, high = self.resized(*image.size)
        return image.resize((max(1, wide), max(1, high)), self.filter)


def framed(preprocess: Preprocess) -> Preprocess:
    """The same preprocessing without a large picture on the way; it is left as it is where its steps are others."""
    # Late, because it is slow to import; whoever has a preprocessing has imported it.
    from open_clip.transform import ResizeKeepRatio
    from torchvision.transforms import CenterCrop, Compose, Resize

    if not isinstance(preprocess, Compose) or len(preprocess.transforms) < 2:
        return preprocess
    resize, crop, *others = preprocess.transforms
    if isinstance(resize, ResizeKeepRatio) and resize.longest == 1:
        return Compose([Whole(_ratio_kept(resize), _filter(resize)), crop, *others])
    if not isinstance(crop, CenterCrop):
        return preprocess
    high, wide = crop.size
    if isinstance(resize, Resize) and isinstance(resize.size, int) and resize.size >= max(high, wide):
        return Compose([Middle(_shorter_side(resize.size), wide, high, _filter(resize)), *others])
    if isinstance(resize, ResizeKeepRatio) and resize.longest == 0 and tuple(resize.size) == (high, wide):
        return Compose([Middle(_ratio_kept(resize), wide, high, _filter(resize)), *others])
    return preprocess


@dataclass(frozen=True)
class InBatches:
    """A preprocessing whose last steps, pixels to numbers, are made of a whole batch at once and where the model is.

    cut: a picture to the pixels that the model sees. mean, std: (3, 1, 1), of its colours from 0 to 1.
    """

    cut: Preprocess
    mean: torch.Tensor
    std: torch.Tensor

    @classmethod
    def of(cls, preprocess: Preprocess) -> "InBatches | None":
        """The same numbers to the last bit; None where the steps are others."""
        from open_clip.transform import MaybeToTensor
        from timm.data import transforms as timms
        from torchvision.transforms import Compose, Normalize, ToTensor

        *first, to_tensor, normalise = getattr(preprocess, "transforms", (None, None))
        if type(to_tensor) not in (ToTensor, MaybeToTensor, timms.MaybeToTensor) or type(normalise) is not Normalize:
            return None
        mean, std = (torch.as_tensor(each)[:, None, None] for each in (normalise.mean, normalise.std))
        return cls(Compose(first), mean, std)

    def pixels(self, images: Iterable[Image.Image]) -> torch.Tensor:
        """(n, 3, height, width) uint8; images of mode RGB."""
        return torch.from_numpy(np.stack([np.asarray(self.cut(image)) for image in images])).permute(0, 3, 1, 2)

    def numbers(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the model takes, float32, of what `pixels` gives, on the device where that is."""
        mean, std = self.mean.to(pixels.device), self.std.to(pixels.device)
        return pixels.contiguous().float().div_(255).sub_(mean).div_(std)


def _shorter_side(side: int) -> SizeOf:
    """torchvision's Resize(side)."""

    def resized(width: int, height: int) -> tuple[int, int]:
        longer = int(side * max(width, height) / min(width, height))
        return (side, longer) if width <= height else (longer, side)

    return resized


def _ratio_kept(resize: Any) -> SizeOf:
    """open_clip's ResizeKeepRatio."""

    def resized(width: int, height: int) -> tuple[int, int]:
        ratios = height / resize.size[0], width / resize.size[1]
        ratio = max(ratios) if resize.longest else min(ratios)
        return round(width / ratio), round(height / ratio)

    return resized


def _filter(resize: Any) -> Image.Resampling:
    return Image.Resampling[resize.interpolation.name]
