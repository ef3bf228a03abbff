"""Small square pictures as data addresses, made once and forgotten together with the picture."""

import base64
import io
import json
from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image, ImageOps

from demo.session.draft import THUMBNAIL_SIDE, StoredPicture
from demo.session.photographs import photographs
from llu_core.files.images import UnreadablePicture

UNREADABLE = ""

# Weak, because a visitor's pictures must not outlive the session.
_made: WeakKeyDictionary[Callable[[], Image.Image], str] = WeakKeyDictionary()


def thumbnail(read: Callable[[], Image.Image]) -> str:
    """The thumbnail of what `read()` gives; a picture that cannot be read any more is left to training to report."""
    address = _made.get(read)
    if address is None:
        address = _made[read] = _make(read)
    return address


def thumbnail_of_pixels(pixels: np.ndarray) -> str:
    """The thumbnail of pixels (s, s, 3), uint8."""
    return _address(Image.fromarray(pixels))


def photographs_payload() -> str:
    """The photographs that come with the installation, as JSON: their names and thumbnails."""
    return json.dumps(
        [{"name": name, "thumb": thumbnail_of_pixels(pixels)} for name, pixels in photographs(THUMBNAIL_SIDE).items()]
    )


def _make(read: Callable[[], Image.Image]) -> str:
    try:
        return thumbnail_of_pixels(read.thumbnail) if isinstance(read, StoredPicture) else _address(read())
    except UnreadablePicture:
        return UNREADABLE


def _address(image: Image.Image) -> str:
    file = io.BytesIO()
    ImageOps.fit(image, (THUMBNAIL_SIDE, THUMBNAIL_SIDE)).save(file, "WEBP", quality=65, method=2)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
