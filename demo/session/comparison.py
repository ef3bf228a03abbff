"""The compared systems on a visitor's set: trained on its seen classes, asked about all of its pictures."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from demo.session.model import Model, accuracies
from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.classifier import harmonic_mean
from llu_core.systems.registry import CannotAnswer, Fitted, Material, System, systems_named

COMPARED = ("clip", "clip-adapter", "tip-adapter", "linear-probe", "rla", "llu", "llu-linear")
SEED = 1


@dataclass(frozen=True, eq=False)
class SystemRow:
    """One trained system.

    answers: (n,) int64, a class for every row of the model's sweep; seen, unseen, h: percent of the test pictures right
    among all classes, None where there is no such picture or no answer; note: why something is missing, or "".
    """

    name: str
    title: str
    answers: Tensor
    seen: float | None
    unseen: float | None
    h: float | None
    seconds: float
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row without the answers."""
        return {
            "method": self.name,
            "title": self.title,
            "seen": self.seen,
            "unseen": self.unseen,
            "h": self.h,
            "seconds": self.seconds,
            "note": self.note,
        }


def compare_systems(model: Model) -> Generator[SystemRow, None, None]:
    """Train every compared system on the model's training pictures, by its own recipe; a row as each is done.

    Answers are chosen among all classes, as everywhere on the page. A system that cannot name classes without shots
    chooses among the seen ones, and its note says so. Raises LluError where there is nothing to train on.
    """
    trained = model.shots.select_classes(model.trained.trained_classes)
    if not len(trained.train) or not len(model.shots.test):
        raise LluError("comparing needs training pictures and test pictures; train on a set that has both")
    material = Material.of(trained)
    for system in systems_named(COMPARED):
        yield _compared(system, model, material)


def _compared(system: System, model: Model, material: Material) -> SystemRow:
    fitted, seconds = system.timed_fit(material, SEED)
    answers, note = _answers(fitted, model, material.shots)
    right = accuracies(model, answers)
    seen, unseen = right["seen"], None if note else right["unseen"]
    return SystemRow(system.name, system.title, answers, seen, unseen, harmonic_mean(seen, unseen), seconds, note)


def _answers(fitted: Fitted, model: Model, trained: FewShotSet) -> tuple[Tensor, str]:
    """(n,) labels of `model.shots`' classes, and what is to be said about them."""
    try:
        logits = fitted.on(model.shots).logits(model.images, model.shots.class_embeddings)
        return logits.argmax(dim=1), ""
    except CannotAnswer:
        logits = fitted.on(trained).logits(model.images, trained.class_embeddings)
        seen = torch.tensor(sorted(model.trained.trained_classes))
        return seen[logits.argmax(dim=1)], "names seen classes only, so its accuracy on them has fewer rivals"
