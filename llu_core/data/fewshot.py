"""A few-shot set: embedded training and test pictures, their labels, and the embedded class names.

Everything after the encoder works on this one value. Classes are halved as CoOp does it (Zhou et al., arXiv
2109.01134).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from llu_core.data.draws import draw_shots
from llu_core.encoders.prompts import DEFAULT_TEMPLATES
from llu_core.encoders.rows import class_names_of, labelled_rows, require_known, unit_rows, whole_labels
from llu_core.errors import LluError


@dataclass(frozen=True)
class Rejected:
    """Something left out of a source, and why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class LabelledEmbeddings:
    """Pictures as unit rows.

    embeddings: (n, d) float32 unit rows, which rows of other numbers and lengths become; labels: (n,) int64;
    names: n file names, or "train 3" for the row of a bundle; thumbnails: (n, s, s, 3) uint8 or None.
    """

    embeddings: Tensor
    labels: Tensor
    names: tuple[str, ...]
    thumbnails: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "embeddings", unit_rows(self.embeddings, "embeddings"))
        object.__setattr__(self, "labels", whole_labels(self.labels, "labels"))
        lengths = {len(self.embeddings), len(self.labels), len(self.names)}
        if self.thumbnails is not None:
            lengths.add(len(self.thumbnails))
        if self.embeddings.ndim != 2 or len(lengths) != 1:
            raise ValueError(f"embeddings (n, d), labels, names and thumbnails disagree: lengths {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.embeddings)

    @classmethod
    def empty(cls, width: int) -> "LabelledEmbeddings":
        """No rows, of the given width."""
        return cls(torch.empty(0, width, dtype=torch.float32), torch.empty(0, dtype=torch.int64), ())

    def select(self, index: Tensor | Sequence[int]) -> "LabelledEmbeddings":
        """The rows at the positions `index` (m,), in that order."""
        at = torch.as_tensor(index, dtype=torch.int64)
        return LabelledEmbeddings(
            embeddings=self.embeddings[at],
            labels=self.labels[at],
            names=tuple(self.names[i] for i in at.tolist()),
            thumbnails=None if self.thumbnails is None else self.thumbnails[at.numpy()],
        )

    def relabel(self, new_label: Tensor) -> "LabelledEmbeddings":
        """Label k becomes `new_label[k]` (C,) int64; rows whose new label is negative are dropped."""
        labels = new_label[self.labels]
        kept = torch.nonzero(labels >= 0).flatten()
        return replace(self.select(kept), labels=labels[kept])

    def concat(self, other: "LabelledEmbeddings") -> "LabelledEmbeddings":
        """The rows of this part, then those of `other`; thumbnails survive where all rows have them at one size."""
        if not len(self) or not len(other):
            return self if len(self) else other
        thumbnails = None
        if self.thumbnails is not None and other.thumbnails is not None:
            same_size = self.thumbnails.shape[1:] == other.thumbnails.shape[1:]
            thumbnails = np.concatenate([self.thumbnails, other.thumbnails]) if same_size else None
        return LabelledEmbeddings(
            torch.cat([self.embeddings, other.embeddings]),
            torch.cat([self.labels, other.labels]),
            self.names + other.names,
            thumbnails,
        )


@dataclass(frozen=True, eq=False)
class Control:
    """A closed problem elsewhere: other classes and pictures, never trained on, that tell what else an update moves.

    name: what people call it; class_names: K names; class_embeddings: (K, d) unit rows; pictures: at least one, labels
    0 to K - 1.
    """

    name: str
    class_names: tuple[str, ...]
    class_embeddings: Tensor
    pictures: LabelledEmbeddings


@dataclass(frozen=True, eq=False)
class FewShotSet:
    """Classes, their shots and their test pictures, all embedded.

    class_names: C names, label k is class_names[k]; class_embeddings: (C, d) unit rows; test may be empty (0, d).
    base_classes: the first so many classes are the base (trained) half of base-to-new, the others its new half.
    encoder_identity, encoder_name: what embedded it and the name that loads that, each "" where unknown.
    templates_known: whether the class texts were made by these templates, or nobody knows by which.
    bundle: the name of the feature bundle it was read from, for messages, "" for other sets.
    controls: closed problems elsewhere, of which no system learns anything.
    """

    name: str
    class_names: tuple[str, ...]
    class_embeddings: Tensor
    train: LabelledEmbeddings
    test: LabelledEmbeddings
    base_classes: int
    logit_scale: float = 100.0
    encoder_identity: str = ""
    encoder_name: str = ""
    templates: tuple[str, ...] = DEFAULT_TEMPLATES
    templates_known: bool = True
    rejected: tuple[Rejected, ...] = ()
    bundle: str = ""
    controls: tuple[Control, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        object.__setattr__(self, "class_embeddings", unit_rows(self.class_embeddings, "class_embeddings"))
        if self.class_embeddings.ndim != 2 or len(self.class_embeddings) != len(self.class_names):
            raise ValueError("class_embeddings must be (C, d), one row per class name")
        if not 0 < self.base_classes <= len(self.class_names):
            raise ValueError(f"base_classes is {self.base_classes}, must be 1 to {len(self.class_names)}")
        if self.train.embeddings.shape[1] != self.width or self.test.embeddings.shape[1] != self.width:
            raise ValueError("train, test and class embeddings must have one width")
        if any({c.pictures.embeddings.shape[1], c.class_embeddings.shape[1]} != {self.width} for c in self.controls):
            raise ValueError("controls must have the width of the set")
        for part, rows in (("train", self.train), ("test", self.test)):
            require_known(rows.labels, len(self.class_names), f"the {part} labels of {self.name}")

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        texts: Any,
        names: Iterable[object],
        *,
        test: tuple[Any, Any] | None = None,
        base_classes: int | None = None,
        logit_scale: float = 100.0,
        name: str = "arrays",
    ) -> "FewShotSet":
        """The set of shots X (n, d) with labels y (n,), positions in `names`, and of class texts (C, d).

        Arrays may be numpy's, torch's on any device, or lists; embeddings are of any numbers and lengths, and become
        float32 unit rows. test: further such pictures, a pair of X and y. base_classes: all, unless it is given.
        Raises LluError, in one sentence, where they are of no use.
        """
        known, rows = class_names_of(names), unit_rows(texts, "the rows of texts")
        if len(rows) != len(known):
            raise LluError(f"there are {len(known)} names for {len(rows)} rows of texts; give one name for each row")
        if not 0 < logit_scale < math.inf:
            raise LluError(f"logit_scale is {logit_scale:g}; give a positive number, the model's 1 / temperature")
        base = len(known) if base_classes is None else base_classes
        if not 0 < base <= len(known):
            raise LluError(f"base_classes is {base}; give a number from 1 to {len(known)}")
        width = rows.shape[1]
        embeddings, labels = labelled_rows(X, y, "", width, len(known))
        train = LabelledEmbeddings(embeddings, labels, tuple(f"train {row}" for row in range(len(labels))))
        embeddings, labels = labelled_rows(*(test or (torch.empty(0, width), [])), "test ", width, len(known))
        tests = LabelledEmbeddings(embeddings, labels, tuple(f"test {row}" for row in range(len(labels))))
        return cls(name, known, rows, train, tests, base, float(logit_scale), templates_known=False)

    @property
    def width(self) -> int:
        """d, the number of dimensions of an embedding."""
        return self.class_embeddings.shape[1]

    @property
    def shots_per_class(self) -> Tensor:
        """(C,) int64: training rows of each class."""
        return torch.bincount(self.train.labels, minlength=len(self.class_names))

    @property
    def seen_classes(self) -> tuple[int, ...]:
        """The labels that have at least one training row, ascending."""
        return tuple(torch.nonzero(self.shots_per_class).flatten().tolist())

    def require_shots(self) -> None:
        """Raise LluError, naming the first one, if a base class has no training row."""
        without = sorted(set(range(self.base_classes)) - set(self.seen_classes))
        if without and self.bundle:
            raise LluError(f"{self.bundle}: train_labels has no row of {self._named(without)}, which is a base class")
        if without:
            raise LluError(f"{self.name}: {self._named(without)} has no training picture; add one or leave it out")

    def require_choice(self) -> None:
        """Raise LluError unless there are two classes at least, so that there is something to tell apart."""
        if len(self.class_names) < 2:
            name = self.bundle or self.name
            raise LluError(
                f"{name} has one class alone, {self._named([0])}; add a second one, or name an unseen one, so that "
                "there is something to tell apart"
            )

    def require_rows(self) -> None:
        """Raise LluError, naming the first one, if a class has neither training nor test rows."""
        empty = sorted(set(range(len(self.class_names))) - {*self.seen_classes, *self.test.labels.tolist()})
        if empty and self.bundle:
            where = f"train_labels and test_labels have no row of {self._named(empty)}"
            raise LluError(f"{self.bundle}: {where}; leave it out of class_names")
        if empty:
            raise LluError(f"{self.name}: {self._named(empty)} has no picture at all; add some or leave it out")

    def require_test(self, half: str = "") -> None:
        """Raise LluError if there is no test row; half: "base" or "new" where this is such a half of a set."""
        if len(self.test):
            return
        of_half = f" of its {half} classes" if half else ""
        if self.bundle:
            raise LluError(f"{self.bundle}: test_labels has no row{of_half}; add test rows")
        raise LluError(f"{self.name} has no test images{of_half}; add them (docs/command_line.md, Sources)")

    def require_same_width(self, other: "FewShotSet") -> None:
        """Raise LluError, naming both, where the embeddings of `other` cannot be of the same model."""
        if self.width != other.width:
            mine, theirs = (f"{each.bundle or each.name} ({each.width})" for each in (self, other))
            raise LluError(f"text_features of {theirs} and {mine} differ in width; embed both with one model")

    def _named(self, labels: Sequence[int]) -> str:
        more = f" (and {len(labels) - 1} more)" if len(labels) > 1 else ""
        return f"class '{self.class_names[labels[0]]}'{more}"

    def sample(self, shots: int, seed: int) -> "FewShotSet":
        """The same set with at most `shots` training rows per class, drawn by `draw_shots`."""
        return replace(self, train=self.train.select(draw_shots(self.train.labels.tolist(), shots, seed)))

    def select_classes(self, labels: Iterable[int]) -> "FewShotSet":
        """The closed problem of some classes: in ascending order, re-indexed from 0, other rows dropped.

        Base classes stay base; where all chosen classes are new ones, all count as base of the problem they form.
        Raises LluError if no class is chosen.
        """
        chosen = sorted(set(labels))
        if not chosen:
            raise LluError(f"{self.name}: no class is left; choose at least one")
        new_label = new_labels(chosen, len(self.class_names))
        return replace(
            self,
            class_names=tuple(self.class_names[label] for label in chosen),
            class_embeddings=self.class_embeddings[chosen],
            train=self.train.relabel(new_label),
            test=self.test.relabel(new_label),
            base_classes=sum(label < self.base_classes for label in chosen) or len(chosen),
        )

    def halves(self) -> tuple[range, range]:
        """The labels of the base and of the new classes; raises LluError where there are no new ones."""
        classes = len(self.class_names)
        if self.base_classes == classes:
            raise LluError(f"{self.name}: all {classes} class(es) are base classes; base-to-new needs new ones too")
        return range(self.base_classes), range(self.base_classes, classes)

    def add_classes(self, class_names: Sequence[str], class_embeddings: Tensor) -> "FewShotSet":
        """The same set with further classes known by name only, embedded as (len(class_names), d) unit rows.

        The classes that have shots become its base classes. Raises LluError for a name that is there already.
        """
        names = self.class_names + tuple(class_names)
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twice is not None:
            raise LluError(f"{self.name}: class '{twice}' is there already; give every class one name of its own")
        unseen_before = len(self.seen_classes) < len(self.class_names)
        return replace(
            self,
            class_names=names,
            class_embeddings=torch.cat([self.class_embeddings, class_embeddings]),
            base_classes=self.base_classes if unseen_before or not class_names else len(self.class_names),
        )


def new_labels(chosen: Sequence[int] | Tensor, classes: int) -> Tensor:
    """(classes,) int64 for `relabel`: the classes `chosen` are numbered from 0 in that order, the others are -1."""
    labels = torch.full((classes,), -1, dtype=torch.int64)
    labels[chosen] = torch.arange(len(chosen))
    return labels


def first_half(classes: int) -> int:
    """ceil(classes / 2), the number of base classes where a source names none itself."""
    return math.ceil(classes / 2)
