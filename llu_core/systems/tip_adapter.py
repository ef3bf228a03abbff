"""Tip-Adapter (Zhang et al., arXiv 2111.03930): the shots vote beside the texts.

Nothing is trained, or, in Tip-Adapter-F, the cached keys are.

Deviations: a key is the mean of unit views, normalised; the official code averages the raw features of its views, whose
lengths neither bundles nor the cache of embeddings keep. The views are CoOp's crops (8 to 100 % of the area), which all
systems share; the official ones are of 50 to 100 %. Without validation rows alpha and beta are not searched:
Tip-Adapter then takes 1 and 5.5, Tip-Adapter-F those that it trained with. Its last epoch counts, where the official
code keeps the epoch that is best on the test images. Other data sets than the published eleven start like ImageNet.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, new_labels
from llu_core.method.schedule import Batch, cosine_rate
from llu_core.systems.contract import Device, Fitted, Material, trained_labels
from llu_core.systems.descent import cross_entropy_gradients, descend_by

RANGES: dict[str, tuple[float, float]] = {
    "caltech101": (12, 5),
    "stanford_cars": (20, 10),
    "oxford_flowers": (50, 50),
    "food101": (10, 10),
    "fgvc_aircraft": (30, 30),
    "sun397": (12, 10),
    "dtd": (13, 13),
    "eurosat": (12, 10),
}
"""Largest (beta, alpha) of the search, where they are not those of ImageNet."""
IMAGENET_RANGE = (7.0, 3.0)

START_ALPHA = {
    "caltech101": 3.0,
    "stanford_cars": 3.0,
    "oxford_flowers": 10.0,
    "fgvc_aircraft": 5.0,
    "dtd": 2.0,
    "eurosat": 2.0,
    "ucf101": 3.0,
}
"""The weight of the cache while Tip-Adapter-F trains, where it is not that of ImageNet, Food-101, Pets and SUN397."""
EPOCHS = {"eurosat": 100}
"""Of Tip-Adapter-F, where they are not the recipe's."""

_BLOCK = 2**24
"""So many affinities are held at once: 64 MB."""


@dataclass(frozen=True)
class TipRecipe:
    """alpha: the cache's weight, beta: its sharpness, both without validation rows (the paper's for ImageNet).

    beta_steps and alpha_steps: the search on validation, evenly from 0.1 to the data set's RANGES.
    """

    alpha: float = 1.0
    beta: float = 5.5
    beta_steps: int = 200
    alpha_steps: int = 20

    def grid(self, source: str) -> tuple[list[float], list[float]]:
        """The values of beta and of alpha that are tried for the data set `source`."""
        tops = RANGES.get(source, IMAGENET_RANGE)
        betas, alphas = (
            [0.1 + (top - 0.1) * step / steps for step in range(steps)]
            for top, steps in zip(tops, (self.beta_steps, self.alpha_steps), strict=True)
        )
        return betas, alphas


@dataclass(frozen=True)
class TipFRecipe:
    """AdamW with a cosine over all steps. cache: alpha and beta while training, for a data set without a START_ALPHA,
    and how they are searched after it; epochs: for a data set that is not in EPOCHS."""

    cache: TipRecipe = TipRecipe(alpha=1.17, beta=1.0)
    learning_rate: float = 1e-3
    epsilon: float = 1e-4
    batch_size: int = 256
    epochs: int = 20


PUBLISHED, PUBLISHED_F = TipRecipe(), TipFRecipe()


