"""What is asked in a sequence: taught, new and all classes of all sets, and what lies elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from llu_core.data.fewshot import Control, FewShotSet
from llu_core.encoders.backbones import may_be_one_model
from llu_core.errors import LluError
from llu_core.method.classifier import Classifier
from llu_core.systems.composed.merging import with_common_texts


@dataclass(frozen=True, eq=False)
class Space:
    """Classes to choose from: names, each once, and texts (C, d)."""

    names: tuple[str, ...]
    texts: Tensor

    @classmethod
    def of(cls, sets: Sequence[FewShotSet], labels: Sequence[Iterable[int]]) -> "Space":
        """The classes of these labels of every set; sets have one text for a name."""
        texts = {
            each.class_names[label]: each.class_embeddings[label]
            for each, chosen in zip(sets, labels, strict=True)
            for label in chosen
        }
        rows = torch.stack(list(texts.values())) if texts else sets[0].class_embeddings[:0]
        return cls(tuple(texts), rows)


@dataclass(frozen=True, eq=False)
class SequenceProblem:
    """sets: in the order in which they are learned, with shots of their base classes at least, and test rows."""

    sets: tuple[FewShotSet, ...]

    @classmethod
    def of(cls, sets: Sequence[FewShotSet]) -> "SequenceProblem":
        """A class that several sets name is one class. Raises LluError for sets that are not of one backbone, too few
        sets, and sets without shots or test rows of their base classes."""
        if len(sets) < 2:
            raise LluError("a sequence has two sets at least; name more sources")
        first = sets[0]
        for each in sets:
            first.require_same_width(each)
            encoders = ((problem.encoder_name, problem.encoder_identity) for problem in (first, each))
            if not may_be_one_model(*encoders) or abs(each.logit_scale - first.logit_scale) > 1e-3 * first.logit_scale:
                raise LluError(f"{first.name} and {each.name} were not embedded by one model; a sequence needs one")
            each.require_shots()
            each.select_classes(range(each.base_classes)).require_test("base")
        return cls(tuple(with_common_texts(sets)))

    @cached_property
    def taught(self) -> list[FewShotSet]:
        """What is learned: the base classes of every set with their shots, nothing to test."""
        return [each.select_classes(range(each.base_classes)) for each in self.sets]

    @cached_property
    def _spaces(self) -> tuple[Space, Space, Space]:
        taught = [range(each.base_classes) for each in self.sets]
        new = [range(each.base_classes, len(each.class_names)) for each in self.sets]
        every = [range(len(each.class_names)) for each in self.sets]
        return Space.of(self.sets, taught), Space.of(self.sets, new), Space.of(self.sets, every)

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """Of all sets, each name once, but for those that have a class of any set."""
        names = set(self._spaces[2].names)
        found: dict[str, Control] = {}
        for control in (control for each in self.sets for control in each.controls):
            if not names & set(control.class_names):
                found.setdefault(control.name, control)
        return tuple(found.values())

    def accuracies(self, classifier: Classifier, index: int) -> tuple[float | None, float | None, float | None]:
        """Base, new and joint accuracy on the set at that index in percent; None where it has no such pictures."""
        tested = self.sets[index]
        is_base = tested.test.labels < tested.base_classes
        base, new, every = self._spaces
        return (
            self._accuracy(classifier, tested, is_base, base),
            self._accuracy(classifier, tested, ~is_base, new),
            self._accuracy(classifier, tested, is_base | ~is_base, every),
        )

    def _accuracy(self, classifier: Classifier, tested: FewShotSet, rows: Tensor, space: Space) -> float | None:
        if not rows.any():
            return None
        place = {name: index for index, name in enumerate(space.names)}
        truth = torch.tensor([place.get(name, -1) for name in tested.class_names])[tested.test.labels[rows]]
        guess = classifier.logits(tested.test.embeddings[rows], space.texts).argmax(dim=1)
        return 100.0 * (guess == truth).float().mean().item()
