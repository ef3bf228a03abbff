"""RLA: one linear map of the image embedding, held near the identity, as ProLIP does it (arXiv 2410.05270).

ProLIP itself trains the projection inside the image tower; on embeddings that are computed once, its place is taken by
a square matrix behind them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.schedule import cosine_rate, set_rate
from llu_core.systems.contract import AnyClasses, Device, Fitted, Material, best_on_validation


@dataclass(frozen=True)
class RlaRecipe:
    """learning_rates: the candidates, chosen on validation; learning_rate: without validation. lam: lambda, None for
    1 / shots per class; infinity keeps CLIP."""

    learning_rates: Sequence[float] = (1e-5, 3e-5, 1e-4)
    learning_rate: float = 1e-4
    steps: int = 300
    lam: float | None = None


PUBLISHED = RlaRecipe()


@dataclass(frozen=True, eq=False)
class LinearImageClassifier:
    """x -> normalize(W x), texts as they are. weight: (d, d)."""

    weight: Tensor
    logit_scale: float

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and class texts (C, d), unit rows."""
        return self.logit_scale * (F.normalize(image_embeddings @ self.weight.T, dim=1) @ class_embeddings.T)


def fit(material: Material, seed: int, device: Device, recipe: RlaRecipe = PUBLISHED) -> Fitted:
    """Full batch, hence nothing random: the seed is of no use."""
    validation = material.validation
    if not len(validation):
        return AnyClasses(_trained(material, recipe, recipe.learning_rate, device))
    candidates = [_trained(material, recipe, rate, device) for rate in recipe.learning_rates]
    texts = material.shots.class_embeddings
    best = best_on_validation(
        candidates, lambda candidate: candidate.logits(validation.embeddings, texts), validation.labels
    )
    return AnyClasses(best)


def _trained(material: Material, recipe: RlaRecipe, learning_rate: float, device: Device) -> LinearImageClassifier:
    shots = material.shots
    targets, texts = shots.train.labels.to(device), shots.class_embeddings.to(device)
    lam = recipe.lam if recipe.lam is not None else len(shots.seen_classes) / len(shots.train)
    identity = torch.eye(shots.width, device=device)
    weight = identity.clone().requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=learning_rate)
    for step in range(0 if math.isinf(lam) else recipe.steps):
        set_rate(optimizer, cosine_rate(learning_rate, step, recipe.steps))
        logits = LinearImageClassifier(weight, shots.logit_scale).logits(material.images(step).to(device), texts)
        loss = F.cross_entropy(logits, targets) + lam * (weight - identity).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return LinearImageClassifier(weight.detach().cpu(), shots.logit_scale)
