"""RAIL (Xu et al., "Advancing Cross-domain Discriminability in Continual Learning of Vision-Language Models", NeurIPS
2024, arXiv 2406.18868): ridge regression on expanded features, and CLIP itself for what it takes for something unseen.

A fixed random layer and a ReLU expand an image to HIDDEN dimensions, a ridge regression from there to one-hot labels is
updated set by set. Its recursion is exact: the weights are those of one regression on all sets. Here they are computed
as that, by the Gram matrix of all shots, since HIDDEN is larger than their number. Asked about an image, CLIP decides
among all classes of the question: if its answer is one that was learned, the result is the mean of CLIP's probabilities
and the regression's, FUSION being the regression's part; if not, CLIP's alone.

The numbers are those of the official configuration for the primal form (16 shots). Deviation: one pass over the images
as they are, where the official loader augments each once at random.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.method.statistics.head import SAME
from llu_core.systems.descent import linear_layer

HIDDEN = 15_000
REGULARISATION = 0.1
FUSION = 0.9
_ROWS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Rail:
    """What was learned. images (n, d), texts (T, d), unit rows; targets (n,), of T; expansion (HIDDEN, d)."""

    images: Tensor
    targets: Tensor
    texts: Tensor
    expansion: Tensor
    logit_scale: float
    weights: Tensor
    """(n, T): of the regression, by shots."""

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C), probabilities or what stands in their place: only their order has a meaning."""
        clip = (self.logit_scale * (image_embeddings @ class_embeddings.T)).softmax(dim=1)
        same = (class_embeddings @ self.texts.T > 1 - SAME).float()
        learned = same.any(dim=1)
        seen = torch.nonzero(learned[clip.argmax(dim=1)]).flatten()
        result = clip.clone()
        memory = self._expanded(self.images)
        for rows in seen.split(_ROWS_AT_ONCE):
            regression = self._expanded(image_embeddings[rows]) @ memory.T @ self.weights
            result[rows] = (1 - FUSION) * clip[rows] + FUSION * (regression @ same.T)
        return result

    def _expanded(self, images: Tensor) -> Tensor:
        return (images @ self.expansion.T).relu()


def learn(known: Rail | None, shots: FewShotSet, seed: int) -> Rail:
    """The regression of everything known and these shots."""
    if known is None:
        expansion = linear_layer(HIDDEN, shots.width, torch.Generator().manual_seed(seed))
        none = shots.train.embeddings[:0]
        known = Rail(none, shots.train.labels[:0], none, expansion, shots.logit_scale, none[:, :0])
    texts, labels = known.texts, []
    for row in shots.class_embeddings:
        same = torch.nonzero(texts @ row > 1 - SAME).flatten().tolist()
        labels.append(same[0] if same else len(texts))
        texts = texts if same else torch.cat([texts, row[None]])
    images = torch.cat([known.images, shots.train.embeddings])
    targets = torch.cat([known.targets, torch.tensor(labels)[shots.train.labels]])
    joined = replace(known, images=images, targets=targets, texts=texts)
    expanded = joined._expanded(images)
    gram = (expanded @ expanded.T).double() + REGULARISATION * torch.eye(len(images), dtype=torch.float64)
    weights = torch.cholesky_solve(F.one_hot(targets, len(texts)).double(), torch.linalg.cholesky(gram))
    return replace(joined, weights=weights.float())
