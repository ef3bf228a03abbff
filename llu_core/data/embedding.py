"""The pictures of a source as features: computed once, kept on disk, resumed after a kill, divided among workers.

    features = extract(source, encoder, views=10, folder=default_cache_folder(), progress=show)     -> Features
    features = extract(source, encoder, draws=[(16, 1), (16, 2), (16, 3)], ...)    only the pictures of those draws
    extract_shard(source, encoder, shard=(i, n), folder=..., ...)    the part of worker i of n; then extract() as above

`draws`: None embeds the whole training and validation pools, () neither (targets of a shift), pairs (shots, seed) what
those draws need: ImageNet has 1.3 million training pictures, and three draws of 16 shots take 48,000. Test is always
whole. `views` are augmented views of the training pictures (see `augmentation`).

Pictures that lie in files are recognised by place, size and time, so that a second run decodes nothing; their rows go
into FOLDER/model/pictures/source, in safetensors files that appear whole or not at all. Other pictures (the built-in
sets) are left to the encoder, which may be a CachedEncoder. A picture that cannot be read is named in `rejected`, and
tried again by the next run.
"""

import hashlib
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from llu_core.data.augmentation import view
from llu_core.data.class_folders import class_left_out, nothing_readable
from llu_core.data.features import Features
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, Rejected
from llu_core.data.pictures import ImageSource, Picture
from llu_core.encoders.cache import CachedEncoder, Shelf, model_folder
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from llu_core.steps import drain, one_ahead

BATCH = 64
BATCH_PIXELS = 50_000_000
"""A batch of large photographs ends here, at about 150 MB, however few they are."""
CHUNK_ROWS = 256
"""About so many rows are computed between two writes: what a kill can cost, and the unit that shards are dealt."""
VIEW_SIDE = 224
"""Side of the views for an encoder that does not tell what it sees."""

Draws = Sequence[tuple[int, int]]
Progress = Callable[[int, int], None]
_Found = np.ndarray | Rejected
"""The rows of a picture, (1 + views, d), or why there are none."""


