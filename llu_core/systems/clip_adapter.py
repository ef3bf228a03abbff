"""CLIP-Adapter (Gao et al., arXiv 2110.04544): a small bottleneck network on the image embedding, mixed with it.

Deviations: none that changes an answer; the official code feeds raw features, whose length cancels here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.schedule import COOP, CoopRecipe
from llu_core.systems.contract import AnyClasses, Device, Fitted, Material
from llu_core.systems.descent import cross_entropy_gradients, descend, linear_layer


@dataclass(frozen=True)
class ClipAdapterRecipe:
    """ratio: the adapter's share of the mixture; reduction: embedding width / bottleneck width."""

    ratio: float = 0.2
    reduction: int = 4
    optimizer: CoopRecipe = COOP


PUBLISHED = ClipAdapterRecipe()


@dataclass(frozen=True, eq=False)
class ClipAdapterClassifier:
    """x -> normalize(ratio * relu(up relu(down x)) + (1 - ratio) * x). down: (h, d), up: (d, h).

    Neither layer has a bias, so that the length of x cancels: the raw features that the original feeds give the same.
    """

    down: Tensor
    up: Tensor
    ratio: float
    logit_scale: float

    def images(self, image_embeddings: Tensor) -> Tensor:
        """(n, d) -> (n, d) unit rows."""
        adapted = F.relu(F.relu(image_embeddings @ self.down.T) @ self.up.T)
        return F.normalize(self.ratio * adapted + (1 - self.ratio) * image_embeddings, dim=1)

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and class texts (C, d), unit rows."""
        return self.logit_scale * (self.images(image_embeddings) @ class_embeddings.T)


def fit(material: Material, seed: int, device: Device, recipe: ClipAdapterRecipe = PUBLISHED) -> Fitted:
    """Cross entropy over the training classes, by CoOp's optimiser recipe."""
    shots, generator = material.shots, torch.Generator().manual_seed(seed)
    hidden = max(1, shots.width // recipe.reduction)
    down = linear_layer(hidden, shots.width, generator).to(device).requires_grad_()
    up = linear_layer(shots.width, hidden, generator).to(device).requires_grad_()
    texts = shots.class_embeddings.to(device)
    adapter = ClipAdapterClassifier(down, up, recipe.ratio, shots.logit_scale)
    gradients = cross_entropy_gradients([down, up], lambda images: adapter.logits(images, texts))
    descend([down, up], gradients, material, recipe.optimizer, generator, device)
    trained = ClipAdapterClassifier(down.detach().cpu(), up.detach().cpu(), recipe.ratio, shots.logit_scale)
    return AnyClasses(trained)
