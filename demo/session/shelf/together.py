"""Sets that act together as one problem: all their pictures, all their classes, at every setting of the sliders."""

import hashlib
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from demo.session.everyday import known_everyday_names
from demo.session.memory import pieces_of
from demo.session.model import Model, map_points
from demo.session.projection import Projection, project_pca
from demo.session.session import Session
from demo.session.shelf.members import Member, acting
from demo.session.shelf.shelf import Shelf
from demo.session.uploads.bundles import THUMBNAIL, with_small_thumbnails
from demo.settings import MB
from llu_core.data.controls import usable
from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.sharing import name_closeness
from llu_core.method.composition.sweep import ComposedSweep, Places
from llu_core.method.elsewhere.names import EverydayNames

MOST_BYTES = 128 * MB
"""So much is kept of visitors' sets as they were put together, the newest at least; others' are when they are asked for
again."""


@dataclass(frozen=True, eq=False)
class Together:
    """Sets that act together. names, titles: as a Member has them; trained: their adapters; on the page is the first.

    shots: their pictures and classes, a class that several name with the first one's text, a picture of the shelf with
    its set's title before its own; controls that several bring count once. owners: the set of each row of train and
    test. queries: what the page's set was asked about. sweep, elsewhere, names: as Model has them for one set, of the
    controls that share no class with any of the sets, and of names that are classes of none.
    """

    id: str
    names: tuple[str, ...]
    titles: tuple[str, ...]
    trained: tuple[TrainedAdapter, ...]
    shots: FewShotSet
    owners: Tensor
    queries: LabelledEmbeddings
    sweep: ComposedSweep
    elsewhere: tuple[ComposedSweep, ...]
    everyday: tuple[EverydayNames, Places] | None
    projection: Projection

    @property
    def parts(self) -> tuple[LabelledEmbeddings, LabelledEmbeddings, LabelledEmbeddings]:
        """The sweep's rows: training images, test images, queries."""
        return self.shots.train, self.shots.test, self.queries

    @property
    def row_names(self) -> tuple[str, ...]:
        """The names of the sweep's rows."""
        return tuple(name for part in self.parts for name in part.names)

    @property
    def controls(self) -> tuple[Control, ...]:
        """The problems of `elsewhere`."""
        return usable(self.shots.controls, self.shots.class_names)[0]

    def labels_of(self, index: int) -> Tensor:
        """The labels here of the classes of one set, in its own order."""
        number = {name: label for label, name in enumerate(self.shots.class_names)}
        return torch.tensor([number[name] for name in self.trained[index].class_names], dtype=torch.int64)

    def taught_by(self, index: int) -> Tensor:
        """The labels here of the classes that one set was taught."""
        return self.labels_of(index)[list(self.trained[index].trained_classes)]

    @property
    def seen(self) -> list[bool]:
        """Of every class, whether some set was taught it, be that switched on or not."""
        taught = {label for index in range(len(self.names)) for label in self.taught_by(index).tolist()}
        return [label in taught for label in range(len(self.shots.class_names))]


def together(session: Session) -> Together | None:
    """The sets that can act together, switched on or not; None where that is one or none."""
    found = acting(session)
    if len(found) < 2:
        return None
    kept, page = _kept.get(session.shelf), found[0].model
    if kept is not None and kept.page() is page and kept.together.names == tuple(each.name for each in found):
        return kept.together
    made = _united(found)
    if kept is not None and _same_map(kept.together, made):
        made = replace(made, projection=kept.together.projection)
    _keep(session.shelf, page, made)
    return made


def draw_map(session: Session, draw: Callable[[np.ndarray], Projection | None]) -> None:
    """Give the sets that act together the map that `draw` makes of their points, if it makes one."""
    joined = together(session)
    drawn = None if joined is None else draw(map_points(joined.shots))
    if joined is not None and drawn is not None:
        _keep(session.shelf, acting(session)[0].model, replace(joined, projection=drawn))


@dataclass(frozen=True, eq=False)
class _Kept:
    page: Callable[[], Model | None]
    together: Together
    bytes: int


# Weak, because a visitor's embeddings must not outlive the session; what is kept refers to neither of its keys.
_kept: WeakKeyDictionary[Shelf, _Kept] = WeakKeyDictionary()


def _keep(shelf: Shelf, page: Model, made: Together) -> None:
    _kept.pop(shelf, None)
    _kept[shelf] = _Kept(weakref.ref(page), made, sum(pieces_of((made,)).values()))
    while len(_kept) > 1 and sum(each.bytes for each in list(_kept.values())) > MOST_BYTES:
        _kept.pop(next(iter(_kept.keys())), None)


