"""Accuracy elsewhere: the mean, over a set's controls, of the accuracy on each as a closed problem."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llu_core.data.fewshot import Control
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import Classifier, accuracy
from llu_core.method.sweep import Sweep


def accuracy_elsewhere(classifier: Classifier, controls: Sequence[Control]) -> float | None:
    """In percent, every control with the same weight whatever its size; None without controls."""
    found = [accuracy(classifier, c.pictures.embeddings, c.pictures.labels, c.class_embeddings) for c in controls]
    return sum(found) / len(found) if found else None


@dataclass(frozen=True, eq=False)
class ControlSweep:
    """A control under a trained adapter, at every (beta, gamma): labels (n,) and the products of its n pictures with
    its K classes."""

    name: str
    labels: Tensor
    sweep: Sweep

    def accuracy(self, *, beta: float, gamma: float) -> float:
        """In percent; CLIP's at beta 0."""
        return 100.0 * (self.sweep.predictions(beta=beta, gamma=gamma) == self.labels).float().mean().item()


@dataclass(frozen=True, eq=False)
class ElsewhereSweep:
    """All controls of a set under a trained adapter: accuracy elsewhere at any (beta, gamma), without retraining."""

    problems: tuple[ControlSweep, ...]

    @classmethod
    def of(cls, adapter: LocalizedAdapter, controls: Sequence[Control]) -> "ElsewhereSweep":
        """The products of every control; of none where a set has no controls."""
        return cls(
            tuple(
                ControlSweep(c.name, c.pictures.labels, Sweep.of(adapter, c.pictures.embeddings, c.class_embeddings))
                for c in controls
            )
        )

    def without_statistics(self) -> "ElsewhereSweep":
        """The sweeps of the same update alone."""
        return ElsewhereSweep(tuple(replace(each, sweep=each.sweep.without_statistics()) for each in self.problems))

    def accuracy(self, *, beta: float, gamma: float) -> float | None:
        """The mean over the problems in percent, None without problems; CLIP's at beta 0."""
        found = [problem.accuracy(beta=beta, gamma=gamma) for problem in self.problems]
        return sum(found) / len(found) if found else None

    def plane(self, betas: Sequence[float], gammas: Sequence[float]) -> Tensor:
        """(len(betas), len(gammas)) accuracies elsewhere in percent, as `accuracy` gives them one by one.

        There must be a problem. Scores within rounding of each other may be ordered differently.
        """
        right = (each.sweep.plane(betas, gammas) == each.labels for each in self.problems)
        return 100.0 * torch.stack([hits.float().mean(dim=2) for hits in right]).mean(dim=0)
