"""CoOp's training augmentation as still pictures: random resized crops, flipped or not."""

import math
import random

from PIL import Image

SCALE = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
_TRIES = 10


def view(image: Image.Image, side: int, *, seed: int, name: str, number: int) -> Image.Image:
    """A (side x side) view of `image`: a crop of .08 to 1 of its area, resized bicubically, flipped half the time.

    The same for equal (seed, name, number), whoever makes it and in whatever order.
    """
    generator = random.Random(f"{seed} {number} {name}".encode(errors="replace"))
    crop = image.convert("RGB").crop(random_crop(*image.size, generator)).resize((side, side), Image.Resampling.BICUBIC)
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if generator.random() < 0.5 else crop


def random_crop(width: int, height: int, generator: random.Random) -> tuple[int, int, int, int]:
    """(left, top, right, bottom), drawn as torchvision's RandomResizedCrop draws it.

    Area uniform in SCALE, aspect ratio log-uniform in RATIO; where ten tries give none that fits, the largest central
    crop of an aspect ratio in range.
    """
    low, high = (math.log(ratio) for ratio in RATIO)
    for _ in range(_TRIES):
        area, ratio = width * height * generator.uniform(*SCALE), math.exp(generator.uniform(low, high))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, top = generator.randint(0, width - w), generator.randint(0, height - h)
            return left, top, left + w, top + h
    w = min(width, max(1, round(height * RATIO[1])))
    h = min(height, max(1, round(width / RATIO[0])))
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h
