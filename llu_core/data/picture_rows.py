"""Pictures become rows: decoded a batch ahead, encoded, and kept where they can be recognised.

A picture that lies in a file is recognised by place, size and time, so that a second run decodes nothing; its rows are
kept on a shelf whose files appear whole or not at all. Of pictures in memory the program that holds them can do the
same. Others (the built-in sets) are left to the encoder, which may be one that remembers.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from llu_core.data.augmentation import view
from llu_core.data.fewshot import Rejected
from llu_core.data.selection import Item
from llu_core.encoders.cache import FormShelves, RememberingEncoder, Store, model_folder
from llu_core.encoders.encoder import Encoder
from llu_core.files.images import UnreadablePicture
from llu_core.steps import one_ahead

BATCH = 64
BATCH_PIXELS = 50_000_000
"""A batch of large photographs ends here, at about 150 MB, however few they are."""
VIEW_SIDE = 224
"""Side of the views for an encoder that does not tell what it sees."""


@dataclass(frozen=True, eq=False, slots=True)
class PictureRows:
    """What is known of a picture: rows (1 + views, d), the plain one first; thumbnail (s, s, 3) uint8 or None."""

    rows: np.ndarray
    thumbnail: np.ndarray | None = None


Found = PictureRows | Rejected
"""The rows of a picture, or why there are none."""


def embedded(
    chunks: Sequence[Sequence[Item]],
    encoder: Encoder,
    *,
    seed: int,
    shelf: Store | None = None,
    at_once: bool = False,
    thumbnails: int = 0,
) -> Iterator[dict[Item, Found]]:
    """What is found of every item, a batch at a time.

    seed: of the views; shelf: where rows are looked up and kept, chunk by chunk; at_once: batch by batch instead, so
    that nothing is lost where the caller leaves off; thumbnails: side in pixels of the centre crops, 0 for none. With
    thumbnails only those pictures are looked up whose thumbnail is at hand.
    """
    inner = _without_memory(encoder)
    new: dict[bytes, np.ndarray] = {}
    batches = _batches(chunks, seed, _image_size(encoder), shelf, thumbnails)
    many = sum(map(len, chunks)) > BATCH  # for one batch another thread is no use
    for batch in one_ahead(batches) if many else batches:
        # what the shelf remembers need not be remembered twice
        computed = _encoded(batch.images, inner if batch.images.keys() <= batch.keys.keys() else encoder)
        found = dict(batch.found)
        for item, rows in computed.items():
            crop = _at_hand(item, thumbnails)
            if thumbnails and crop is None:
                crop = thumbnail(batch.images[item][0], thumbnails)
            found[item] = PictureRows(rows, crop)
            if item in batch.keys:
                new |= zip(batch.keys[item], rows, strict=True)
        if shelf is not None and new and (at_once or batch.ends_chunk):
            shelf.add(new)
            new = {}
        if found:
            yield found


def picture_shelf(folder: str | Path, source: str, encoder: Encoder) -> Store:
    """Where the rows of a source's pictures are kept: FOLDER/model/pictures/source."""
    place = re.sub(r"[^\w.-]+", "-", source)[:60]
    return FormShelves(model_folder(folder, encoder) / "pictures" / place, _without_memory(encoder))


@dataclass
class _Batch:
    """Decoded pictures with their views, and what was found without encoding; keys: of all rows of a picture, for the
    pictures of the chunk that can be recognised."""

    keys: Mapping[Item, Sequence[bytes]]
    images: dict[Item, list[Image.Image]] = field(default_factory=dict)
    found: dict[Item, Found] = field(default_factory=dict)
    ends_chunk: bool = False

    @property
    def is_full(self) -> bool:
        images = [image for each in self.images.values() for image in each]
        return len(images) >= BATCH or sum(image.width * image.height for image in images) >= BATCH_PIXELS


def _batches(
    chunks: Sequence[Sequence[Item]], seed: int, side: int, shelf: Store | None, thumbnails: int
) -> Iterator[_Batch]:
    """Batches of about BATCH images or BATCH_PIXELS pixels, none of them across two chunks."""
    for chunk in chunks:
        keys = {item: key for item in chunk if (key := _keys(item, seed, side))} if shelf is not None else {}
        known = _known(shelf, keys, thumbnails) if shelf is not None else {}
        batch = _Batch(keys, found={**known})
        for item in (item for item in chunk if item not in known):
            try:
                batch.images[item] = _decoded(item, seed, side)
            except UnreadablePicture as error:
                batch.found[item] = Rejected(item.picture.name, error.reason)
            if batch.is_full:
                yield batch
                batch = _Batch(keys)
        batch.ends_chunk = True
        yield batch


def _known(shelf: Store, keys: Mapping[Item, Sequence[bytes]], thumbnails: int) -> dict[Item, PictureRows]:
    """The items of which the shelf has every row, and a thumbnail is at hand where there are to be any."""
    rows = shelf.get([key for each in keys.values() for key in each])
    return {
        item: PictureRows(np.stack([rows[key] for key in each]), _at_hand(item, thumbnails))
        for item, each in keys.items()
        if all(key in rows for key in each) and not (thumbnails and _at_hand(item, thumbnails) is None)
    }


def _at_hand(item: Item, side: int) -> np.ndarray | None:
    """The picture's own thumbnail, where it has one of that side."""
    own = item.picture.thumbnail
    return own if own is not None and len(own) == side else None


def _keys(item: Item, seed: int, side: int) -> list[bytes]:
    """The keys of the plain picture, then of its views; none for a picture that only its pixels can tell."""
    if item.picture.stamp is None:
        return []
    stamp = item.picture.stamp()
    views = (f"view {number} of seed {seed}, {side} px" for number in range(item.views))
    return [hashlib.sha256(f"{what}: {stamp}".encode(errors="surrogateescape")).digest() for what in ("whole", *views)]


def _decoded(item: Item, seed: int, side: int) -> list[Image.Image]:
    """The picture, then its views; raises UnreadablePicture."""
    image, name = item.picture.read(), item.picture.name
    return [image, *(view(image, side, seed=seed, name=name, number=number) for number in range(item.views))]


def _encoded(images: Mapping[Item, Sequence[Image.Image]], encoder: Encoder) -> dict[Item, np.ndarray]:
    """(1 + views, d) of every item."""
    if not images:
        return {}
    rows = encoder.encode_images([image for each in images.values() for image in each]).numpy()
    ends = np.cumsum([len(each) for each in images.values()])
    return dict(zip(images, np.split(rows, ends[:-1]), strict=True))


def _image_size(encoder: Encoder) -> int:
    return getattr(_without_memory(encoder), "image_size", VIEW_SIDE)


def _without_memory(encoder: Encoder) -> Encoder:
    return encoder.encoder if isinstance(encoder, RememberingEncoder) else encoder


def thumbnail(image: Image.Image, side: int) -> np.ndarray:
    """(side, side, 3) uint8, the centre square."""
    size = min(image.size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    square = image.convert("RGB").crop((left, top, left + size, top + size))
    return np.asarray(square.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3))
