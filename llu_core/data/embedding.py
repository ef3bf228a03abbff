"""The one way from the pictures of a source to embeddings: for training, for the page and for the evaluation.

    fewshot = embed(source, encoder, thumbnails=64)      every training and test picture, with a thumbnail -> FewShotSet
    embed_steps(source, encoder, ...)                    the same as a generator of (pictures done, pictures in all)
    features = extract(source, encoder, views=10, folder=default_cache_folder(), progress=show)     -> Features
    features = extract(source, encoder, draws=[(16, 1), (16, 2), (16, 3)], ...)    only the pictures of those draws
    extract_shard(source, encoder, shard=(i, n), folder=..., ...)    the part of worker i of n; then extract() as above

`draws`: None embeds the whole training and validation pools, () neither (targets of a shift), pairs (shots, seed) what
those draws need: ImageNet has 1.3 million training pictures, and three draws of 16 shots take 48,000. Test is always
whole. `views` are augmented views of the training pictures (see `augmentation`). With a `folder`, rows of pictures that
lie in files are kept there: computed once, resumed after a kill, divided among workers (see `picture_rows`).

What cannot be read is left out by the rule of `left_out` and named in `rejected`; the next run tries it again.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from llu_core.data.controls import usable, without_bare_classes
from llu_core.data.features import Features
from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings, Rejected, new_labels
from llu_core.data.left_out import leave_out, lost_classes, nothing_readable, readable_draw, validation_left_out
from llu_core.data.picture_rows import Found, PictureRows, embedded, picture_shelf
from llu_core.data.pictures import ImageSource
from llu_core.data.selection import Draws, Item, Selection
from llu_core.encoders.cache import Store
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.steps import drain

Progress = Callable[[int, int], None]
Result = TypeVar("Result")


def embed(
    source: ImageSource,
    encoder: Encoder,
    *,
    templates: Sequence[str] | None = None,
    thumbnails: int = 64,
    progress: Progress | None = None,
) -> FewShotSet:
    """`embed_steps` in one go; `progress` is told (pictures done, pictures in all)."""
    return _drained(embed_steps(source, encoder, templates=templates, thumbnails=thumbnails), progress)


def embed_steps(
    source: ImageSource,
    encoder: Encoder,
    *,
    templates: Sequence[str] | None = None,
    thumbnails: int = 64,
    shelf: Store | None = None,
) -> Generator[tuple[int, int], None, FewShotSet]:
    """Embed a source, yielding (pictures done, pictures in all); the generator's return value is the FewShotSet.

    thumbnails: side in pixels of the centre crops kept of every picture, 0 for none; shelf: where rows of pictures are
    looked up and kept that are recognised without their pixels (see `picture_rows`), a batch at a time, so that they
    outlive steps that are called off.
    Raises LluError if no training picture can be read or a template is unusable (before anything is encoded).
    """
    rejected = (*source.rejected, *validation_left_out(source))
    chosen = replace(source, templates=tuple(templates or source.templates), validation=(), rejected=rejected)
    steps = _steps(Selection.of(chosen), encoder, shelf=shelf, at_once=True, thumbnails=thumbnails)
    return (yield from steps).problem


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
    Raises LluError if no training picture can be read, or where none is asked for, no test picture.
    """
    shelf = picture_shelf(folder, source.name, encoder) if folder is not None else None
    return _drained(_steps(Selection.of(source, draws, views), encoder, seed=seed, shelf=shelf), progress)


def extract_shard(
    source: ImageSource,
    encoder: Encoder,
    *,
    shard: tuple[int, int],
    folder: str | Path,
    views: int = 0,
    seed: int = 1,
    draws: Draws | None = None,
) -> None:
    """Worker i of n (`shard` = (i, n), i from 0) embeds its share into `folder`, which the workers must have in common.

    Afterwards `extract` with the same arguments finds every row there: the rows that it would have computed alone.
    Raises LluError for a shard that does not exist.
    """
    number, of = shard
    if not 0 <= number < of:
        raise LluError(f"there is no shard {number} of {of}; shards of {of} are numbered from 0 to {of - 1}")
    chunks = Selection.of(source, draws, views).chunks()[number::of]
    for _ in embedded(chunks, encoder, seed=seed, shelf=picture_shelf(folder, source.name, encoder)):
        pass


def _drained(steps: Generator[tuple[int, int], None, Result], progress: Progress | None) -> Result:
    return drain(steps, None if progress is None else lambda step: progress(*step))


def _steps(
    selection: Selection,
    encoder: Encoder,
    *,
    seed: int = 1,
    shelf: Store | None = None,
    at_once: bool = False,
    thumbnails: int = 0,
) -> Generator[tuple[int, int], None, Features]:
    """Embed what is selected, then what has to stand in for it, yielding (pictures done, pictures in all)."""
    texts = _Texts.of(selection, encoder)
    found: dict[Item, Found] = {}
    yield 0, len(selection.items)
    while chunks := selection.chunks(found):
        for some in embedded(chunks, encoder, seed=seed, shelf=shelf, at_once=at_once, thumbnails=thumbnails):
            found |= some
            yield len(found), len(selection.items)
        selection = selection.with_stand_ins(_unreadable_positions(selection, found))
    return _features(selection, found, encoder, texts, thumbnails)


