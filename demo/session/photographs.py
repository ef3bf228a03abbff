"""Photographs that come with the installation, for a first question where a visitor has none at hand."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import ImageOps

from llu_core.errors import LluError
from llu_core.files.images import decode

_FILES = {
    "lion": ("gradio", "media_assets/images/lion.jpg"),
    "cheetah": ("gradio", "media_assets/images/cheetah1.jpg"),
    "running cheetah": ("gradio", "media_assets/images/cheetah.jpg"),
    "tower": ("gradio", "media_assets/images/tower.jpg"),
    "pagoda": ("sklearn", "datasets/images/china.jpg"),
    "dahlia": ("sklearn", "datasets/images/flower.jpg"),
}
"""What is on them, the package and the path in it; all of it belongs to packages that the app needs anyway."""


def photographs(side: int) -> dict[str, np.ndarray]:
    """Squares (side, side, 3), uint8, by name; a photograph that a package no longer brings is not there."""
    pictures = ((name, decode(path, name)) for name, path in _paths().items())
    return {name: np.asarray(ImageOps.fit(picture, (side, side))) for name, picture in pictures}


def photograph_path(name: str) -> Path:
    """Raises LluError for a name of none."""
    path = _paths().get(name)
    if path is None:
        raise LluError(f"there is no photograph {name!r}; choose one of: {', '.join(_paths()) or 'none'}")
    return path


@cache
def _paths() -> dict[str, Path]:
    found = {}
    for name, (package, file) in _FILES.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None and (path := Path(spec.origin).parent / file).is_file():
            found[name] = path
    return found
