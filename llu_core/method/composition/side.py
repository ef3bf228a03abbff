"""One modality of a composition: the localized updates of all sets, applied at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.adapter import UNNOTICED, LocalizedUpdate, interpolation_mask
from llu_core.method.composition.sharing import Near, shares

_NUMBERS_AT_ONCE = 2**24
"""So many cosines to anchors are held at a time, in 64 MB."""


@dataclass(frozen=True, eq=False)
class Side:
    """updates: of K sets; masks: (beta, gamma) of each; closeness: of the points of this modality, see `sharing`."""

    updates: tuple[LocalizedUpdate, ...]
    masks: tuple[tuple[float, float], ...]
    closeness: Callable[[Tensor], Tensor]

    @cached_property
    def _anchors(self) -> Tensor:
        return torch.cat([each.anchors for each in self.updates])

    def near(self, points: Tensor) -> Near:
        """Where points (n, d) are among the sets, by one product with all anchors."""
        counts: Sequence[int] = [len(each.anchors) for each in self.updates]
        nearest, closeness = (points.new_empty(len(points), len(counts)) for _ in range(2))
        size = max(1, _NUMBERS_AT_ONCE // len(self._anchors))
        for start in range(0, len(points), size):
            rows = slice(start, start + size)
            for index, cosines in enumerate((points[rows] @ self._anchors.T).split(counts, dim=1)):
                nearest[rows, index], closeness[rows, index] = cosines.amax(dim=1), self.closeness(cosines)
        return Near(nearest, shares(closeness))

    def alpha(self, near: Near) -> Tensor:
        """(n, K): how much of each set's update a point receives; exactly 0 for what would not be noticed."""
        masks = [
            interpolation_mask(column, beta=beta, gamma=gamma)
            for column, (beta, gamma) in zip(near.nearest.unbind(dim=1), self.masks, strict=True)
        ]
        alpha = near.shares * torch.stack(masks, dim=1)
        return alpha.masked_fill(alpha <= UNNOTICED, 0.0)

    def __call__(self, points: Tensor, near: Near) -> Tensor:
        """points (n, d), unit rows -> unit rows; those that no set reaches come back bit for bit.

        A set's g is applied to the points alone that it reaches, which are few where there are many sets.
        """
        alpha = self.alpha(near)
        total = alpha.sum(dim=1, keepdim=True)
        mixed = (1 - total) * points
        for index, each in enumerate(self.updates):
            rows = torch.nonzero(alpha[:, index]).flatten()
            if len(rows):
                mixed.index_add_(0, rows, alpha[rows, index, None] * each.update(points[rows]))
        return torch.where(total == 0, points, F.normalize(mixed, dim=1))
