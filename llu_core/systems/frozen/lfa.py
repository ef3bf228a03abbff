"""LFA (Ouali et al., ICCV 2023): one linear map that aligns images with the class texts, from a closed-form start.

W starts at the orthogonal Procrustes solution U V' of X' T_y = U S V', drawn to the identity by BETA, and is refined by
the adaptive re-ranking loss: for z = normalize(x W) and each of the NEIGHBOURS nearest wrong texts t_j,

    relu(|z - t_y| + (1 - t_y . t_j) / 4 - |z - t_j|), averaged.

New classes are asked with a running mean of W that starts at the identity, all trained classes with W itself.

Deviations: the official steps are chosen per data set; here they are those of that table where the set's name is in it
and 50 elsewhere. The start keeps beta .9, as for base-to-new. A step without views sees a random 75 % of the images.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.method.classifier import Classifier
from llu_core.method.schedule import set_rate
from llu_core.systems.contract import Device, Fitted, Material
from llu_core.systems.rla import LinearImageClassifier

STEPS = {"caltech101": 40, "dtd": 100, "fgvc_aircraft": 100, "ucf101": 100, "imagenet": 100, "oxford_pets": 10}
"""Where they are not 50."""


@dataclass(frozen=True)
class LfaRecipe:
    """pull: beta, how far the start is drawn to the identity; noise: its standard deviation, put on with the chance
    noise_chance; dropout: of features, likewise. steps: None for the published table."""

    pull: float = 0.9
    learning_rate: float = 5e-4
    last_rate: float = 1e-7
    weight_decay: float = 5e-4
    steps: int | None = None
    neighbours: int = 3
    seen_share: float = 0.75
    noise: float = 0.035
    noise_chance: float = 0.5
    dropout: float = 0.05
    dropout_chance: float = 0.5


PUBLISHED = LfaRecipe()


@dataclass(frozen=True, eq=False)
class FittedAlignment:
    """W of the trained classes and its running mean, both (d, d) and applied from the left."""

    shots: FewShotSet
    trained: LinearImageClassifier
    averaged: LinearImageClassifier

    def on(self, problem: FewShotSet) -> Classifier:
        """W where every class was trained, its running mean where one was not."""
        seen = {self.shots.class_names[label] for label in self.shots.seen_classes}
        return self.trained if seen.issuperset(problem.class_names) else self.averaged


def fit(material: Material, seed: int, device: Device, recipe: LfaRecipe = PUBLISHED) -> Fitted:
    """AdamW with a cosine; the seed draws images, noise and dropout."""
    shots, generator = material.shots, torch.Generator().manual_seed(seed)
    texts, targets = shots.class_embeddings.to(device), material.targets.to(device)
    weight = procrustes(material.images().to(device), texts[targets], recipe.pull).requires_grad_()
    average = torch.eye(shots.width, device=device)
    optimizer = torch.optim.AdamW([weight], lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.steps or STEPS.get(shots.name, 50)
    for step in range(steps):
        set_rate(optimizer, _rate(recipe, step, steps))
        images, kept = _seen(material, recipe, step, generator)
        disturbed = _disturbed(images, recipe, generator).to(device)
        optimizer.zero_grad()
        reranking_loss(disturbed @ weight, texts, targets[kept.to(device)], recipe.neighbours).backward()
        optimizer.step()
        average.lerp_(weight.detach(), 1 - momentum(step + 1, steps))
    of_trained, of_new = (
        LinearImageClassifier(each.detach().cpu().T.contiguous(), shots.logit_scale) for each in (weight, average)
    )
    return FittedAlignment(shots, of_trained, of_new)


def procrustes(images: Tensor, texts: Tensor, pull: float) -> Tensor:
    """W0 - pull (W0 - I), (d, d), for images and their own texts, (n, d) each."""
    left, _, right = torch.linalg.svd((images.T @ texts).double())
    start = (left @ right).float()
    return start - pull * (start - torch.eye(len(start)).to(start))


def reranking_loss(mapped: Tensor, texts: Tensor, targets: Tensor, neighbours: int) -> Tensor:
    """mapped: x W (m, d), before it is normalised; texts (C, d), unit rows."""
    distances = torch.cdist(F.normalize(mapped, dim=1), texts, compute_mode="donot_use_mm_for_euclid_dist")
    own = distances.gather(1, targets[:, None])
    others = distances.scatter(1, targets[:, None], math.inf)
    nearest, index = others.topk(min(neighbours, len(texts) - 1), dim=1, largest=False)
    margins = (1 - (texts @ texts.T)[targets[:, None], index]) / 4
    return F.relu(own + margins - nearest).mean() if nearest.numel() else mapped.sum() * 0


def momentum(step: int, steps: int) -> float:
    """Of the running mean, counted from 1: from .9 towards 1 within half of the steps."""
    half = max(1.0, steps / 2)
    return 0.9 + 0.1 * (1 - math.exp(-5 * min(step, half) / half))


def _rate(recipe: LfaRecipe, step: int, steps: int) -> float:
    """A cosine from the first rate to the last."""
    return recipe.last_rate + (recipe.learning_rate - recipe.last_rate) * (1 + math.cos(math.pi * step / steps)) / 2


def _seen(material: Material, recipe: LfaRecipe, step: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The images of a step and their rows: a random view of each, or without views a random part of them."""
    count = len(material.targets)
    if material.views is None:
        kept = torch.randperm(count, generator=generator)[: max(1, round(recipe.seen_share * count))]
        return material.shots.train.embeddings[kept], kept
    rows = torch.arange(count)
    return material.views[torch.randint(len(material.views), (count,), generator=generator), rows], rows


def _disturbed(images: Tensor, recipe: LfaRecipe, generator: torch.Generator) -> Tensor:
    """With noise and with features dropped, each on a step's images by its chance."""
    if torch.rand((), generator=generator) < recipe.noise_chance:
        images = images + recipe.noise * torch.randn(images.shape, generator=generator)
    if torch.rand((), generator=generator) < recipe.dropout_chance:
        kept = torch.rand(images.shape, generator=generator) >= recipe.dropout
        images = images * kept / (1 - recipe.dropout)
    return images
