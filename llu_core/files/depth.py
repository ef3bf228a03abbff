"""Pictures of more than 8 bits a colour brought to 8, by the range of the numbers they hold.

Cameras and microscopes measure 10, 12 or 14 bits and write them as they are into files of 16, which do not say so: read
as 16 bits, such a picture is nearly black.
"""

import sys
from collections.abc import Callable

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

_STRIP = 64
_TOPS = (255, 1023, 4095, 16383, 65535)
"""The largest numbers of 8, 10, 12, 14 and 16 bits."""
_OTHER_BYTE = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}


def grey(values: np.ndarray) -> np.ndarray:
    """(h, w) uint8 of grey values whose scale the file does not tell: their type and range decide.

    16-bit values are read as 8, 10, 12, 14 or 16 bits, the fewest that hold them. Wider integers and floats are read
    as 0..1 (floats) or such bits, otherwise stretched from their smallest to their largest value.
    """
    floats = values.dtype.kind == "f"
    if floats:
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    tops = (1, *_TOPS) if floats else _TOPS
    top = next((top for top in tops if low >= 0 and high <= top), None)
    low, top = (low, high - low) if top is None else (0.0, top)
    return _in_strips(values, lambda strip: (strip.astype(np.float64) - low) / top * 255)


def low_bytes_wanted(image: Image.Image) -> bool:
    """Whether a decoded colour picture of 16 bits holds numbers of 14 at most, of which Pillow keeps the upper byte."""
    return image.mode in ("RGB", "RGBA") and int(np.asarray(image)[..., :3].max()) < 64


def is_wide(image: ImageFile) -> bool:
    """Whether a picture that is not decoded yet holds colours of 16 bits."""
    return any(";16" in _raw_mode(tile.args) for tile in image.tile)


def as_low_bytes(image: ImageFile) -> bool:
    """Make a picture that is not decoded yet decode to the lower byte of each number; whether Pillow can."""
    for number, tile in enumerate(image.tile):
        raw = _raw_mode(tile.args)
        mode, _, bits = raw.partition(";")
        if mode != image.mode or bits not in _OTHER_BYTE:
            return False
        other = f"{mode};{_OTHER_BYTE[bits]}"
        args = other if isinstance(tile.args, str) else (other, *(tile.args or ())[1:])
        image.tile[number] = tile._replace(args=args)
    return True


def _raw_mode(args: object) -> str:
    return str(args[0]) if isinstance(args, tuple) and args else str(args)


def stretched(high: Image.Image, low: Image.Image | None) -> Image.Image:
    """A picture of 8 bits a colour from the upper and, where they are known, lower bytes of one of 14 bits or fewer.

    An opacity that reaches further than the colours is of 16 bits, and stays.
    """
    upper = np.asarray(high)
    values = upper.astype(np.uint16) * 256 + (np.asarray(low) if low is not None else 255 * (upper > 0))
    peak = int(values[..., :3].max())
    top = next(top for top in _TOPS if peak <= top)
    pixels = _in_strips(values, lambda strip: np.minimum(strip / top * 255, 255))
    if high.mode == "RGBA" and int(values[..., 3].max()) > top:
        pixels[..., 3] = upper[..., 3]
    return Image.fromarray(pixels, high.mode)


def _in_strips(values: np.ndarray, scaled: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """`scaled` rounded to uint8, a few rows at a time: wide numbers of a whole photograph would take gigabytes."""
    strips = [values[start : start + _STRIP] for start in range(0, len(values), _STRIP)]
    return np.concatenate([scaled(strip).round().astype(np.uint8) for strip in strips])
