"""What every compared system is given, and what it gives back.

Material in, Fitted out; a Fitted makes a Classifier for a closed problem, or says that it cannot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from llu_core.data.features import check_views
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError
from llu_core.method.classifier import Classifier

Candidate = TypeVar("Candidate")


class CannotAnswer(LluError):
    """A system has no answer to a problem by its nature; the message is the short reason, fit for a table."""


@dataclass(frozen=True, eq=False)
class Material:
    """All that a system may learn from.

    shots: what it is trained on; only its classes and train rows are used, never its test rows. validation: rows of the
    same classes by which hyper-parameters are chosen, maybe none. views: (K, n, d) unit rows, K augmented views of each
    of the n training rows, or None, which K of 0 becomes. encoder: the model behind the embeddings, for systems that
    train through its text tower, or None.
    """

    shots: FewShotSet
    validation: LabelledEmbeddings
    views: Tensor | None = None
    encoder: Encoder | None = None

    def __post_init__(self) -> None:
        check_views(self.views, self.shots.train)
        if self.views is not None and not len(self.views):
            object.__setattr__(self, "views", None)
        if not len(self.shots.train):
            raise LluError(f"{self.shots.name} has no training images; add at least one per class to be learned")
        self.shots.require_choice()
        made_by = self.shots.encoder_identity
        if self.encoder and (self.encoder.width != self.shots.width or made_by not in ("", self.encoder.identity)):
            raise LluError(f"{self.shots.name} was not embedded by {self.encoder.title}; give the model that did it")

    @classmethod
    def of(
        cls,
        problem: FewShotSet,
        *,
        validation: LabelledEmbeddings | None = None,
        views: Tensor | None = None,
        encoder: Encoder | None = None,
    ) -> "Material":
        """The material that a problem gives; its test rows and controls are kept out of every system's reach."""
        empty = LabelledEmbeddings.empty(problem.width)
        return cls(
            replace(problem, test=empty, controls=()), empty if validation is None else validation, views, encoder
        )

    @property
    def targets(self) -> Tensor:
        """(n,) int64, the labels of the training rows."""
        return self.shots.train.labels

    def images(self, epoch: int = 0) -> Tensor:
        """(n, d) unit rows of the training images in this epoch: the views take turns, where there are any."""
        return self.shots.train.embeddings if self.views is None else self.views[epoch % len(self.views)]

    def all_images(self) -> tuple[Tensor, Tensor]:
        """Every view of every training image as a row of its own, the images where there is none; and the labels."""
        if self.views is None:
            return self.shots.train.embeddings, self.targets
        return self.views.flatten(0, 1), self.targets.repeat(len(self.views))


class Fitted(Protocol):
    """A trained system."""

    def on(self, problem: FewShotSet) -> Classifier:
        """The classifier of that closed problem's classes, on the CPU; it may be given their embeddings only.

        Raises CannotAnswer where the system has no answer for these classes.
        """
        ...


Device = torch.device | str

Fit = Callable[[Material, int, Device], Fitted]
"""(material, seed, device to train on) -> the trained system. The same seed gives the same one on the CPU."""


@dataclass(frozen=True, eq=False)
class AnyClasses:
    """A system whose one classifier takes the embeddings of whatever classes it is asked for."""

    classifier: Classifier

    def on(self, problem: FewShotSet) -> Classifier:
        """The same classifier for every problem."""
        return self.classifier


@dataclass(frozen=True, eq=False)
class FixedClassifier:
    """Linear in the image, for the classes it was made for, whatever class embeddings it is handed.

    logits = scale * x . rows + bias; rows: (C, d), bias: (C,) or None.
    """

    rows: Tensor
    scale: float = 1.0
    bias: Tensor | None = None

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d); class_embeddings are of these classes and not looked at."""
        logits = self.scale * (image_embeddings @ self.rows.T)
        return logits if self.bias is None else logits + self.bias


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A linear head with a row (C, d) and a bias (C,) for every class of `shots`; those of classes without shots are
    never used."""

    shots: FewShotSet
    rows: Tensor
    bias: Tensor

    def on(self, problem: FewShotSet) -> Classifier:
        """The rows of the problem's classes; raises CannotAnswer for a class without shots."""
        labels = trained_labels(self.shots, problem)
        return FixedClassifier(self.rows[labels], bias=self.bias[labels])


def trained_labels(shots: FewShotSet, problem: FewShotSet) -> Tensor:
    """(C,) int64: the label in `shots` of every class of `problem`.

    Raises CannotAnswer if one of them has no training image there.
    """
    if problem.class_names == shots.class_names:
        labels = list(range(len(shots.class_names)))
    else:
        label_of = {name: label for label, name in reversed(list(enumerate(shots.class_names)))}
        labels = [label_of.get(name, -1) for name in problem.class_names]
    seen = set(shots.seen_classes)
    without = [name for name, label in zip(problem.class_names, labels, strict=True) if label not in seen]
    if without:
        more = f" (and {len(without) - 1} more)" if len(without) > 1 else ""
        raise CannotAnswer(f"needs shots of every class and has none of '{without[0]}'{more}")
    return torch.tensor(labels, dtype=torch.int64)


def best_on_validation(
    candidates: Sequence[Candidate], logits: Callable[[Candidate], Tensor], labels: Tensor
) -> Candidate:
    """The candidate with most rows right, the first one of equals. logits: candidate -> (m, C); labels: (m,)."""
    hits = [int((logits(candidate).argmax(dim=1) == labels).sum()) for candidate in candidates]
    return candidates[hits.index(max(hits))]
