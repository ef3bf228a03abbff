"""Frames as the page's script sends them: the base64 of a small JPEG."""

import base64
import io

import numpy as np
from PIL import Image


def frame(seed: int = 0, size: tuple[int, int] = (341, 256)) -> str:
    """A picture of coarse squares, another one for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.NEAREST).save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode()
