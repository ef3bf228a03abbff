"""Rows of the paper's tables: one frozen dataclass per kind, and their JSON.

The column "method" of a row, which files and the terminal call so too, is the name of its system; recipe: LLU's, "" for
the others; draw: a fingerprint of the pictures that were trained on, whatever their order: seeds of one draw are one
run.
Accuracies are percentages. None stands where a system has no answer; `reason` then says why in a few words.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from llu_core.evaluation.measures import MEASURES
from llu_core.evaluation.predictions import Predictions
from llu_core.evaluation.sequence.rows import SequenceRow


@dataclass(frozen=True)
class Row:
    """Base-to-new and ablation: accuracies on the two halves; train_seconds without encoding.

    distance_to_identity: the sum of eq. 6 without lambda, for localised adapters. seed None: a mean over seeds.
    elsewhere: mean accuracy on the source's controls; joint: accuracy over all classes at once; openworld_auc: with the
    largest base probability as detector, _near with the cosine to the nearest shot, _both with their product (see
    `open_world`); _top5, _recall, _ece: of either half (see `measures`). predictions: where asked for; no file of rows
    has them.
    """

    protocol: str
    source: str
    method: str
    shots: int
    seed: int | None
    base: float | None
    new: float | None
    h: float | None
    train_seconds: float | None
    distance_to_identity: float | None = None
    reason: str = ""
    elsewhere: float | None = None
    joint: float | None = None
    openworld_auc: float | None = None
    openworld_auc_near: float | None = None
    openworld_auc_both: float | None = None
    base_top5: float | None = None
    new_top5: float | None = None
    base_recall: float | None = None
    new_recall: float | None = None
    base_ece: float | None = None
    new_ece: float | None = None
    recipe: str = ""
    draw: str = ""
    predictions: tuple[Predictions, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class TransferRow:
    """Cross-dataset and domain shift: trained on `source`, tested on `target`, a closed problem of its own.

    Few-shot: the target is the source itself. top5, recall, ece: see `measures`; predictions as in Row.
    """

    protocol: str
    source: str
    target: str
    method: str
    shots: int
    seed: int | None
    accuracy: float | None
    train_seconds: float | None
    reason: str = ""
    top5: float | None = None
    recall: float | None = None
    ece: float | None = None
    recipe: str = ""
    draw: str = ""
    predictions: tuple[Predictions, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class TimingRow:
    """One forward and backward pass over `batch_size` training pictures against `classes` classes.

    seconds: the median; memory_bytes: what the pass allocates at most beside what is held; memory: how that was
    measured; held_bytes: all tensors alive before it, such as parameters, class texts, training rows and the
    optimiser's state; form: "fast form" or "plain form" of LLU, "" for other systems; where: the processor.
    """

    protocol: str
    source: str
    method: str
    batch_size: int
    seed: int | None
    seconds: float | None
    memory_bytes: int | None
    memory: str = ""
    reason: str = ""
    classes: int | None = None
    held_bytes: int | None = None
    form: str = ""
    where: str = ""


FURTHER_COLUMNS = (
    "distance_to_identity",
    "elsewhere",
    "joint",
    "openworld_auc",
    "openworld_auc_near",
    "openworld_auc_both",
    *(f"{half}_{measure}" for measure in MEASURES for half in ("base", "new")),
)
"""Columns of a Row besides accuracies of the halves and time."""

AnyRow = Row | TransferRow | TimingRow | SequenceRow

ROW_TYPES: dict[str, type[AnyRow]] = {
    "base-to-new": Row,
    "ablation": Row,
    "cross-dataset": TransferRow,
    "domain-shift": TransferRow,
    "sequence": SequenceRow,
    "timing": TimingRow,
    "few-shot": TransferRow,
}
"""Protocol -> the kind of its rows, in the order of a report."""


def row_to_json(row: Any) -> dict[str, Any]:
    """The row as plain JSON values; a number that is not finite becomes null, which strict readers accept."""
    return {column: _finite(getattr(row, column)) for column in columns_of(type(row))}


def columns_of(kind: type[Any]) -> tuple[str, ...]:
    """The columns that files have of a kind of row."""
    return tuple(column.name for column in fields(kind) if column.name != "predictions")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def row_from_json(content: Mapping[str, Any]) -> AnyRow:
    """The row of one seed that `row_to_json` wrote; raises KeyError or TypeError for anything else."""
    return ROW_TYPES[content["protocol"]](**content)
