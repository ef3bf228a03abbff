"""CLAP (Silva-Rodriguez et al., CVPR 2024): a linear probe held near the class texts, each class as firmly as CLIP
already knows it.

loss = cross entropy of s cos(x, w_k) + mean over k of a_k |w_k - t_k|^2, where a_k is the mean zero-shot probability of
class k on its own shots, fixed. It is free of validation.

Deviations: the prototypes start at unit texts times TEXT_NORM, since embeddings here are unit rows and the length of
the raw mean text, which decides how firmly the penalty holds, is not in them; 10 is about that of CLIP ViT-B/32. One
view of every image is seen an epoch, the views in turn, where the official code pools 20 augmented passes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.method.classifier import Classifier
from llu_core.method.schedule import Batch, coop_rate
from llu_core.systems.contract import Device, Fitted, FixedClassifier, Material, trained_labels
from llu_core.systems.descent import descend_by

TEXT_NORM = 10.0


@dataclass(frozen=True)
class ClapRecipe:
    """SGD without decay; a first epoch at CoOp's tiny rate, then a cosine."""

    text_norm: float = TEXT_NORM
    learning_rate: float = 0.1
    momentum: float = 0.9
    batch_size: int = 256
    epochs: int = 300


PUBLISHED = ClapRecipe()


@dataclass(frozen=True, eq=False)
class FittedPrototypes:
    """Unit prototypes (C, d) of the classes of `shots`."""

    shots: FewShotSet
    prototypes: Tensor

    def on(self, problem: FewShotSet) -> Classifier:
        """The rows of the problem's classes; raises CannotAnswer for a class without shots."""
        return FixedClassifier(self.prototypes[trained_labels(self.shots, problem)], self.shots.logit_scale)


def fit(material: Material, seed: int, device: Device, recipe: ClapRecipe = PUBLISHED) -> Fitted:
    """The seed shuffles the batches."""
    shots = material.shots
    anchors = recipe.text_norm * shots.class_embeddings.to(device)
    weight = anchors.clone().requires_grad_()
    firmness = firmness_of(shots).to(device)
    optimizer = torch.optim.SGD([weight], lr=recipe.learning_rate, momentum=recipe.momentum)

    def gradients(images: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(loss(weight, anchors, firmness, images, targets, shots.logit_scale), [weight])

    def rate(batch: Batch, steps: int) -> float:
        return coop_rate(recipe.learning_rate, batch.epoch, recipe.epochs)

    generator = torch.Generator().manual_seed(seed)
    descend_by(optimizer, rate, gradients, material, recipe.batch_size, recipe.epochs, generator, device)
    return FittedPrototypes(shots, F.normalize(weight.detach().cpu(), dim=1))


def loss(
    weight: Tensor, anchors: Tensor, firmness: Tensor, images: Tensor, targets: Tensor, logit_scale: float
) -> Tensor:
    """weight and anchors (C, d), firmness (C,): a; images (m, d) unit rows, targets (m,)."""
    logits = logit_scale * (images @ F.normalize(weight, dim=1).T)
    return F.cross_entropy(logits, targets) + (firmness * (weight - anchors).square().sum(dim=1)).mean()


def firmness_of(shots: FewShotSet) -> Tensor:
    """a (C,): the mean zero-shot probability of every class on its own shots; 0 for a class without shots."""
    labels = shots.train.labels
    probability = (shots.logit_scale * (shots.train.embeddings @ shots.class_embeddings.T)).softmax(dim=1)
    own = probability.gather(1, labels[:, None])[:, 0]
    counts = torch.bincount(labels, minlength=len(shots.class_names)).clamp(min=1)
    return torch.zeros(len(shots.class_names)).index_add_(0, labels, own) / counts
