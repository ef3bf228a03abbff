"""RLA: one linear map of the image embedding, held near the identity, as ProLIP does it (arXiv 2410.05270).

ProLIP itself trains the projection inside the image tower; on embeddings that are computed once, its place is taken by
a square matrix behind them.

Deviations: none in the embeddings, which are unit rows here and raw features there: the map is linear and what it gives
is normalised, so that no answer differs. Where there are augmented views, as many as were made take turns, in place of
300. Rate and lambda are those of the official configuration of base-to-new, 1e-5 and 1 / shots, in every protocol; the
official few-shot runs with validation rows try 49 pairs, a training each, which is done here on a recipe's word only.
"""

import itertools
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
    """learning_rate, lam: the rate and lambda, None for 1 / shots per class; infinity keeps CLIP.

    search: try all pairs of learning_rates and lams on validation rows instead, where there are any.
    """

    learning_rate: float = 1e-5
    lam: float | None = None
    steps: int = 300
    epsilon: float = 1e-4
    search: bool = False
    learning_rates: Sequence[float] = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
    lams: Sequence[float] = (10.0, 1.0, 0.1, 0.01, 1e-3, 1e-4, 0.0)


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
    shots, validation = material.shots, material.validation
    if not (recipe.search and len(validation)):
        lam = len(shots.seen_classes) / len(shots.train) if recipe.lam is None else recipe.lam
        return AnyClasses(_trained(material, recipe, recipe.learning_rate, lam, device))
    pairs = itertools.product(recipe.learning_rates, recipe.lams)
    best = best_on_validation(
        [_trained(material, recipe, *pair, device) for pair in pairs],
        lambda candidate: candidate.logits(validation.embeddings, shots.class_embeddings),
        validation.labels,
    )
    return AnyClasses(best)


def _trained(
    material: Material, recipe: RlaRecipe, learning_rate: float, lam: float, device: Device
) -> LinearImageClassifier:
    shots = material.shots
    targets, texts = shots.train.labels.to(device), shots.class_embeddings.to(device)
    identity = torch.eye(shots.width, device=device)
    weight = identity.clone().requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=learning_rate, eps=recipe.epsilon)
    for step in range(0 if math.isinf(lam) else recipe.steps):
        set_rate(optimizer, cosine_rate(learning_rate, step, recipe.steps))
        logits = LinearImageClassifier(weight, shots.logit_scale).logits(material.images(step).to(device), texts)
        loss = F.cross_entropy(logits, targets) + lam * (weight - identity).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return LinearImageClassifier(weight.detach().cpu(), shots.logit_scale)
