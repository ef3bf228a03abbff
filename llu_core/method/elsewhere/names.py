"""How far an update reaches, told without pictures: which of many names of other things it moves noticeably.

A name u, embedded, goes to z. It is moved noticeably where |z - u| is more than half of |n - u|, n being the nearest
other name before anything moved: a name that goes less far stays nearer to where it was than any other name can have
been (by the triangle inequality), whatever the direction; one that goes further may be taken for another. The measure
is each name's own neighbourhood, so it fits models whose names lie close together as well as those that spread them.

In cosines, |z - u|^2 = 2 - 2 z.u, and the limit is z.u < 1 - (1 - n.u) / 4, the `threshold` of a name. z.u follows from
the name's cosine to the nearest text anchor, by alpha, and from u.v, v = g(u):

    z.u = ((1 - alpha) + alpha u.v) / sqrt((1 - alpha)^2 + alpha^2 + 2 alpha (1 - alpha) u.v)
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llu_core.data.taught import everyday_names
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.method.adapter import LocalizedAdapter, interpolation_mask, nearest_anchor
from llu_core.method.sweep import mixed_length

SAME = 1e-6
"""Cosine distance up to which two embeddings are taken for the same one."""
BATCH = 128
"""Names that are encoded between two steps."""


@dataclass(frozen=True, eq=False)
class EverydayNames:
    """Names of many things, embedded once for a model. embeddings: (K, d) unit rows; thresholds: (K,)."""

    names: tuple[str, ...]
    embeddings: Tensor
    thresholds: Tensor

    @classmethod
    def of(cls, names: Sequence[str], embeddings: Tensor) -> "EverydayNames":
        """Names that a model reads as one and the same, up to rounding, are not each other's neighbours."""
        near = embeddings @ embeddings.T
        others = near.masked_fill(near > 1 - SAME, -1.0).fill_diagonal_(-1.0).amax(dim=1)
        return cls(tuple(names), embeddings, 1 - (1 - others) / 4)


def encode_everyday_names(encoder: Encoder, model: str) -> Generator[tuple[int, int], None, EverydayNames]:
    """The everyday names that `model`, the name of the encoder's backbone, can be asked about (see `taught`), embedded
    in steps of (names done, names in all); an encoder that remembers does it once."""
    names = everyday_names(model)
    rows = []
    for start in range(0, len(names), BATCH):
        yield start, len(names)
        rows.append(class_embeddings(encoder, names[start : start + BATCH]))
    return EverydayNames.of(names, torch.cat(rows))


@dataclass(frozen=True, eq=False)
class NamesSweep:
    """Names under a trained adapter, at every (beta, gamma).

    nearest (K,): cosine to the nearest text anchor; uv (K,): u.v; thresholds (K,): of z.u, below it a name has moved.
    """

    names: tuple[str, ...]
    nearest: Tensor
    uv: Tensor
    thresholds: Tensor

    @classmethod
    def of(cls, adapter: LocalizedAdapter, everyday: EverydayNames, class_names: Sequence[str] = ()) -> "NamesSweep":
        """All names but those that are classes of the set, which are meant to move."""
        rows = everyday.embeddings
        nearest, uv = nearest_anchor(rows, adapter.text.anchors)[0], (rows * adapter.text.update(rows)).sum(dim=1)
        return cls(everyday.names, nearest, uv, everyday.thresholds).without(class_names)

    def without(self, class_names: Sequence[str]) -> "NamesSweep":
        """The names that are none of these classes."""
        own = {name.casefold() for name in class_names}
        kept = [index for index, name in enumerate(self.names) if name.casefold() not in own]
        names = tuple(self.names[index] for index in kept)
        return NamesSweep(names, self.nearest[kept], self.uv[kept], self.thresholds[kept])

    def moved(self, *, beta: float, gamma: float) -> Tensor:
        """(K,) bool: which names the update moves noticeably."""
        alpha = interpolation_mask(self.nearest, beta=beta, gamma=gamma)
        return ((1 - alpha) + alpha * self.uv) / mixed_length(alpha, self.uv) < self.thresholds

    def count(self, *, beta: float, gamma: float) -> int:
        """How many names the update moves noticeably; 0 at beta 0."""
        return int(self.moved(beta=beta, gamma=gamma).sum())
