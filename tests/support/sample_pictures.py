"""A small set of own pictures, as a visitor would zip it: rendered here, real files all the same."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from llu_core.pictoworld.render import render, sample_scene

CLASSES = {"spotty": {"texture": "dotted"}, "stripy": {"texture": "striped"}, "chequered": {"texture": "checked"}}
UNSEEN = {"bricky": {"texture": "brick"}}


def picture_bytes(seed: int, **attributes) -> bytes:
    """The bytes of one PNG."""
    rng = np.random.default_rng([5, seed])
    file = io.BytesIO()
    Image.fromarray(render(sample_scene(rng, count=1, size="large", **attributes), rng, "sketch")).save(file, "PNG")
    return file.getvalue()


def write_zip(path: Path, *, shots: int = 6, tests: int = 6, broken: bool = False) -> Path:
    """CLASS/, test/CLASS/ and new/CLASS/ with PNGs; `broken` adds a file that only pretends to be one."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, attributes in CLASSES.items():
            for index in range(shots):
                archive.writestr(f"{name}/{index}.png", picture_bytes(index, **attributes))
            for index in range(tests):
                archive.writestr(f"test/{name}/{index}.png", picture_bytes(100 + index, **attributes))
        for name, attributes in UNSEEN.items():
            for index in range(tests):
                archive.writestr(f"new/{name}/{index}.png", picture_bytes(200 + index, **attributes))
        if broken:
            archive.writestr("spotty/broken.png", b"\x89PNG\r\n\x1a\n not really")
    return path


def picture_folder(folder: Path, *names: str) -> Path:
    """`pets` in `folder`: three PNGs of each class."""
    for name in names:
        (folder / "pets" / name).mkdir(parents=True)
        for index in range(3):
            (folder / "pets" / name / f"{index}.png").write_bytes(picture_bytes(index))
    return folder / "pets"