def extract(
    source: ImageSource,
    encoder: Encoder,
    *,
    views: int = 0,
    seed: int = 1,
    draws: Draws | None = None,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Features:
    """Every picture that `draws` asks for, embedded; what `folder` holds already is not computed again.

    views: augmented views of each training picture, chosen by `seed`, picture and number; folder: where rows are kept,
    None for nowhere; progress(pictures done, pictures in all).
    Raises LluError if no picture can be read.
    """
    job = _Job.of(source, draws, views)
    classes = class_embeddings(encoder, source.class_names, source.templates)
    rows: dict[_Item, _Found] = {}
    for done in _embed(source, job.chunks, encoder, folder, seed, progress):
        rows |= done
    unreadable = [found for item in job.items if isinstance(found := rows[item], Rejected)]
    if unreadable and len(unreadable) == len(job.items):
        first = unreadable[0]
        raise LluError(f"{source.name}: none of {len(unreadable)} pictures can be read; {first.name}: {first.reason}")
    train, validation, test = (_Part.of(part, rows, 1 + views, encoder.width) for part in job.parts)
    return Features(
        problem=FewShotSet(
            name=source.name,
            class_names=source.class_names,
            class_embeddings=classes,
            train=train.plain,
            test=test.plain,
            base_classes=source.base_classes,
            logit_scale=encoder.logit_scale,
            encoder_identity=encoder.identity,
            templates=source.templates,
            rejected=(*source.rejected, *unreadable),
        ),
        validation=validation.plain,
        views=train.views if views else None,
        class_ids=source.class_ids,
        draw_pictures=source.draw,
        train_row=train.row_of,
        validation_row=validation.row_of,
    )


def extract_shard(
    source: ImageSource,
    encoder: Encoder,
    *,
    shard: tuple[int, int],
    folder: str | Path,
    views: int = 0,
    seed: int = 1,
    draws: Draws | None = None,
    progress: Progress | None = None,
) -> None:
    """Worker i of n (`shard` = (i, n), i from 0) embeds its share into `folder`, which the workers must have in common.

    Afterwards `extract` with the same arguments finds every row there: the rows that it would have computed alone.
    Raises LluError for a shard that does not exist.
    """
    number, of = shard
    if not 0 <= number < of:
        raise LluError(f"there is no shard {number} of {of}; shards of {of} are numbered from 0 to {of - 1}")
    for _ in _embed(source, _Job.of(source, draws, views).chunks[number::of], encoder, folder, seed, progress):
        pass


@dataclass(frozen=True, eq=False)
class _Item:
    """A picture of a pool, to be embedded plain and in so many views."""

    position: int
    picture: Picture
    views: int


@dataclass(frozen=True)
class _Job:
    """What is to be embedded: (train, validation, test), each in the order of its pool."""

    parts: tuple[tuple[_Item, ...], ...]

    @classmethod
    def of(cls, source: ImageSource, draws: Draws | None, views: int) -> "_Job":
        pools = (source.train, source.validation, source.test)
        wanted: list[Sequence[int]] = [range(len(pool)) for pool in pools]
        if draws is not None:
            drawn = [source.draw(shots, seed) for shots, seed in dict.fromkeys(draws)]
            wanted[0] = sorted({position for draw in drawn for position in draw.train})
            wanted[1] = sorted({position for draw in drawn for position in draw.validation})
        counts = (views, 0, 0)
        return cls(
            tuple(
                tuple(_Item(position, pool[position], count) for position in positions)
                for pool, positions, count in zip(pools, wanted, counts, strict=True)
            )
        )

    @property
    def items(self) -> list[_Item]:
        return [item for part in self.parts for item in part]

    @property
    def chunks(self) -> list[tuple[_Item, ...]]:
        """The same cuts in every run, so that whoever encodes a chunk encodes it in the same batch."""
        return [
            part[start : start + size]
            for part in self.parts
            for size in [max(1, CHUNK_ROWS // (1 + part[0].views)) if part else 1]
            for start in range(0, len(part), size)
        ]


def _embed(
    source: ImageSource,
    chunks: Sequence[tuple[_Item, ...]],
    encoder: Encoder,
    folder: str | Path | None,
    seed: int,
    progress: Progress | None,
) -> Iterator[dict[_Item, _Found]]:
    """What is found of every item, chunk by chunk."""
    shelf = None
    if folder is not None:
        place = re.sub(r"[^\w.-]+", "-", source.name)[:60]
        shelf = Shelf(model_folder(folder, encoder) / "pictures" / place, encoder.width)
    total, done = sum(map(len, chunks)), 0
    if progress:
        progress(0, total)
    for chunk in chunks:
        yield _embed_chunk(chunk, encoder, shelf, seed)
        done += len(chunk)
        if progress:
            progress(done, total)


def _embed_chunk(chunk: tuple[_Item, ...], encoder: Encoder, shelf: Shelf | None, seed: int) -> dict[_Item, _Found]:
    side = _image_size(encoder)
    stamps = [item.picture.stamp() if shelf and item.picture.stamp else None for item in chunk]
    keys = {
        item: [_key(stamp, number, seed, side) for number in range(1 + item.views)]
        for item, stamp in zip(chunk, stamps, strict=True)
        if stamp is not None
    }
    known = _known(shelf, keys)
    missing = [item for item in chunk if item not in known]
    # what the shelf remembers need not be remembered twice
    computing = encoder.encoder if isinstance(encoder, CachedEncoder) and len(keys) == len(chunk) else encoder
    computed = _compute(missing, computing, seed, side)
    new = {item: found for item, found in computed.items() if item in keys and isinstance(found, np.ndarray)}
    if shelf is not None and new:
        shelf.add([key for item in new for key in keys[item]], np.concatenate(list(new.values())))
    return {**known, **computed}


def _known(shelf: Shelf | None, keys: dict[_Item, list[bytes]]) -> dict[_Item, np.ndarray]:
    """The items of which the shelf has every row."""
    if shelf is None or not keys:
        return {}
    missing = set(shelf.missing([key for each in keys.values() for key in each]))
    return {item: shelf.rows(each) for item, each in keys.items() if missing.isdisjoint(each)}


def _compute(items: Sequence[_Item], encoder: Encoder, seed: int, side: int) -> dict[_Item, _Found]:
    found: dict[_Item, _Found] = {}
    for batch in one_ahead(_decoded(items, found, seed, side)):
        encoded = encoder.encode_images([image for each in batch.values() for image in each]).numpy()
        ends = np.cumsum([len(each) for each in batch.values()])
        found.update(zip(batch, np.split(encoded, ends[:-1]), strict=True))
    return found


def _decoded(
    items: Sequence[_Item], unreadable: dict[_Item, _Found], seed: int, side: int
) -> Iterator[dict[_Item, list[Image.Image]]]:
    """Pictures and their views in batches of about BATCH or BATCH_PIXELS; what cannot be read goes to `unreadable`."""
    batch: dict[_Item, list[Image.Image]] = {}
    images = pixels = 0
    for item in items:
        name = item.picture.name
        try:
            image = item.picture.read()
        except UnreadablePicture as error:
            unreadable[item] = Rejected(name, error.reason)
            continue
        batch[item] = [image, *(view(image, side, seed=seed, name=name, number=k) for k in range(item.views))]
        pixels += sum(each.width * each.height for each in batch[item])
        images += len(batch[item])
        if images >= BATCH or pixels >= BATCH_PIXELS:
            yield batch
            batch, images, pixels = {}, 0, 0
    if batch:
        yield batch


def _key(stamp: str, number: int, seed: int, side: int) -> bytes:
    """Of the plain picture (number 0) or of view number - 1."""
    what = f"view {number - 1} of seed {seed}, {side} px" if number else "whole"
    return hashlib.sha256(f"{what}: {stamp}".encode(errors="surrogateescape")).digest()


def _image_size(encoder: Encoder) -> int:
    inner = encoder.encoder if isinstance(encoder, CachedEncoder) else encoder
    return getattr(inner, "image_size", VIEW_SIDE)


@dataclass(frozen=True, eq=False)
class _Part:
    """The readable rows of a part: plain ones, (K, n, d) views, and position in the pool -> row or None."""

    plain: LabelledEmbeddings
    views: torch.Tensor
    row_of: dict[int, int | None]

    @classmethod
    def of(cls, items: Sequence[_Item], rows: dict[_Item, _Found], variants: int, width: int) -> "_Part":
        readable = [(item, found) for item in items if isinstance(found := rows[item], np.ndarray)]
        row_of: dict[int, int | None] = {item.position: None for item in items}
        row_of |= {item.position: row for row, (item, _) in enumerate(readable)}
        empty = np.empty((0, variants, width), dtype=np.float32)
        all_rows = torch.from_numpy(np.stack([found for _, found in readable]) if readable else empty)
        plain = LabelledEmbeddings(
            embeddings=all_rows[:, 0].contiguous(),
            labels=torch.tensor([item.picture.label for item, _ in readable], dtype=torch.int64),
            names=tuple(item.picture.name for item, _ in readable),
        )
        return cls(plain, all_rows[:, 1:].transpose(0, 1).contiguous(), row_of)


def embed_steps(
    source: ImageSource, encoder: Encoder, *, templates: Sequence[str] | None = None, thumbnails: int = 64
) -> Generator[tuple[int, int], None, FewShotSet]:
    """Embed a source, yielding (pictures done, pictures in all); the generator's return value is the FewShotSet.

    Pictures that cannot be decoded end up in `rejected`, and so does a class that loses all its training pictures.
    thumbnails: side in pixels of the centre crops kept of every picture, 0 for none.
    Raises LluError if no training picture is left or a template is unusable (before anything is encoded).
    """
    templates = tuple(templates or source.templates)
    classes = class_embeddings(encoder, source.class_names, templates)
    pictures = source.train + source.test
    rejected = list(source.rejected)
    kept: list[int] = []
    vectors = [torch.empty(0, encoder.width)]
    crops = [np.empty((0, thumbnails, thumbnails, 3), dtype=np.uint8)]
    yield 0, len(pictures)
    for positions, images in one_ahead(_batches(pictures, rejected)):
        kept += positions
        vectors.append(encoder.encode_images(images))
        crops += [_thumbnail(image, thumbnails)[None] for image in images if thumbnails]
        yield positions[-1] + 1, len(pictures)
    rows = LabelledEmbeddings(
        embeddings=torch.cat(vectors),
        labels=torch.tensor([pictures[position].label for position in kept], dtype=torch.int64),
        names=tuple(pictures[position].name for position in kept),
        thumbnails=np.concatenate(crops) if thumbnails else None,
    )
    trained = sum(position < len(source.train) for position in kept)
    if not trained:
        raise nothing_readable(source.name, rejected)
    fewshot = FewShotSet(
        name=source.name,
        class_names=source.class_names,
        class_embeddings=classes,
        train=rows.select(range(trained)),
        test=rows.select(range(trained, len(rows))),
        base_classes=source.base_classes,
        logit_scale=encoder.logit_scale,
        encoder_identity=encoder.identity,
        templates=templates,
        rejected=tuple(rejected),
    )
    return _without_lost_classes(fewshot, {picture.label for picture in source.train})


def embed(
    source: ImageSource,
    encoder: Encoder,
    *,
    templates: Sequence[str] | None = None,
    thumbnails: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> FewShotSet:
    """`embed_steps` in one go; `progress` is told (pictures done, pictures in all)."""
    steps = embed_steps(source, encoder, templates=templates, thumbnails=thumbnails)
    return drain(steps, None if progress is None else lambda step: progress(*step))


def _batches(pictures: Sequence[Picture], rejected: list[Rejected]) -> Iterator[tuple[list[int], list[Image.Image]]]:
    """Positions and decoded images of up to BATCH pictures at a time; the unreadable ones go to `rejected`."""
    positions: list[int] = []
    images: list[Image.Image] = []
    for position, picture in enumerate(pictures):
        try:
            image = picture.read()
        except UnreadablePicture as error:
            rejected.append(Rejected(picture.name, error.reason))
            continue
        positions.append(position)
        images.append(image)
        if len(images) == BATCH or sum(image.width * image.height for image in images) >= BATCH_PIXELS:
            yield positions, images
            positions, images = [], []
    if images:
        yield positions, images


def _thumbnail(image: Image.Image, side: int) -> np.ndarray:
    """(side, side, 3) uint8, the centre square."""
    size = min(image.size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    square = image.convert("RGB").crop((left, top, left + size, top + size))
    return np.asarray(square.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3))


def _without_lost_classes(fewshot: FewShotSet, trained: set[int]) -> FewShotSet:
    """Leave out the classes of `trained` that have no training row any more, and say so."""
    lost = trained - set(fewshot.seen_classes)
    if not lost:
        return fewshot
    told = tuple(class_left_out(fewshot.class_names[label]) for label in sorted(lost))
    left = fewshot.select_classes(set(range(len(fewshot.class_names))) - lost)
    return replace(left, rejected=fewshot.rejected + told)