@dataclass(frozen=True, eq=False)
class CacheClassifier:
    """logits = s * x . texts + alpha * sum over keys of a class of exp(-beta (1 - x . key)).

    keys: (m, d); key_labels: (m,) int64, the class each key votes for.
    """

    keys: Tensor
    key_labels: Tensor
    alpha: float
    beta: float
    logit_scale: float

    def votes(self, similarity: Tensor, classes: int) -> Tensor:
        """(n, C): the cache's part, without alpha; similarity: (m, n), key . image."""
        affinity = torch.exp(-self.beta * (1 - similarity))
        # sums of rows: adding up columns would stride through memory
        return affinity.new_zeros(classes, affinity.shape[1]).index_add(0, self.key_labels, affinity).T

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and the texts (C, d) of the classes it was made for, unit rows."""
        texts = self.logit_scale * (image_embeddings @ class_embeddings.T)
        blocks = image_embeddings.split(max(1, _BLOCK // max(1, len(self.keys))))
        votes = torch.cat([self.votes(self.keys @ block.T, len(class_embeddings)) for block in blocks])
        return texts + self.alpha * votes


@dataclass(frozen=True, eq=False)
class FittedCache:
    """A cache over the classes of `shots`."""

    shots: FewShotSet
    cache: CacheClassifier

    def on(self, problem: FewShotSet) -> CacheClassifier:
        """The cache of the problem's classes; raises CannotAnswer for a class without shots."""
        chosen = trained_labels(self.shots, problem)
        labels = new_labels(chosen, len(self.shots.class_names))[self.cache.key_labels]
        kept = labels >= 0
        return replace(self.cache, keys=self.cache.keys[kept], key_labels=labels[kept])


def fit(material: Material, seed: int, device: Device, recipe: TipRecipe = PUBLISHED) -> Fitted:
    """Build the cache and search alpha and beta on the validation rows, if there are any; nothing is random."""
    cache = CacheClassifier(
        cache_keys(material), material.targets, recipe.alpha, recipe.beta, material.shots.logit_scale
    )
    return FittedCache(material.shots, searched(cache, material.shots, material.validation, recipe))


def fit_trained(material: Material, seed: int, device: Device, recipe: TipFRecipe = PUBLISHED_F) -> Fitted:
    """Tip-Adapter-F: train the keys, take the last epoch's, then search alpha and beta on validation."""
    shots = material.shots
    targets, texts = material.targets.to(device), shots.class_embeddings.to(device)
    keys = cache_keys(material).to(device, copy=True).requires_grad_()
    alpha = START_ALPHA.get(shots.name, recipe.cache.alpha)
    cache = CacheClassifier(keys, targets, alpha, recipe.cache.beta, shots.logit_scale)
    optimizer = torch.optim.AdamW([keys], lr=recipe.learning_rate, eps=recipe.epsilon)
    generator = torch.Generator().manual_seed(seed)
    gradients = cross_entropy_gradients([keys], lambda images: cache.logits(images, texts))

    def rate(batch: Batch, steps: int) -> float:
        return cosine_rate(recipe.learning_rate, batch.step, steps)

    epochs = EPOCHS.get(shots.name, recipe.epochs)
    descend_by(optimizer, rate, gradients, material, recipe.batch_size, epochs, generator, device)
    trained = replace(cache, keys=keys.detach().cpu(), key_labels=material.targets)
    return FittedCache(shots, searched(trained, shots, material.validation, recipe.cache))


def cache_keys(material: Material) -> Tensor:
    """(n, d) unit rows: the mean of every training image's views, or the image itself without views."""
    if material.views is None:
        return material.shots.train.embeddings
    return F.normalize(material.views.mean(dim=0), dim=1)


def searched(
    cache: CacheClassifier, shots: FewShotSet, validation: LabelledEmbeddings, recipe: TipRecipe
) -> CacheClassifier:
    """The cache with the alpha and beta that get most validation rows right; the smallest beta, then alpha, of equals.

    Unchanged without validation rows.
    """
    if not len(validation):
        return cache
    betas, alphas = recipe.grid(shots.name)
    texts = cache.logit_scale * (validation.embeddings @ shots.class_embeddings.T)
    similarity = cache.keys @ validation.embeddings.T
    best, best_hits = cache, -1
    for beta in betas:
        votes = replace(cache, beta=beta).votes(similarity, len(shots.class_names))
        for alpha in alphas:
            hits = int(((texts + alpha * votes).argmax(dim=1) == validation.labels).sum())
            if hits > best_hits:
                best, best_hits = replace(cache, alpha=alpha, beta=beta), hits
    return best
