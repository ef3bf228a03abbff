"""Labelled pictures not yet embedded, wherever they come from."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

from llu_core.data.fewshot import Draw, Rejected, draw_with_validation
from llu_core.encoders.prompts import DEFAULT_TEMPLATES


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A labelled picture not yet decoded: `name` is its path in the source, `read()` may raise UnreadablePicture.

    stamp(): a text that changes when the file does, so that it need not be decoded to be recognised; None where only
    the pixels can tell.
    """

    name: str
    label: int
    read: Callable[[], Image.Image]
    stamp: Callable[[], str] | None = None


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Labelled pictures; label k is class_names[k], and the first `base_classes` classes are the base ones.

    validation: a pool of its own to draw validation pictures from; class_ids: what tells classes of one name apart
    (ImageNet's wnids), or nothing; cached_draw(shots, seed): the draw kept beside the data, None where there is none.
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
