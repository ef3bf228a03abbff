"""Several updates in one model: adapters trained on different sets, each acting near its own anchors.

Adding a set trains nothing anew, and taking it away leaves the answers that were there before. `sharing` says how sets
share a point. Class statistics that an adapter has stay its own: what they add is multiplied by the set's share of the
picture and by its share of the class text. So they are silent across sets, and one set alone has them whole.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from llu_core.encoders.rows import unit_rows
from llu_core.errors import LluError
from llu_core.method.adapter import UNNOTICED, LocalizedAdapter, LocalizedUpdate
from llu_core.method.anchors import cluster_anchors
from llu_core.method.composition.sharing import Near, allotted, name_closeness, picture_closeness, settled
from llu_core.method.composition.side import Side
from llu_core.method.statistics.head import share

_SAME_SCALE = 1e-3


@dataclass(frozen=True, eq=False)
class Composition:
    """members: one adapter per set, each with its own g, anchors, beta and gamma, in any order.

    max_anchors: how many image anchors, and how many text anchors, all sets may have together; past that every set's
    are clustered to its part (see `allotted`), None for no limit. One set alone is its adapter to the last bit. It is a
    Classifier. Raises LluError for no member, and for members of different widths or logit scales.
    """

    members: tuple[LocalizedAdapter, ...]
    max_anchors: int | None = None

    def __post_init__(self) -> None:
        if not self.members:
            raise LluError("there is no adapter to compose; give at least one")
        first = self.members[0]
        for other in self.members[1:]:
            if other.width != first.width:
                raise LluError(
                    f"adapters {first.width} and {other.width} wide cannot be composed; give those of one backbone"
                )
            if abs(other.logit_scale - first.logit_scale) > _SAME_SCALE * first.logit_scale:
                raise LluError(
                    f"adapters of logit scales {first.logit_scale:g} and {other.logit_scale:g} cannot be composed; "
                    "give those of one backbone"
                )
        allotted([len(each.image.anchors) for each in self.members], self.max_anchors)  # says so where they are too few

    @property
    def width(self) -> int:
        return self.members[0].width

    @property
    def logit_scale(self) -> float:
        return self.members[0].logit_scale

    def having(self, adapter: LocalizedAdapter) -> "Composition":
        """With one more set."""
        return replace(self, members=(*self.members, adapter))

    def without(self, index: int) -> "Composition":
        """Without the set at that index; raises LluError where it is the last one."""
        return replace(self, members=(*self.members[:index], *self.members[index + 1 :]))

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and class texts (C, d); rows that are no unit rows are made such.

        Raises LluError if their width is not the adapters'.
        """
        if len(self.members) == 1:
            return self._acting[0].logits(image_embeddings, class_embeddings)
        images, texts = (
            self._checked(rows, name) for name, rows in (("image", image_embeddings), ("class", class_embeddings))
        )
        of_images, of_texts = self.image.near(images), self.text.near(texts)
        logits = self.logit_scale * (self.image(images, of_images) @ self.text(texts, of_texts).T)
        logits = self._add_statistics(logits, images, texts, of_images, of_texts)
        return settled(
            logits, of_images, of_texts, torch.tensor([share(each.beta) for each in self._acting]).to(logits)
        )

    def image_alpha(self, image_embeddings: Tensor) -> Tensor:
        """(n, K): how much of each member's update an image receives, members in their own order."""
        if len(self.members) == 1:
            only = self._acting[0]
            return only.image.alpha(image_embeddings, beta=only.beta, gamma=only.gamma)[:, None]
        alpha = self.image.alpha(self.image.near(image_embeddings))
        return alpha[:, [self._order.index(index) for index in range(len(self.members))]]

    @cached_property
    def image(self) -> Side:
        """The updates of images, in an order of their own."""
        return Side(tuple(each.image for each in self._acting), self._masks, picture_closeness)

    @cached_property
    def text(self) -> Side:
        """The updates of class texts, in the same order."""
        return Side(tuple(each.text for each in self._acting), self._masks, name_closeness)

    @property
    def _masks(self) -> tuple[tuple[float, float], ...]:
        return tuple((each.beta, each.gamma) for each in self._acting)

    @cached_property
    def _order(self) -> list[int]:
        """The members by what they are, so that sums are the same to the last bit whoever came first."""
        digests = [_digest(each) for each in self.members] if len(self.members) > 1 else [b""]
        return sorted(range(len(digests)), key=digests.__getitem__)

    @cached_property
    def _acting(self) -> tuple[LocalizedAdapter, ...]:
        """The members in that order, with the anchors that they may keep."""
        members = [self.members[index] for index in self._order]
        images = _within([each.image for each in members], self.max_anchors)
        texts = _within([each.text for each in members], self.max_anchors)
        return tuple(
            member if image is member.image and text is member.text else replace(member, image=image, text=text)
            for member, image, text in zip(members, images, texts, strict=True)
        )

    def _checked(self, rows: Tensor, name: str) -> Tensor:
        rows = unit_rows(rows, f"{name} embeddings", self.members[0].image.anchors)
        if rows.shape[1] != self.width:
            raise LluError(
                f"{name} embeddings are {rows.shape[1]} wide but the adapters were trained on {self.width}; "
                "use the encoder they were trained with"
            )
        return rows

    def _add_statistics(self, logits: Tensor, images: Tensor, texts: Tensor, of_images: Near, of_texts: Near) -> Tensor:
        for index, each in enumerate(self._acting):
            rows = torch.nonzero(of_images.shares[:, index] > UNNOTICED).flatten()
            columns = torch.nonzero(of_texts.shares[:, index] > UNNOTICED).flatten()
            if each.statistics is None or not len(rows) or not len(columns):
                continue
            points = images[rows], texts[columns], of_images.nearest[rows, index], of_texts.nearest[columns, index]
            added = each.statistics.logits(*points, beta=each.beta)
            added = of_images.shares[rows, index, None] * of_texts.shares[columns, index] * added
            logits[rows[:, None], columns] += added
        return logits


def _within(updates: Sequence[LocalizedUpdate], budget: int | None) -> list[LocalizedUpdate]:
    """The updates with the anchors that a budget for all of them leaves each."""
    kept = allotted([len(each.anchors) for each in updates], budget)
    return [
        each if len(each.anchors) <= count else replace(each, anchors=cluster_anchors(each.anchors, count))
        for each, count in zip(updates, kept, strict=True)
    ]


def _digest(adapter: LocalizedAdapter) -> bytes:
    digest = hashlib.blake2b(f"{adapter.beta} {adapter.gamma} {adapter.statistics is None}".encode())
    for side in (adapter.image, adapter.text):
        for tensor in (side.update.weight, side.update.bias, side.anchors):
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.digest()
