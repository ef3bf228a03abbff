"""In which coordinates a training is cheapest, and how its result is carried back to W and b.

Every point x of the training is written as its part within a basis Q (r, d) and, before it, the length of what is left
over, whose direction is its own and never changes. W - I and b are trained as A (1 + q, r), of which the first row is
the bias: g(x) = normalize(iota x + (1, E Q x) A Q), where E (q, r) picks the input directions that occur.
Nothing is lost where Q spans all images and class texts: the gradient of W is a sum of outer products of vectors that
lie in there, SGD commutes with rotations, and weight decay shrinks what is outside by a factor iota that the schedule
alone decides.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.adapter import AffineUpdate
from llu_core.method.recipes import Recipe
from llu_core.method.training import Problem


@dataclass(frozen=True, eq=False)
class Side:
    """One modality's points (n, r), or (n, 1 + r) with what the basis leaves out; inputs (n, 1 + q), the first one 1.

    picks: E (q, r), or None where every direction is an input.
    """

    points: Tensor
    inputs: Tensor
    picks: Tensor | None


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Of one problem. basis: (r, d) orthonormal rows, None for those of the embeddings themselves.

    leaves_out: whether points have a part outside the basis.
    """

    basis: Tensor | None
    leaves_out: bool
    image: Side
    text: Side

    @classmethod
    def of(cls, problem: Problem, recipe: Recipe) -> "Coordinates":
        """Those that make `recipe` cheap without changing its outcome."""
        basis, images, texts = problem.basis, problem.images, problem.texts
        leaves_out = basis is not None
        exact = recipe.optimizer == "sgd" and recipe.init == "identity"
        if exact and len(images) + len(texts) < problem.width:
            basis = _rows_spanning(torch.cat([texts, images]))
        within = [points if basis is None else points @ basis.T for points in (images, texts)]
        picks = _rows_spanning(within[1]) if exact and len(texts) < within[1].shape[1] else None
        rests = None, None
        if leaves_out:  # the class texts have no part outside
            squares = within[0].square().sum(dim=1, keepdim=True)
            rests = (1 - squares).clamp(min=0).sqrt(), torch.zeros_like(texts[:, :1])
        return cls(basis, leaves_out, _side(within[0], None, rests[0]), _side(within[1], picks, rests[1]))

    def lifted(self, side: Side, weight: Tensor, bias: Tensor, iota: float) -> AffineUpdate:
        """W (d, d) and b (d,) from the rows of A: weight (q, r) and bias (r,)."""
        weight = weight.T if side.picks is None else weight.T @ side.picks
        if self.basis is None:
            weight, bias = weight.contiguous(), bias.clone()
        else:
            weight, bias = self.basis.T @ weight @ self.basis, bias @ self.basis
        weight.diagonal().add_(iota)
        return AffineUpdate(weight, bias)


def _side(within: Tensor, picks: Tensor | None, rest: Tensor | None) -> Side:
    inputs = F.pad(within if picks is None else within @ picks.T, (1, 0), value=1.0)
    return Side(within if rest is None else torch.cat([rest, within], dim=1), inputs, picks)


def _rows_spanning(points: Tensor) -> Tensor:
    """(m, d) orthonormal rows whose span holds all of `points` (m, d), m < d."""
    return torch.linalg.qr(points.T).Q.T.contiguous()
