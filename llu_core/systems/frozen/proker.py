"""ProKeR (Bendou et al., CVPR 2025): kernel ridge regression of what CLIP leaves unexplained, in closed form.

f(x) = x . T + k(x, S) A,    A = (K_SS / lambda + I)^-1 (onehot - S T),    k(x, y) = exp(-b (1 - x . y)),

with the shots S and the class texts T, both unit rows. The cosine goes in without the model's logit scale, so the
answers order the classes but are no calibrated logits. Every augmented view is a row of its own, where there are any.

Deviations: the facts were read off a repository derived from the official one; without validation rows, b and lambda
are that code's defaults by the number of shots.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.systems.contract import Device, Fitted, Material, best_on_validation, trained_labels

DEFAULTS = {1: (3.0, 0.05), 2: (2.6, 0.05), 4: (1.5, 0.05), 8: (1.66, 0.07), 16: (1.7, 0.1)}
"""(b, lambda) by shots per class; the nearest number from below counts."""


def _spread(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(low + (high - low) * step / (count - 1) for step in range(count))


@dataclass(frozen=True)
class ProkerRecipe:
    """widths: candidates of b, strengths: of lambda, all pairs of them tried on validation rows where there are any."""

    widths: Sequence[float] = _spread(0.5, 3.0, 20)
    strengths: Sequence[float] = _spread(0.001, 1.0, 10)


PUBLISHED = ProkerRecipe()


@dataclass(frozen=True, eq=False)
class KernelClassifier:
    """points: S (m, d); weights: A (m, C), of the classes asked for; width: b."""

    points: Tensor
    weights: Tensor
    width: float

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and the texts (C, d) of the classes it was made for, unit rows."""
        return image_embeddings @ class_embeddings.T + kernel(image_embeddings, self.points, self.width) @ self.weights


@dataclass(frozen=True, eq=False)
class FittedKernel:
    """A kernel classifier over the classes of `shots`."""

    shots: FewShotSet
    classifier: KernelClassifier

    def on(self, problem: FewShotSet) -> KernelClassifier:
        """The columns of the problem's classes; raises CannotAnswer for a class without shots."""
        chosen = trained_labels(self.shots, problem)
        return replace(self.classifier, weights=self.classifier.weights[:, chosen])


def fit(material: Material, seed: int, device: Device, recipe: ProkerRecipe = PUBLISHED) -> Fitted:
    """Solved on the CPU; nothing is trained, nothing is random."""
    shots, validation = material.shots, material.validation
    points, targets = material.all_images()
    if not len(validation):
        return FittedKernel(shots, solve(points, targets, shots.class_embeddings, *_default(material)))
    pairs = itertools.product(recipe.widths, recipe.strengths)
    best = best_on_validation(
        [solve(points, targets, shots.class_embeddings, *pair) for pair in pairs],
        lambda candidate: candidate.logits(validation.embeddings, shots.class_embeddings),
        validation.labels,
    )
    return FittedKernel(shots, best)


def solve(points: Tensor, targets: Tensor, texts: Tensor, width: float, strength: float) -> KernelClassifier:
    """A, from the shots (m, d), their labels (m,) and the class texts (C, d)."""
    left = F.one_hot(targets, len(texts)).double() - (points @ texts.T).double()
    system = kernel(points, points, width).double() / strength + torch.eye(len(points), dtype=torch.float64)
    return KernelClassifier(points, torch.linalg.solve(system, left).float(), width)


def kernel(first: Tensor, second: Tensor, width: float) -> Tensor:
    """exp(-b (1 - x . y)), (n, m)."""
    return torch.exp(-width * (1 - first @ second.T))


def _default(material: Material) -> tuple[float, float]:
    shots = len(material.targets) / len(material.shots.seen_classes)
    return DEFAULTS[max((count for count in DEFAULTS if count <= shots), default=1)]
