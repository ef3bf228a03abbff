"""What a session holds in memory: pictures, tensors and texts by identity, so that what is shared counts once."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from torch import Tensor

from demo.session.draft import StoredPicture
from llu_core.data.pictures import ImageSource

PER_PICTURE = 200
"""Bytes of the objects around a picture, its name and its pixels apart."""


def pieces_of(values: Iterable[Any]) -> dict[int, int]:
    """Bytes of every piece within values, dataclasses and tuples, however deep, by its identity."""
    found: dict[int, int] = {}
    for value in values:
        found.update(_of_source(value) if isinstance(value, ImageSource) else _pieces(value))
    return found


def _pieces(value: Any) -> Iterator[tuple[int, int]]:
    if isinstance(value, Tensor | np.ndarray):
        yield id(value), value.nbytes
    elif isinstance(value, str | bytes):
        yield id(value), sys.getsizeof(value)
    elif isinstance(value, ImageSource):
        yield from _of_source(value).items()
    elif isinstance(value, tuple):
        for part in value:
            yield from _pieces(part)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _pieces(getattr(value, part.name))


def _of_source(source: ImageSource) -> dict[int, int]:
    """The pieces of a set of pictures, counted once: an edit keeps most of the twenty sets before it."""
    if source not in _counted:
        pictures = (*source.train, *source.test, *(p for each in source.controls for p in each.pictures))
        pieces = {id(source): PER_PICTURE * len(pictures)}
        for picture in pictures:
            pieces[id(picture.name)] = sys.getsizeof(picture.name)
            if isinstance(picture.read, StoredPicture):
                pieces[id(picture.read.data)] = len(picture.read.data) + picture.read.thumbnail.nbytes
        pieces.update(_pieces((source.class_names, source.templates, source.rejected)))
        _counted[source] = pieces
    return _counted[source]


# Weak, because a visitor's pictures must not outlive the session.
_counted: WeakKeyDictionary[ImageSource, dict[int, int]] = WeakKeyDictionary()
