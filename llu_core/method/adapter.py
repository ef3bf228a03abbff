"""Localized Latent Updates: affine maps on frozen embeddings that apply only near the few-shot points.

Ibing, Lim, Kobbelt: "Localized Latent Updates for Fine-Tuning Vision-Language Models", arXiv 2212.06556.
Everything here is a value: training returns new adapters, moving a slider makes a new one that shares the weights.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.encoders.rows import unit_rows
from llu_core.errors import LluError
from llu_core.method.statistics.head import ClassStatistics

DIRAC_TOLERANCE = 1e-3
"""At gamma = infinity, a point is an anchor if its cosine distance to one is below this (the paper's value)."""
UNNOTICED = 2.0**-25
"""A share of at most this much is none: 1 minus it is 1 in float32, so it moves a point by less than rounding does."""


def nearest_anchor(points: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor]:
    """Similarity to, and index of, each point's nearest anchor.

    points (n, d) and anchors (m, d), unit rows. Returns cosines (n,) and indices (n,) int64.
    """
    if len(points) == 0:
        return points.new_zeros(0), torch.zeros(0, dtype=torch.int64, device=points.device)
    similarity, index = (points @ anchors.T).max(dim=1)
    return similarity, index


def interpolation_mask(similarity: Tensor, *, beta: float | Tensor, gamma: float | Tensor) -> Tensor:
    """alpha = beta * exp(-gamma * (1 - similarity)), the share of the update a point receives (eq. 5).

    similarity (...): cosine to the nearest anchor; the distance 1 - similarity is clamped to [0, 1].
    beta in [0, 1]: the share at an anchor; a column of several is broadcast. gamma in [0, inf]: 0 applies the update
    everywhere, infinity only at the anchors themselves (within DIRAC_TOLERANCE). Same shape as similarity. Both may be
    tensors without axes, which gradients reach.
    """
    distance = (1.0 - similarity).clamp(0.0, 1.0)
    most = torch.finfo(distance.dtype).max
    # In float32 a gamma beyond its range would be infinite, and NaN at the anchors, where the distance is 0.
    if isinstance(gamma, Tensor):  # which is not read: a compiled program must not wait for its value
        at_anchors = (distance < DIRAC_TOLERANCE).to(distance)
        return beta * torch.where(gamma.isinf(), at_anchors, torch.exp(-gamma.clamp(max=most) * distance))
    if math.isinf(gamma):
        return beta * (distance < DIRAC_TOLERANCE).to(similarity.dtype)
    return beta * torch.exp(-min(gamma, most) * distance)


def check_mask(beta: float, gamma: float) -> None:
    """Raise LluError unless beta lies in [0, 1] and gamma in [0, infinity]."""
    if not 0.0 <= beta <= 1.0:
        raise LluError(f"beta is {beta:g}; give a share between 0 (CLIP) and 1 (the full update at the anchors)")
    if not gamma >= 0.0:
        raise LluError(f"gamma is {gamma:g}; give a number from 0 (everywhere) to inf (only at the anchors)")


def require_width(width: int, images: Tensor, classes: Tensor) -> None:
    """Raise LluError unless embeddings (n, d) and (C, d) have the width that an adapter was trained on."""
    for name, rows in (("image", images), ("class", classes)):
        if rows.ndim != 2 or rows.shape[1] != width:
            wide = f"{rows.shape[1]} wide" if rows.ndim == 2 else f"of shape {tuple(rows.shape)}"
            raise LluError(
                f"{name} embeddings are {wide} but the adapter was trained on {width}; use the encoder it was "
                "trained with"
            )


@dataclass(frozen=True, eq=False)
class AffineUpdate:
    """g(x) = normalize(W x + b). weight: (d, d), bias: (d,)."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def identity(cls, width: int) -> "AffineUpdate":
        """The start of training: W = I, b = 0."""
        return cls(torch.eye(width, dtype=torch.float32), torch.zeros(width, dtype=torch.float32))

    @classmethod
    def random(cls, width: int, generator: torch.Generator) -> "AffineUpdate":
        """Linear-layer initialisation, uniform in +-1/sqrt(d): the ablation "rand. init"."""
        bound = width**-0.5
        weight, bias = torch.empty(width, width, dtype=torch.float32), torch.empty(width, dtype=torch.float32)
        weight.uniform_(-bound, bound, generator=generator)
        return cls(weight, bias.uniform_(-bound, bound, generator=generator))

    def __call__(self, points: Tensor) -> Tensor:
        """points (n, d), unit rows -> (n, d), unit rows."""
        return F.normalize(torch.addmm(self.bias, points, self.weight.T), dim=1)

    def distance_to_identity(self) -> Tensor:
        """Mean squares of W - I and of b, summed: this adapter's term of eq. 6; a scalar."""
        eye = torch.eye(len(self.bias), device=self.weight.device, dtype=self.weight.dtype)
        return F.mse_loss(self.weight, eye) + self.bias.square().mean()

    def to(self, device: torch.device | str) -> "AffineUpdate":
        return AffineUpdate(self.weight.to(device), self.bias.to(device))

    def detach(self) -> "AffineUpdate":
        """The same values, of which no gradient is asked."""
        return AffineUpdate(self.weight.detach(), self.bias.detach())


def interpolate(points: Tensor, updated: Tensor, alpha: Tensor) -> Tensor:
    """z = normalize(alpha * g(x) + (1 - alpha) * x) (eq. 4); points with alpha up to UNNOTICED come back bit for bit.

    points, updated: (n, d), unit rows; alpha: (n,).
    """
    return torch.where(alpha[:, None] <= UNNOTICED, points, mixed(points, updated, alpha))


def mixed(points: Tensor, updated: Tensor, alpha: Tensor) -> Tensor:
    """Eq. 4 for every alpha alike, so that a gradient reaches an alpha of 0 too."""
    share = alpha[:, None]
    return F.normalize(share * updated + (1 - share) * points, dim=1)


@dataclass(frozen=True, eq=False)
class LocalizedUpdate:
    """One modality's update: g, applied near its anchors (m, d), unit rows."""

    update: AffineUpdate
    anchors: Tensor

    def alpha(self, points: Tensor, *, beta: float, gamma: float) -> Tensor:
        """(n,) shares for points (n, d), unit rows; each depends on its own nearest anchor only."""
        return interpolation_mask(nearest_anchor(points, self.anchors)[0], beta=beta, gamma=gamma)

    def __call__(self, points: Tensor, *, beta: float, gamma: float) -> Tensor:
        """points (n, d), unit rows -> their localized update (n, d), unit rows."""
        return self.at(points, nearest_anchor(points, self.anchors)[0], beta=beta, gamma=gamma)

    def at(self, points: Tensor, nearest: Tensor, *, beta: float, gamma: float) -> Tensor:
        """The same, of points whose cosines (n,) to the nearest anchor are known."""
        return interpolate(points, self.update(points), interpolation_mask(nearest, beta=beta, gamma=gamma))

    def to(self, device: torch.device | str) -> "LocalizedUpdate":
        return LocalizedUpdate(self.update.to(device), self.anchors.to(device))


@dataclass(frozen=True, eq=False)
class LocalizedAdapter:
    """The trained method: a localized update for images and one for texts, sharing beta and gamma.

    logit_scale: the frozen model's s (1/temperature). statistics: of the shots, whose logits are added, or None as in
    the paper. It is a Classifier: any class texts can be asked for, trained or new.
    """

    image: LocalizedUpdate
    text: LocalizedUpdate
    beta: float = 0.5
    gamma: float = 20.0
    logit_scale: float = 100.0
    statistics: ClassStatistics | None = None

    def __post_init__(self):
        check_mask(self.beta, self.gamma)

    @property
    def width(self) -> int:
        return len(self.image.update.bias)

    @property
    def shared(self) -> bool:
        """Whether both modalities use the same g."""
        return self.image.update is self.text.update

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """s * z_I . z_T, plus the logits of the statistics: (n, C) for images (n, d) and class texts (C, d).

        Rows that are no unit rows are made such.

        Raises LluError if their width is not the adapter's.
        """
        image_embeddings = unit_rows(image_embeddings, "image embeddings", self.image.anchors)
        class_embeddings = unit_rows(class_embeddings, "class embeddings", self.text.anchors)
        require_width(self.width, image_embeddings, class_embeddings)
        image_nearest = nearest_anchor(image_embeddings, self.image.anchors)[0]
        class_nearest = nearest_anchor(class_embeddings, self.text.anchors)[0]
        images = self.image.at(image_embeddings, image_nearest, beta=self.beta, gamma=self.gamma)
        texts = self.text.at(class_embeddings, class_nearest, beta=self.beta, gamma=self.gamma)
        logits = self.logit_scale * (images @ texts.T)
        if self.statistics is None:
            return logits
        points = image_embeddings, class_embeddings, image_nearest, class_nearest
        return logits + self.statistics.logits(*points, beta=self.beta)

    def with_mask(self, *, beta: float | None = None, gamma: float | None = None) -> "LocalizedAdapter":
        """The same weights under another mask; nothing is retrained."""
        return replace(self, beta=self.beta if beta is None else beta, gamma=self.gamma if gamma is None else gamma)

    def distance_to_identity(self) -> float:
        """How far training moved both adapters from doing nothing: eq. 6 without lambda."""
        return float(self.image.update.distance_to_identity() + self.text.update.distance_to_identity())

    def to(self, device: torch.device | str) -> "LocalizedAdapter":
        image = self.image.to(device)
        text = self.text.to(device)
        if self.shared:
            text = replace(text, update=image.update)
        statistics = self.statistics and self.statistics.to(device)
        return replace(self, image=image, text=text, statistics=statistics)
