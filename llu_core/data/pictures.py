"""Labelled pictures not yet embedded, wherever they come from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from llu_core.data.draws import Draw, draw_with_validation
from llu_core.data.fewshot import Rejected
from llu_core.encoders.prompts import DEFAULT_TEMPLATES


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A labelled picture not yet decoded: `name` is its path in the source, `read()` may raise UnreadablePicture.

    stamp(): a text that changes when the file does, so that it need not be decoded to be recognised; None where only
    the pixels can tell. thumbnail: (s, s, 3) uint8, where it is at hand.
    """

    name: str
    label: int
    read: Callable[[], Image.Image]
    stamp: Callable[[], str] | None = None
    thumbnail: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ControlSource:
    """The pictures of a closed problem elsewhere, not yet embedded (see `fewshot.Control`).

    templates: its own, or () for those of the source that it belongs to.
    """

    name: str
    class_names: tuple[str, ...]
    pictures: tuple[Picture, ...]
    templates: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Labelled pictures; label k is class_names[k], and the first `base_classes` classes are the base ones.

    validation: a pool of its own to draw validation pictures from; class_ids: what tells classes of one name apart
    (ImageNet's wnids), or nothing; cached_draw(shots, seed): the draw kept beside the data, None where there is none;
    controls: closed problems elsewhere, never trained on.
    """

    name: str
    class_names: tuple[str, ...]
    base_classes: int
    train: tuple[Picture, ...]
    test: tuple[Picture, ...] = ()
    templates: tuple[str, ...] = DEFAULT_TEMPLATES
    rejected: tuple[Rejected, ...] = ()
    validation: tuple[Picture, ...] = ()
    class_ids: tuple[str, ...] = ()
    cached_draw: Callable[[int, int], Draw | None] | None = None
    controls: tuple[ControlSource, ...] = ()

    @cached_property
    def positions(self) -> dict[int, list[int]]:
        """Label -> where its pictures are in the training pool; labels without any are absent."""
        found: dict[int, list[int]] = {}
        for position, picture in enumerate(self.train):
            found.setdefault(picture.label, []).append(position)
        return found

    @property
    def seen_classes(self) -> tuple[int, ...]:
        """The labels that have at least one training picture, ascending."""
        return tuple(sorted(self.positions))

    def select_classes(self, labels: Iterable[int]) -> "ImageSource":
        """The pictures of some classes, as `FewShotSet.select_classes` selects embeddings."""
        chosen = sorted(set(labels))
        new_label = {label: number for number, label in enumerate(chosen)}

        def of_chosen(pool: tuple[Picture, ...]) -> tuple[Picture, ...]:
            return tuple(replace(each, label=new_label[each.label]) for each in pool if each.label in new_label)

        return replace(
            self,
            class_names=tuple(self.class_names[label] for label in chosen),
            base_classes=sum(label < self.base_classes for label in chosen) or len(chosen),
            train=of_chosen(self.train),
            test=of_chosen(self.test),
            validation=of_chosen(self.validation),
            class_ids=tuple(self.class_ids[label] for label in chosen) if self.class_ids else (),
            cached_draw=None,  # its positions are those of the pools
        )

    def draw(self, shots: int, seed: int) -> Draw:
        """At most `shots` training and min(shots, 4) validation pictures of every class: the cached draw if there is
        one, otherwise drawn as `draw_with_validation` draws."""
        cached = self.cached_draw(shots, seed) if self.cached_draw else None
        if cached is not None:
            return cached
        train, validation = ([picture.label for picture in pool] for pool in (self.train, self.validation))
        return draw_with_validation(train, validation, shots, seed)

    def sample(self, shots: int, seed: int) -> "ImageSource":
        """The same source with the pictures of `draw` in place of its pools."""
        drawn = self.draw(shots, seed)
        return replace(
            self,
            train=tuple(self.train[position] for position in drawn.train),
            validation=tuple(self.validation[position] for position in drawn.validation),
            cached_draw=None,  # its positions are those of the pools
        )