def _same_map(before: Together, after: Together) -> bool:
    return before.id == after.id and len(before.projection.points) == len(after.projection.points)


def _united(sets: Sequence[Member]) -> Together:
    trained = tuple(each.model.trained for each in sets)
    shots, adapters = _union(sets), [each.adapter for each in trained]
    queries, controls = sets[0].model.queries, usable(shots.controls, shots.class_names)[0]
    images = torch.cat([shots.train.embeddings, shots.test.embeddings, queries.embeddings])
    owners = [
        torch.full((len(part),), index)
        for parts in (lambda m: m.shots.train, lambda m: m.shots.test)
        for index, part in enumerate(parts(each.model) for each in sets)
    ]
    everyday = known_everyday_names(trained[0].encoder_identity)
    return Together(
        id=_id(sets),
        names=tuple(each.name for each in sets),
        titles=tuple(each.title for each in sets),
        trained=trained,
        shots=shots,
        owners=torch.cat(owners),
        queries=with_small_thumbnails(queries),
        sweep=ComposedSweep.of(adapters, images, shots.class_embeddings),
        elsewhere=tuple(ComposedSweep.of(adapters, c.pictures.embeddings, c.class_embeddings) for c in controls),
        everyday=everyday and _named(everyday, adapters, shots.class_names),
        projection=project_pca(map_points(shots)),
    )


def _id(sets: Sequence[Member]) -> str:
    """The same for the same adapters, as a Model has one: what the visitor chose on the page goes on with it."""
    return hashlib.blake2b(" ".join(each.model.id for each in sets).encode(), digest_size=6).hexdigest()


def _named(everyday: EverydayNames, adapters: Sequence, classes: Sequence[str]) -> tuple[EverydayNames, Places]:
    own = {name.casefold() for name in classes}
    kept = [index for index, name in enumerate(everyday.names) if name.casefold() not in own]
    rows = everyday.embeddings[kept]
    names = EverydayNames(tuple(everyday.names[index] for index in kept), rows, everyday.thresholds[kept])
    places = [rows, *(each.text.update(rows) for each in adapters)]
    return names, Places.of([each.text for each in adapters], rows, places, name_closeness)


def _union(sets: Sequence[Member]) -> FewShotSet:
    texts: dict[str, Tensor] = {}
    controls: dict[str, Control] = {}
    for each in sets:
        for name, row in zip(each.model.shots.class_names, each.model.shots.class_embeddings, strict=True):
            texts.setdefault(name, row)
        for control in each.model.shots.controls:
            controls.setdefault(control.name, control)
    number = {name: label for label, name in enumerate(texts)}
    first = sets[0].model.shots
    return replace(
        first,
        name=" + ".join(each.title for each in sets),
        class_names=tuple(texts),
        class_embeddings=torch.stack(list(texts.values())),
        train=_joined([_as_one_of(each, each.model.shots.train, number, at) for at, each in enumerate(sets)]),
        test=_joined([_as_one_of(each, each.model.shots.test, number, at) for at, each in enumerate(sets)]),
        base_classes=len(texts),
        rejected=(),
        controls=tuple(controls.values()),
    )


def _as_one_of(member: Member, part: LabelledEmbeddings, number: dict[str, int], index: int) -> LabelledEmbeddings:
    labels = torch.tensor([number[name] for name in member.model.shots.class_names], dtype=torch.int64)
    names = part.names if index == 0 else tuple(f"{member.title}: {name}" for name in part.names)
    return replace(with_small_thumbnails(part), labels=labels[part.labels], names=names)


def _joined(parts: Sequence[LabelledEmbeddings]) -> LabelledEmbeddings:
    """All rows; where some have small pictures, grey ones stand for those that have none."""
    if any(part.thumbnails is not None for part in parts):
        grey = [np.full((len(part), THUMBNAIL, THUMBNAIL, 3), 128, dtype=np.uint8) for part in parts]
        parts = [
            part if part.thumbnails is not None else replace(part, thumbnails=pixels)
            for part, pixels in zip(parts, grey, strict=True)
        ]
    return reduce(LabelledEmbeddings.concat, parts)


def accuracies_of(joined: Together, index: int, predictions: Tensor) -> dict[str, float | None]:
    """Percent right on one set's test images, of classes that it was taught and of others, among the classes of all;
    None where it has none. predictions: (n,) labels for the rows of `joined.sweep`."""
    start, labels = len(joined.shots.train), joined.shots.test.labels
    own = joined.owners[start:] == index
    right = predictions[start : start + len(labels)] == labels
    taught = torch.isin(labels, joined.taught_by(index))
    return {
        name: 100.0 * right[rows].float().mean().item() if rows.any() else None
        for name, rows in (("seen", own & taught), ("unseen", own & ~taught))
    }
