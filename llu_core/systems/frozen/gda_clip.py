"""GDA-CLIP (Wang et al., arXiv 2402.04087): Gaussian discriminant analysis of the images, beside CLIP's texts.

Every class is a Gaussian, all classes with shots share one covariance; the resulting linear head is added to the
zero-shot logits. A class without shots gets a pseudo mean out of the training images nearest to its text and copies of
that text; where no class has shots, the precision is the mean of estimates around each one's text.

Deviations: without augmented views the classes with shots take the official few-shot code's estimate of the precision
(empirical Bayes ridge), since the mean class covariance, whose pseudo-inverse the official base-to-new code takes of
its views, is singular then. A problem with both kinds of classes, which the paper does not have, takes the shared
precision for all of them, since likelihoods under two precisions cannot be compared.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.method.statistics.gaussian import class_means, shrunk_precision
from llu_core.systems.contract import Device, Fitted, Material, best_on_validation


@dataclass(frozen=True)
class GdaRecipe:
    """weights: the candidates for the head's weight, chosen on validation; weight: without it, the official start.

    neighbours and text_copies make the pseudo mean of a class without shots, the neighbours its precision too.
    """

    weights: Sequence[float] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
    weight: float = 0.1
    neighbours: int = 64
    text_copies: int = 16


PUBLISHED = GdaRecipe()


@dataclass(frozen=True, eq=False)
class GdaClassifier:
    """logits = s * x . text + weight * (x . row + bias), row = P m and bias = -m . P m / 2 - log C for every class.

    m: its mean, P: the precision. means, rows: (C, d), bias: (C,).
    """

    means: Tensor
    rows: Tensor
    bias: Tensor
    weight: float
    logit_scale: float

    @classmethod
    def of(cls, means: Tensor, precision: Tensor, weight: float, logit_scale: float) -> "GdaClassifier":
        """The head of class means (C, d) that share a precision (d, d)."""
        rows = means @ precision
        return cls(means, rows, -0.5 * (rows * means).sum(dim=1) - math.log(len(means)), weight, logit_scale)

    def head_logits(self, image_embeddings: Tensor) -> Tensor:
        """(n, C): log likelihood of every class up to a constant of the image, equal priors."""
        return image_embeddings @ self.rows.T + self.bias

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and the texts (C, d) of the classes it was made for, unit rows."""
        texts = self.logit_scale * (image_embeddings @ class_embeddings.T)
        return texts + self.weight * self.head_logits(image_embeddings)


@dataclass(frozen=True, eq=False)
class FittedGda:
    """The training rows' statistics: all views (n, d), class means (C, d) and the shared precision (d, d)."""

    shots: FewShotSet
    images: Tensor
    means: Tensor
    precision: Tensor
    weight: float
    recipe: GdaRecipe

    def on(self, problem: FewShotSet) -> GdaClassifier:
        """Classes with shots get their mean, others a pseudo mean; the precision is as the module says."""
        label_of = {self.shots.class_names[label]: label for label in self.shots.seen_classes}
        labels = torch.tensor([label_of.get(name, -1) for name in problem.class_names])
        new, precision = labels < 0, self.precision
        means = self.means[labels]
        if bool(new.any()):
            texts = problem.class_embeddings[new]
            nearest = self._nearest(texts)
            means[new] = self._pseudo_means(texts, nearest)
            precision = precision_around(texts, nearest) if bool(new.all()) else precision
        return GdaClassifier.of(means, precision, self.weight, self.shots.logit_scale)

    def _nearest(self, texts: Tensor) -> Tensor:
        """(C, k, d): the training rows nearest to each text."""
        count = min(self.recipe.neighbours, len(self.images))
        return self.images[(texts @ self.images.T).topk(count, dim=1).indices]

    def _pseudo_means(self, texts: Tensor, nearest: Tensor) -> Tensor:
        copies = self.recipe.text_copies
        return (nearest.sum(dim=1) + copies * texts) / (nearest.shape[1] + copies)


def precision_around(texts: Tensor, nearest: Tensor) -> Tensor:
    """(d, d): the mean over classes of d * (D'D + t I)^-1, D being a class's nearest rows minus its text.

    texts: (C, d), nearest: (C, k, d); t = tr(D'D) / (k - 1). As in the official code, the rows are
    centred by the text, not by their mean. The inverse is taken of k x k matrices:
    (D'D + t I)^-1 = (I - D' (D D' + t I)^-1 D) / t.
    """
    (classes, count, width), total = nearest.shape, texts.new_zeros(texts.shape[1], texts.shape[1], dtype=torch.float64)
    for text, rows in zip(texts, nearest, strict=True):
        away = (rows - text).double()
        ridge = away.square().sum() / max(1, count - 1)
        inner = torch.linalg.solve(away @ away.T + ridge * torch.eye(count, dtype=torch.float64), away)
        total += (torch.eye(width, dtype=torch.float64) - away.T @ inner) / ridge
    return (width * total / classes).float()


def fit(material: Material, seed: int, device: Device, recipe: GdaRecipe = PUBLISHED) -> Fitted:
    """Closed form on the CPU, of all the views there are; nothing is trained, nothing is random."""
    shots, validation = material.shots, material.validation
    images, targets = material.all_images()
    means = class_means(images, targets, len(shots.class_names))
    precision = _precision(images - means[targets], targets, with_views=len(images) > len(shots.train))
    fitted = FittedGda(shots, images, means, precision, recipe.weight, recipe)
    if not len(validation):
        return fitted
    texts = shots.logit_scale * (validation.embeddings @ shots.class_embeddings.T)
    head = fitted.on(shots).head_logits(validation.embeddings)
    return replace(
        fitted, weight=best_on_validation(recipe.weights, lambda weight: texts + weight * head, validation.labels)
    )


def _precision(centred: Tensor, targets: Tensor, *, with_views: bool) -> Tensor:
    """(d, d): the pseudo-inverse of the mean of the classes' covariances, without views the shrunk estimate."""
    if not with_views:
        return shrunk_precision(centred)
    counts = torch.bincount(targets)
    shares = 1.0 / ((counts - 1).clamp(min=1) * (counts > 0).sum())
    scaled = centred.double() * shares[targets].double().sqrt()[:, None]
    return torch.linalg.pinv(scaled.T @ scaled, hermitian=True).float()