def _unreadable_positions(selection: Selection, found: Mapping[Item, Found]) -> frozenset[int]:
    """The positions of the training pictures that cannot be read."""
    return frozenset(item.position for item in selection.train if isinstance(found[item], Rejected))


@dataclass(frozen=True, eq=False)
class _Texts:
    """The embedded class names of a source, (C, d), and of each of its controls that is asked for, (K, d)."""

    classes: torch.Tensor
    of_controls: tuple[torch.Tensor, ...]

    @classmethod
    def of(cls, selection: Selection, encoder: Encoder) -> "_Texts":
        source = selection.source
        controls = source.controls[: len(selection.controls)]
        return cls(
            class_embeddings(encoder, source.class_names, source.templates),
            tuple(class_embeddings(encoder, each.class_names, each.templates or source.templates) for each in controls),
        )


def _controls(
    selection: Selection, found: Mapping[Item, Found], texts: _Texts, width: int, thumbnails: int
) -> tuple[tuple[Control, ...], tuple[Rejected, ...]]:
    """The controls as far as their pictures can be read, and why others cannot be used."""
    parts = zip(selection.source.controls, selection.controls, texts.of_controls, strict=False)
    read = [
        Control(source.name, source.class_names, rows, _Pool.of(items, found).rows(width, thumbnails))
        for source, items, rows in parts
    ]
    return usable([without_bare_classes(each) if len(each.pictures) else each for each in read], ())


def _features(
    selection: Selection, found: Mapping[Item, Found], encoder: Encoder, texts: _Texts, thumbnails: int
) -> Features:
    source, width = selection.source, encoder.width
    unreadable = [each for item in selection.items if isinstance(each := found[item], Rejected)]
    if unreadable and not selection.train and len(unreadable) == len(selection.items):
        raise nothing_readable(source.name, unreadable, "test")
    train, test = _Pool.of(selection.train, found), _Pool.of(selection.test, found)
    had = {item.picture.label for item in selection.train}
    lost = lost_classes(had, (item.picture.label for item in train.readable))
    kept = [label for label in range(len(source.class_names)) if label not in lost]
    controls, bare = _controls(selection, found, texts, width, thumbnails)
    validation = _Pool.of([item for item in selection.validation if item.picture.label not in lost], found)
    problem = FewShotSet(
        name=source.name,
        class_names=source.class_names,
        class_embeddings=texts.classes,
        train=train.rows(width, thumbnails),
        test=test.rows(width, thumbnails),
        base_classes=source.base_classes,
        logit_scale=encoder.logit_scale,
        encoder_identity=encoder.identity,
        templates=source.templates,
        rejected=source.rejected,
        controls=controls,
    )
    return Features(
        problem=leave_out(problem, had, [*unreadable, *bare]),
        validation=validation.rows(width).relabel(new_labels(kept, len(source.class_names))),
        views=train.views(selection.views, width) if selection.views else None,
        class_ids=tuple(source.class_ids[label] for label in kept) if source.class_ids else (),
        draw_pictures=partial(readable_draw, source, _unreadable_positions(selection, found)),
        train_row=_row_of(selection.train, train),
        validation_row=_row_of(selection.validation, validation),
    )


@dataclass(frozen=True, eq=False)
class _Pool:
    """The pictures of a pool that could be read."""

    readable: dict[Item, PictureRows]

    @classmethod
    def of(cls, items: Iterable[Item], found: Mapping[Item, Found]) -> "_Pool":
        return cls({item: each for item in items if isinstance(each := found[item], PictureRows)})

    def rows(self, width: int, thumbnails: int = 0) -> LabelledEmbeddings:
        """The plain rows, with thumbnails of that side, or without any for 0."""
        crops = [each.thumbnail for each in self.readable.values() if each.thumbnail is not None]
        return LabelledEmbeddings(
            embeddings=torch.from_numpy(_stacked([each.rows[0] for each in self.readable.values()], (width,))),
            labels=torch.tensor([item.picture.label for item in self.readable], dtype=torch.int64),
            names=tuple(item.picture.name for item in self.readable),
            thumbnails=_stacked(crops, (thumbnails, thumbnails, 3), np.uint8) if thumbnails else None,
        )

    def views(self, count: int, width: int) -> torch.Tensor:
        """(count, n, d)."""
        rows = _stacked([each.rows[1:] for each in self.readable.values()], (count, width))
        return torch.from_numpy(rows).transpose(0, 1).contiguous()


def _stacked(arrays: Sequence[np.ndarray], shape: tuple[int, ...], dtype: type = np.float32) -> np.ndarray:
    """(n, *shape), where there may be none."""
    return np.stack(arrays) if arrays else np.empty((0, *shape), dtype)


def _row_of(items: Iterable[Item], pool: _Pool) -> dict[int, int | None]:
    """Position in the pool -> row, None for a picture that has none."""
    row_of: dict[int, int | None] = dict.fromkeys(item.position for item in items)
    return row_of | {item.position: row for row, item in enumerate(pool.readable)}
