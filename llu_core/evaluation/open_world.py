"""What base and new accuracy leave out: all classes at once, which half a picture is of, and what lies elsewhere.

OpenworldAUC (Hua et al., "OpenworldAUC: Towards Unified Evaluation and Optimization for Open-world Prompt Tuning", ICML
2025, arXiv 2505.05180): the probability that a base picture is right among the base classes, that a new one is right
among the new classes, and that a detector ranks the base picture above the new one, strictly. Here in percent.

The detectors: the largest probability that a base class has when all classes are asked at once; the cosine to the
nearest shot, on which alpha depends and which is the same for every system; and the product of the two, in which a
negative cosine counts as 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings
from llu_core.method.adapter import nearest_anchor
from llu_core.method.classifier import Classifier
from llu_core.systems.registry import CannotAnswer, Fitted

_ROWS_AT_ONCE = 1_024


@dataclass(frozen=True, eq=False)
class Score:
    """A closed problem answered: right (n,) bool and logits (n, C), one row per test picture, and the classifier that
    they are of; or None, and the reason."""

    right: Tensor | None
    reason: str = ""
    logits: Tensor | None = None
    classifier: Classifier | None = None

    @property
    def accuracy(self) -> float | None:
        """In percent."""
        return None if self.right is None else 100.0 * self.right.float().mean().item()


def score(fitted: Fitted | None, problem: FewShotSet) -> Score:
    """How a trained system does on the test pictures of a closed problem; None counts as no answer."""
    if fitted is None:
        return Score(None)
    try:
        classifier = fitted.on(problem)
    except CannotAnswer as error:
        return Score(None, str(error))
    logits = classifier.logits(problem.test.embeddings, problem.class_embeddings)
    return Score(logits.argmax(dim=1) == problem.test.labels, logits=logits, classifier=classifier)


@dataclass(frozen=True)
class OpenWorld:
    """Percentages, None where a system has no answer. openworld_auc: with the largest probability as detector; near:
    with the cosine; both: with their product."""

    joint: float | None = None
    openworld_auc: float | None = None
    openworld_auc_near: float | None = None
    openworld_auc_both: float | None = None


def open_world(fitted: Fitted | None, whole: FewShotSet, base: Score, new: Score) -> OpenWorld:
    """How a system does on the test pictures of all classes of `whole`, of which the base ones come first.

    whole: its train rows are the shots that the system was trained on; base, new: its scores on the halves.
    """
    of_all = score(fitted, whole)
    if of_all.logits is None or base.right is None or new.right is None:
        return OpenWorld(of_all.accuracy)
    probability = of_all.logits.softmax(dim=1)[:, : whole.base_classes].amax(dim=1)
    cosine = _nearest(whole.test.embeddings, whole.train.embeddings)
    of_base = whole.test.labels < whole.base_classes
    found = [
        openworld_auc(base.right, new.right, each[of_base], each[~of_base])
        for each in (probability, cosine, probability * cosine.clamp(min=0))
    ]
    return OpenWorld(of_all.accuracy, *found)


def _nearest(points: Tensor, shots: Tensor) -> Tensor:
    """(n,) cosine to the nearest shot."""
    return torch.cat([nearest_anchor(rows, shots)[0] for rows in points.split(_ROWS_AT_ONCE)])


def openworld_auc(base_right: Tensor, new_right: Tensor, base_score: Tensor, new_score: Tensor) -> float:
    """In percent. base_right, base_score: (b,), of base pictures; new_right, new_score: (n,), of new ones."""
    below = torch.searchsorted(new_score[new_right].sort().values, base_score[base_right].contiguous())
    return 100.0 * below.sum().item() / (len(base_right) * len(new_right))


def elsewhere(fitted: Fitted | None, trained: FewShotSet, controls: Sequence[Control]) -> float | None:
    """The mean accuracy on the controls in percent, None where there are none or a system cannot answer."""
    found = [score(fitted, _closed(control, trained)).accuracy for control in controls]
    answered = [accuracy for accuracy in found if accuracy is not None]
    return sum(answered) / len(answered) if answered and len(answered) == len(found) else None


def _closed(control: Control, trained: FewShotSet) -> FewShotSet:
    """The control as a problem of its own, by the model that embedded `trained`."""
    return replace(
        trained,
        name=control.name,
        class_names=control.class_names,
        class_embeddings=control.class_embeddings,
        train=LabelledEmbeddings.empty(trained.width),
        test=control.pictures,
        base_classes=len(control.class_names),
        controls=(),
    )
