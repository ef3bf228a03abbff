"""Tip-Adapter-F (Zhang et al., arXiv 2111.03930): Tip-Adapter whose cached keys are trained."""

from dataclasses import dataclass, replace

import torch

from llu_core.method.schedule import Batch, cosine_rate
from llu_core.systems.contract import Device, Fitted, Material
from llu_core.systems.descent import cross_entropy_gradients, descend_by
from llu_core.systems.tip_adapter import CacheClassifier, FittedCache, TipRecipe, cache_keys, searched

_START = TipRecipe(alpha=1.0, beta=1.0)


@dataclass(frozen=True)
class TipFRecipe:
    """AdamW with a cosine over all steps. cache: alpha and beta while training, and how they are searched after it."""

    cache: TipRecipe = _START
    learning_rate: float = 1e-3
    epsilon: float = 1e-4
    batch_size: int = 256
    epochs: int = 20


PUBLISHED = TipFRecipe()


def fit(material: Material, seed: int, device: Device, recipe: TipFRecipe = PUBLISHED) -> Fitted:
    """Train the keys, take the last epoch's, then search alpha and beta on validation.

    The released code keeps the epoch that is best on the test images; here no test image is looked at.
    """
    shots = material.shots
    targets, texts = material.targets.to(device), shots.class_embeddings.to(device)
    keys = cache_keys(material).to(device, copy=True).requires_grad_()
    cache = CacheClassifier(keys, targets, recipe.cache.alpha, recipe.cache.beta, shots.logit_scale)
    optimizer = torch.optim.AdamW([keys], lr=recipe.learning_rate, eps=recipe.epsilon)
    generator = torch.Generator().manual_seed(seed)
    gradients = cross_entropy_gradients([keys], lambda images: cache.logits(images, texts))

    def rate(batch: Batch, steps: int) -> float:
        return cosine_rate(recipe.learning_rate, batch.step, steps)

    descend_by(optimizer, rate, gradients, material, recipe.batch_size, recipe.epochs, generator, device)
    trained = replace(cache, keys=keys.detach().cpu(), key_labels=material.targets)
    return FittedCache(shots, searched(trained, shots, material.validation, recipe.cache))
