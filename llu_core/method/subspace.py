"""In which coordinates a training is cheapest, and how its result is carried back to W and b.

Let Q (r, d) be a basis, orthonormal rows. A point x (d,), a unit row, has the coordinates c = Q x (r,) within it; what
the basis leaves out of x has the length rho = sqrt(1 - |c|^2) and a direction of its own. Training then looks for

    W = iota I + Q^T M^T E Q    and    b = Q^T a,

where E (q, r), orthonormal rows, picks the directions among the coordinates that occur as inputs. iota is the share of
the identity that is left in W: at first 1 from the identity, and always 0 from a random start, where A is all of W and
b. What is trained is A = [a; M], (1 + q, r); before it is normalised, the update of a point is in these coordinates

    Q (W x + b) = iota c + (1, E c) A,

and what lies outside the basis becomes iota rho, along its old direction.

Where Q spans all images and class texts, SGD from the identity loses nothing by this: the gradient of W is a sum of
outer products of vectors that lie in the span, SGD commutes with rotations, and weight decay and eq. 6 change what lies
outside by the factor iota, which the schedule alone decides.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.adapter import AffineUpdate
from llu_core.method.recipes import Recipe
from llu_core.method.training import TrainingProblem


@dataclass(frozen=True, eq=False)
class ModalityCoordinates:
    """The points of one modality in a subspace.

    points: c, (n, r), or (rho, c), (n, 1 + r), where the basis leaves something out. inputs: (1, E c), (n, 1 + q).
    input_basis: E (q, r), or None where every direction is an input and E is the identity.
    """

    points: Tensor
    inputs: Tensor
    input_basis: Tensor | None


@dataclass(frozen=True, eq=False)
class Subspace:
    """The subspace that a problem is trained in, and the problem's images and class texts there.

    basis: Q (r, d), or None where it is the identity and the coordinates are the embeddings themselves.
    leaves_out: whether points have a part outside the basis.
    """

    basis: Tensor | None
    leaves_out: bool
    image: ModalityCoordinates
    text: ModalityCoordinates

    @classmethod
    def of(cls, problem: TrainingProblem, recipe: Recipe) -> "Subspace":
        """The subspace that makes training by `recipe` cheap without changing its outcome."""
        basis, images, texts = problem.basis, problem.images, problem.texts
        leaves_out = basis is not None
        lossless = recipe.optimizer == "sgd" and recipe.init == "identity"
        if lossless and len(images) + len(texts) < problem.width:
            basis = _rows_spanning(torch.cat([texts, images]))
        images_within, texts_within = (points if basis is None else points @ basis.T for points in (images, texts))
        few_texts = lossless and len(texts) < texts_within.shape[1]
        text_inputs = _rows_spanning(texts_within) if few_texts else None
        image_rest = text_rest = None
        if leaves_out:
            squares = images_within.square().sum(dim=1, keepdim=True)
            image_rest = (1 - squares).clamp(min=0).sqrt()
            text_rest = torch.zeros_like(texts[:, :1])  # the basis spans the class texts
        image = _coordinates(images_within, image_rest, None)
        return cls(basis, leaves_out, image, _coordinates(texts_within, text_rest, text_inputs))

    def updates(
        self, coordinates: ModalityCoordinates, weights: Tensor, biases: Tensor, identity_shares: Tensor
    ) -> list[AffineUpdate]:
        """W (d, d) and b (d,) of one modality for each of k trainings, on the CPU, from M (k, q, r), a (k, r) and iota
        (k,); they are parts of one array."""
        full = weights.mT if coordinates.input_basis is None else weights.mT @ coordinates.input_basis  # (k, r, r)
        if self.basis is not None:
            basis = self.basis
            if 2 * len(basis) < basis.shape[1]:  # small matrices travel sooner from a GPU than what they grow to
                full, biases, basis = full.cpu(), biases.cpu(), basis.cpu()
            full, biases = basis.T @ full @ basis, biases @ basis
        full, biases = full.cpu().contiguous(), biases.cpu()
        full.diagonal(dim1=1, dim2=2).add_(identity_shares[:, None])
        return [AffineUpdate(*parts) for parts in zip(full, biases, strict=True)]


def _coordinates(within: Tensor, rest: Tensor | None, input_basis: Tensor | None) -> ModalityCoordinates:
    """within: c (n, r); rest: rho (n, 1), or None where the basis leaves nothing out."""
    inputs = F.pad(within if input_basis is None else within @ input_basis.T, (1, 0), value=1.0)
    return ModalityCoordinates(within if rest is None else torch.cat([rest, within], dim=1), inputs, input_basis)


def _rows_spanning(points: Tensor) -> Tensor:
    """(m, d) orthonormal rows whose span holds all of `points` (m, d), m < d."""
    return torch.linalg.qr(points.T).Q.T.contiguous()
