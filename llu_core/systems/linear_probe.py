"""Linear probe (Radford et al., arXiv 2103.00020): logistic regression on the image embeddings; texts play no part."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.method.classifier import Classifier
from llu_core.systems.contract import (
    Device,
    Fitted,
    FixedClassifier,
    Material,
    best_on_validation,
    trained_labels,
)


@dataclass(frozen=True)
class LinearProbeRecipe:
    """candidates: values of C, the inverse of the regularisation, chosen on validation; inverse_strength: without it.

    The default is CLIP's 0.316, which is for features about 10 long, carried over to unit rows.
    """

    candidates: Sequence[float] = (1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4)
    inverse_strength: float = 31.6
    max_iterations: int = 1000


PUBLISHED = LinearProbeRecipe()


@dataclass(frozen=True, eq=False)
class FittedProbe:
    """weight: (C, d), bias: (C,) for the classes of `shots`; rows of classes without shots are never used."""

    shots: FewShotSet
    weight: Tensor
    bias: Tensor

    def on(self, problem: FewShotSet) -> Classifier:
        """The rows of the problem's classes; raises CannotAnswer for a class without shots."""
        labels = trained_labels(self.shots, problem)
        return FixedClassifier(self.weight[labels], bias=self.bias[labels])


def fit(material: Material, seed: int, device: Device, recipe: LinearProbeRecipe = PUBLISHED) -> Fitted:
    """scikit-learn's LogisticRegression on the CPU, of the images themselves; nothing is random."""
    validation = material.validation
    if not len(validation):
        return _probe(material.shots, recipe.inverse_strength, recipe)
    return best_on_validation(
        [_probe(material.shots, strength, recipe) for strength in recipe.candidates],
        lambda probe: validation.embeddings @ probe.weight.T + probe.bias,
        validation.labels,
    )


def _probe(shots: FewShotSet, inverse_strength: float, recipe: LinearProbeRecipe) -> FittedProbe:
    from sklearn.exceptions import ConvergenceWarning  # slow to import, and of no use to the other systems
    from sklearn.linear_model import LogisticRegression

    weight, bias = torch.zeros(len(shots.class_names), shots.width), torch.zeros(len(shots.class_names))
    seen = list(shots.seen_classes)
    if len(seen) < 2:
        return FittedProbe(shots, weight, bias)  # one class: nothing to tell apart
    model = LogisticRegression(C=inverse_strength, max_iter=recipe.max_iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the weak end of the candidates
        model.fit(shots.train.embeddings.numpy(), shots.train.labels.numpy())
    # of two classes, scikit-learn keeps the second one's row alone
    rows = seen if len(seen) > 2 else seen[1:]
    weight[rows] = torch.from_numpy(model.coef_).float()
    bias[rows] = torch.from_numpy(model.intercept_).float()
    return FittedProbe(shots, weight, bias)
