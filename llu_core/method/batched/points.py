"""The points of K trainings in arrays of one shape, the update of eq. 4 on all of them, and its derivative.

A row below the points of a training, where another has more, stands for no point and counts for nothing; a column to
their right is a coordinate that this training lacks, and zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from llu_core.method.subspace import ModalityCoordinates


@dataclass(frozen=True, eq=False)
class BatchedPoints:
    """One modality of K trainings, in the coordinates of `subspace`, where r counts what the basis leaves out too.

    points: x (K, n, r); inputs: (K, n, 1 + q), the first one 1; alpha: (K, n, 1).
    """

    points: Tensor
    inputs: Tensor
    alpha: Tensor

    @classmethod
    def of(cls, coordinates: Sequence[ModalityCoordinates], alphas: Sequence[Tensor]) -> "BatchedPoints":
        """alphas: (n_k,) of each training's points."""
        # the rows below are no zeros, since their length is divided by
        return cls(
            padded([each.points for each in coordinates], rows_of=1.0),
            padded([each.inputs for each in coordinates], rows_of=1.0),
            padded([alpha[:, None] for alpha in alphas]),
        )

    def repeated(self, which: list[int]) -> "BatchedPoints":
        """Those of K trainings, the k-th of which has the points of training which[k] here."""
        if len(which) == len(self.points):
            return self
        return BatchedPoints(self.points[which], self.inputs[which], self.alpha[which])

    def select(self, rows: Tensor) -> "BatchedPoints":
        """The points of a batch. rows: (K, m), numbers into the flattened first two dimensions."""
        sizes = [values.shape[2] for values in (self.points, self.inputs, self.alpha)]
        return BatchedPoints(*rows_taken(self._side_by_side, rows).split(sizes, dim=2))

    @cached_property
    def _side_by_side(self) -> Tensor:
        """All three in one array, of which a batch is taken at once."""
        return torch.cat([self.points, self.inputs, self.alpha], dim=2)


@dataclass(frozen=True, eq=False)
class UpdatedPoints:
    """Points after eq. 4, with what the derivative needs of the way there.

    h = W x + b, g = h / |h|, m = x + alpha (g - x), z = m / |m|: g and z are (K, n, r), the lengths (K, n, 1).
    """

    before: BatchedPoints
    g: Tensor
    h_length: Tensor
    z: Tensor
    m_length: Tensor

    @classmethod
    def of(cls, before: BatchedPoints, matrix: Tensor, identity_part: Tensor | None) -> "UpdatedPoints":
        """matrix: A (K, 1 + q, r); identity_part: iota x (K, n, r), or None where A is all of W."""
        if identity_part is None:
            g = torch.bmm(before.inputs, matrix)
        else:
            g = torch.baddbmm(identity_part, before.inputs, matrix)
        h_length = torch.linalg.vector_norm(g, dim=2, keepdim=True)
        g.div_(h_length)
        z = torch.lerp(before.points, g, before.alpha)
        m_length = torch.linalg.vector_norm(z, dim=2, keepdim=True)
        return cls(before, g, h_length, z.div_(m_length), m_length)

    def gradient_before(self, gradient: Tensor) -> Tensor:
        """dL/dh from dL/dz, both (K, n, r).

        Normalising takes away what points along the result: dL/dm = (dL/dz - (dL/dz . z) z) / |m|, then
        dL/dg = alpha dL/dm, and dL/dh = (dL/dg - (dL/dg . g) g) / |h|.
        """
        along = (gradient * self.z).sum(dim=2, keepdim=True)
        back = torch.addcmul(gradient, along, self.z, value=-1).mul_(self.before.alpha / self.m_length)
        along = (back * self.g).sum(dim=2, keepdim=True)
        return back.addcmul_(along, self.g, value=-1).div_(self.h_length)


def padded(parts: Sequence[Tensor], rows_of: float = 0.0) -> Tensor:
    """(n_k, r_k) each -> (K, n, r): zeros to the right, rows of `rows_of` below."""
    if len(parts) == 1:
        return parts[0][None]
    columns = max(part.shape[1] for part in parts)
    widened = [F.pad(part, (0, columns - part.shape[1])) for part in parts]
    return pad_sequence(widened, batch_first=True, padding_value=rows_of)


def rows_taken(values: Tensor, rows: Tensor) -> Tensor:
    """values (K, n, r) and rows (K, m), numbers into K * n -> (K, m, r)."""
    return values.flatten(0, 1).index_select(0, rows.flatten()).view(*rows.shape, values.shape[2])
