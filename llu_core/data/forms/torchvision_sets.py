"""A set of torchvision that lies on disk: torchvision:NAME:FOLDER. Nothing is fetched.

Sets that torchvision would unpickle, CIFAR above all, are not among them: nothing is unpickled here.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from llu_core.data.forms.rows import TEST, TRAIN, VALIDATION, Row, listed_source
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError, one_line, shown
from llu_core.files.images import UnreadablePicture

_FLAG = {TRAIN: {"train": True}, TEST: {"train": False}}
_SPLITS = {TRAIN: {"split": "train"}, TEST: {"split": "test"}}
_THREE = _SPLITS | {VALIDATION: {"split": "val"}}
_TRAINVAL = {TRAIN: {"split": "trainval"}, TEST: {"split": "test"}}


@dataclass(frozen=True)
class _Set:
    """parts: the options of torchvision by which it gives each part; labels: where it keeps their numbers."""

    parts: dict[str, dict[str, Any]]
    labels: str


SETS = {
    "MNIST": _Set(_FLAG, "targets"),
    "FashionMNIST": _Set(_FLAG, "targets"),
    "KMNIST": _Set(_FLAG, "targets"),
    "STL10": _Set(_SPLITS, "labels"),
    "Food101": _Set(_SPLITS, "_labels"),
    "DTD": _Set(_THREE, "_labels"),
    "FGVCAircraft": _Set(_TRAINVAL, "_labels"),
    "OxfordIIITPet": _Set(_TRAINVAL, "_labels"),
    "EuroSAT": _Set({TRAIN: {}}, "targets"),
}


def read_torchvision(text: str) -> ImageSource:
    """The set NAME:FOLDER; raises LluError where torchvision does not find it there."""
    name, _, folder = text.partition(":")
    if name not in SETS or not folder:
        known = ", ".join(SETS)
        raise LluError(f"torchvision:{shown(text)[:60]} is no set; write torchvision:NAME:FOLDER, NAME one of {known}")
    kept = SETS[name]
    make = getattr(importlib.import_module("torchvision.datasets"), name)
    rows: list[Row] = []
    names: Sequence[str] = ()
    for part, options in kept.parts.items():
        try:
            opened = make(str(Path(folder).expanduser()), download=False, **options)
        except Exception as error:  # torchvision and what it reads with raise nearly every type there is
            raise LluError(f"torchvision finds no {name} in {folder} ({one_line(error)}); nothing is fetched") from None
        names = tuple(map(str, opened.classes))
        rows += _rows(opened, kept.labels, names, part)
    return listed_source(name, rows, class_names=names)


def _rows(opened: Any, labels: str, names: Sequence[str], part: str) -> Iterator[Row]:
    for at, label in enumerate(getattr(opened, labels)):
        name = f"{part} {at}"
        yield Row(name, names[int(label)], part, partial(_picture, opened, at, name))


def _picture(opened: Any, at: int, name: str) -> Image.Image:
    try:
        return opened[at][0].convert("RGB")
    except Exception as error:  # as above
        raise UnreadablePicture(name, f"torchvision cannot read it ({one_line(error)})") from None
