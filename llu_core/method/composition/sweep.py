"""Several sets, each at any (beta, gamma) of its own, whichever are switched on, without retraining; Sweep is for one.

z of a point is a mixture of K + 1 places, the point itself and g_k of it for every set k, by weights that follow from
how near it is to the anchors of each set. So one product for each pair of an image's and a text's places, and for each
pair of a point's own, hold all there is to know; which sets act is decided when the sweep is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from llu_core.method.adapter import UNNOTICED, LocalizedAdapter, LocalizedUpdate, interpolation_mask
from llu_core.method.composition.sharing import Near, name_closeness, picture_closeness, settled, shares
from llu_core.method.statistics.head import share
from llu_core.method.sweep import Sweep

Masks = Sequence[tuple[float, float]]
"""(beta, gamma) of every set."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where one modality's n points can be under K sets. nearest (n, K): cosines to the nearest anchor of every set;
    closeness (n, K): what `sharing` makes shares of; anchor (n, K): the nearest one's index; pairs (K (K + 1) / 2, n):
    the products of a point's K + 1 places with each other, in the order of `combinations`."""

    nearest: Tensor
    closeness: Tensor
    anchor: Tensor
    pairs: Tensor

    @classmethod
    def of(
        cls,
        updates: Sequence[LocalizedUpdate],
        points: Tensor,
        places: Sequence[Tensor],
        closeness: Callable[[Tensor], Tensor],
    ) -> "Places":
        """points (n, d), unit rows; places: the points, then g_k of them for every set; closeness: see `sharing`."""
        cosines = [points @ each.anchors.T for each in updates]
        found = [each.max(dim=1) for each in cosines]
        pairs = [(places[a] * places[b]).sum(dim=1) for a, b in combinations(range(len(places)), 2)]
        return cls(
            torch.stack([nearest for nearest, _ in found], dim=1),
            torch.stack([closeness(each) for each in cosines], dim=1),
            torch.stack([index for _, index in found], dim=1),
            torch.stack(pairs),
        )

    def near(self, acting: Sequence[int]) -> Near:
        """Where the points are among the sets that act."""
        return Near(self.nearest[:, acting], shares(self.closeness[:, acting]))

    def alpha(self, masks: Masks, on: Sequence[bool]) -> Tensor:
        """(n, K): how much of each set's update a point receives; exactly 0 for what would not be noticed."""
        alpha = torch.zeros_like(self.nearest)
        acting = [index for index, switched in enumerate(on) if switched]
        if not acting:
            return alpha
        near = self.near(acting)
        for part, column, index in zip(near.shares.unbind(dim=1), near.nearest.unbind(dim=1), acting, strict=True):
            beta, gamma = masks[index]
            alpha[:, index] = part * interpolation_mask(column, beta=beta, gamma=gamma)
        return alpha.masked_fill(alpha <= UNNOTICED, 0.0)

    def weights(self, masks: Masks, on: Sequence[bool]) -> Tensor:
        """(K + 1, n): how much of each place is in z, a unit vector."""
        alpha = self.alpha(masks, on)
        weights = torch.cat([1 - alpha.sum(dim=1, keepdim=True), alpha], dim=1).T
        square = weights.square().sum(dim=0)
        for pair, (a, b) in zip(self.pairs, combinations(range(len(weights)), 2), strict=True):
            square = square + 2 * weights[a] * weights[b] * pair
        return weights / square.clamp(min=1e-12).sqrt()

    def kept(self, masks: Masks, on: Sequence[bool]) -> Tensor:
        """(n,): z . x, how near a point stays to where it was."""
        weights = self.weights(masks, on)
        return weights[0] + sum(weight * pair for weight, pair in zip(weights[1:], self.pairs, strict=False))


@dataclass(frozen=True, eq=False)
class ComposedSweep:
    """products (K + 1, K + 1, n, C): of the places of n images with those of C class texts. statistics: of each set,
    (n, C), the logits that its class statistics add at a share of 1, or None."""

    images: Places
    classes: Places
    products: Tensor
    statistics: tuple[Tensor | None, ...]
    logit_scale: float

    @classmethod
    def of(cls, adapters: Sequence[LocalizedAdapter], images: Tensor, classes: Tensor) -> "ComposedSweep":
        """The products for images (n, d) and class texts (C, d), unit rows; the adapters' own masks have no say."""
        of_images = [images, *(each.image.update(images) for each in adapters)]
        of_classes = [classes, *(each.text.update(classes) for each in adapters)]
        image_side = Places.of([each.image for each in adapters], images, of_images, picture_closeness)
        class_side = Places.of([each.text for each in adapters], classes, of_classes, name_closeness)
        near = zip(adapters, image_side.nearest.unbind(dim=1), class_side.nearest.unbind(dim=1), strict=True)
        return cls(
            images=image_side,
            classes=class_side,
            products=torch.stack([torch.stack([a @ b.T for b in of_classes]) for a in of_images]),
            statistics=tuple(
                each.statistics.logits(images, classes, image, text) if each.statistics else None
                for each, image, text in near
            ),
            logit_scale=adapters[0].logit_scale,
        )

    def alone(self, index: int) -> Sweep:
        """The sweep of one set without the others."""
        place, images, classes = index + 1, self.images, self.classes
        return Sweep(
            uu=self.products[0, 0],
            vu=self.products[place, 0],
            uv=self.products[0, place],
            vv=self.products[place, place],
            image_nearest=images.nearest[:, index],
            class_nearest=classes.nearest[:, index],
            image_uv=images.pairs[index],
            class_uv=classes.pairs[index],
            image_anchor=images.anchor[:, index],
            logit_scale=self.logit_scale,
            statistics=self.statistics[index],
        )

    def logits(self, masks: Masks, on: Sequence[bool], *, statistics: bool = True) -> Tensor:
        """(n, C), equal to those of the `Composition` of the sets that are on, each with its mask, up to rounding; with
        none on they are the frozen model's. statistics: whether class statistics count."""
        acting = [index for index, switched in enumerate(on) if switched]
        if len(acting) == 1:
            alone, (beta, gamma) = self.alone(acting[0]), masks[acting[0]]
            return (alone if statistics else alone.without_statistics()).logits(beta=beta, gamma=gamma)
        images, classes = (side.weights(masks, on) for side in (self.images, self.classes))
        logits = self.logit_scale * torch.einsum("an,bk,abnk->nk", images, classes, self.products)
        if not acting:
            return logits
        near, named = self.images.near(acting), self.classes.near(acting)
        full = torch.tensor([share(masks[index][0]) for index in acting]).to(logits)
        for column, index in enumerate(acting):
            added = self.statistics[index]
            if statistics and added is not None:
                part = near.shares[:, column, None] * named.shares[:, column]
                logits = logits + full[column] * part * added
        return settled(logits, near, named, full)

    def predictions(self, masks: Masks, on: Sequence[bool], *, statistics: bool = True) -> Tensor:
        """(n,) int64, the most probable class."""
        return self.logits(masks, on, statistics=statistics).argmax(dim=1)
