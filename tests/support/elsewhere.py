"""Controls for the tests of the page: closed problems made of random numbers, and a zip that brings one."""

import zipfile
from pathlib import Path

import torch

from llu_core.data.fewshot import Control
from support.sample_pictures import picture_bytes, write_zip
from support.synthetic import near, rows, unit_rows


def control(name: str, *, classes: int, pictures: int, width: int = 32, seed: int = 0) -> Control:
    """A problem whose pictures lie about their texts."""
    texts = unit_rows(classes, width, seed)
    labels = torch.arange(pictures) % classes
    names = tuple(f"{name} {k}" for k in range(classes))
    return Control(name, names, texts, rows(near(texts[labels], 0.9, seed + 1), labels, f"elsewhere/{name}"))


def write_zip_with_controls(path: Path, *, pictures: int = 3) -> Path:
    """The sample zip with elsewhere/paint of two classes in it."""
    write_zip(path)
    with zipfile.ZipFile(path, "a") as archive:
        for colour in ("red", "blue"):
            for index in range(pictures):
                data = picture_bytes(90 + index, colour=colour)
                archive.writestr(f"elsewhere/paint/{colour}/{index}.png", data)
    return path
