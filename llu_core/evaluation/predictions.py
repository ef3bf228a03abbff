"""What a trained system answered, picture by picture, and the files of it."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.files.writing import write_text
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import Classifier


@dataclass(frozen=True, eq=False)
class Predictions:
    """The answers of a system to one closed problem.

    part: "base", "new", or "" where the problem is no half; names: n pictures; labels, answers: (n,) int64;
    probability: (n,) of the answer; alpha: (n,), the share of the update that each picture receives, None for systems
    that have no such share.
    """

    part: str
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    labels: Tensor
    answers: Tensor
    probability: Tensor
    alpha: Tensor | None

    @classmethod
    def of(cls, problem: FewShotSet, classifier: Classifier, logits: Tensor, part: str = "") -> "Predictions":
        """logits: (n, C), of the problem's test pictures."""
        probability, answers = logits.softmax(dim=1).max(dim=1)
        alpha = None
        if isinstance(classifier, LocalizedAdapter):
            alpha = classifier.image.alpha(problem.test.embeddings, beta=classifier.beta, gamma=classifier.gamma)
        test = problem.test
        return cls(part, problem.class_names, test.names, test.labels, answers, probability, alpha)

    def lines(self) -> Iterator[dict[str, Any]]:
        """A line per picture."""
        alphas = torch.full_like(self.probability, torch.nan) if self.alpha is None else self.alpha
        numbers = (each.tolist() for each in (self.labels, self.answers, self.probability, alphas))
        for name, label, answer, probability, alpha in zip(self.names, *numbers, strict=True):
            yield {
                "part": self.part,
                "picture": name,
                "class": self.class_names[label],
                "answer": self.class_names[answer],
                "right": label == answer,
                "probability": probability,
                "alpha": None if self.alpha is None else alpha,
            }


def write_predictions(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """CSV where the name ends in .csv, otherwise a JSON object per line."""
    if path.suffix.lower() == ".csv":
        write_text(path, csv_text(list(lines)))
    else:
        write_text(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def csv_text(lines: list[dict[str, Any]]) -> str:
    """A table with a column for every key that occurs; what a line lacks, and None, is an empty cell."""
    file = io.StringIO()
    columns = dict.fromkeys(key for line in lines for key in line)
    writer = csv.DictWriter(file, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()
