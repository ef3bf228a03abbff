"""Linear probe (Radford et al., arXiv 2103.00020): logistic regression on the image embeddings; texts play no part.

C, the inverse of the regularisation, is chosen on validation rows as in CoOp's repository: seven powers of ten, then
eight halvings of the two decades around the best of them.

Deviations: embeddings are unit rows here and about 10 long there, so that every C is a hundred times theirs. Without
validation rows C is CLIP's 0.316, carried over likewise.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from llu_core.data.fewshot import FewShotSet
from llu_core.systems.contract import Device, Fitted, FittedHead, Material


@dataclass(frozen=True)
class LinearProbeRecipe:
    """candidates: values of C that validation rows choose from first; halvings: how often the interval around the
    chosen one is halved then; inverse_strength: C without validation rows."""

    candidates: Sequence[float] = (1e8, 1e6, 1e4, 1e2, 1.0, 1e-2, 1e-4)
    halvings: int = 8
    inverse_strength: float = 31.6
    max_iterations: int = 1000


PUBLISHED = LinearProbeRecipe()


def fit(material: Material, seed: int, device: Device, recipe: LinearProbeRecipe = PUBLISHED) -> Fitted:
    """scikit-learn's LogisticRegression on the CPU, of the images themselves; nothing is random."""
    if not len(material.validation):
        return _probe(material.shots, recipe.inverse_strength, recipe)
    found = [_hits(material, strength, recipe) for strength in recipe.candidates]
    hits = [right for _, right in found]
    first = hits.index(max(hits))
    best, exponent = found[first][0], math.log10(recipe.candidates[first])
    low, high = exponent - 1, exponent + 1
    for _ in range(recipe.halvings):
        (below, fewer), (above, more) = (_hits(material, 10.0**end, recipe) for end in (low, high))
        middle = (low + high) / 2
        best, low, high = (above, middle, high) if fewer < more else (below, low, middle)
    return best


def _hits(material: Material, strength: float, recipe: LinearProbeRecipe) -> tuple[FittedHead, int]:
    """The probe of one C, and how many validation rows it gets right."""
    probe, rows = _probe(material.shots, strength, recipe), material.validation
    guess = (rows.embeddings @ probe.rows.T + probe.bias).argmax(dim=1)
    return probe, int((guess == rows.labels).sum())


def _probe(shots: FewShotSet, inverse_strength: float, recipe: LinearProbeRecipe) -> FittedHead:
    from sklearn.exceptions import ConvergenceWarning  # slow to import, and of no use to the other systems
    from sklearn.linear_model import LogisticRegression

    weight, bias = torch.zeros(len(shots.class_names), shots.width), torch.zeros(len(shots.class_names))
    seen = list(shots.seen_classes)
    if len(seen) < 2:
        return FittedHead(shots, weight, bias)  # one class: nothing to tell apart
    model = LogisticRegression(C=inverse_strength, max_iter=recipe.max_iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the weak end of the candidates
        model.fit(shots.train.embeddings.numpy(), shots.train.labels.numpy())
    # of two classes, scikit-learn keeps the second one's row alone
    rows = seen if len(seen) > 2 else seen[1:]
    weight[rows] = torch.from_numpy(model.coef_).float()
    bias[rows] = torch.from_numpy(model.intercept_).float()
    return FittedHead(shots, weight, bias)
