"""Rows of the paper's tables: one frozen dataclass per kind, their JSON, and their means.

The column "method" of a row, which files and the terminal call so too, is the name of its system.
Accuracies are percentages. None stands where a system has no answer; `reason` then says why in a few words.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import fmean, stdev
from typing import Any, TypeVar

from llu_core.method.classifier import harmonic_mean


@dataclass(frozen=True)
class Row:
    """Base-to-new and ablation: accuracies on the two halves; train_seconds without encoding.

    distance_to_identity: the sum of eq. 6 without lambda, for localised adapters. seed None: a mean over seeds.
    elsewhere: mean accuracy on the source's controls; joint: accuracy over all classes at once; openworld_auc: with the
    largest base probability as detector, _near with the cosine to the nearest shot, _both with their product (see
    `open_world`).
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


@dataclass(frozen=True)
class MeanRow(Row):
    """The mean over `runs` seeds; the std columns are the sample standard deviation, None for a single run."""

    runs: int = 1
    base_std: float | None = None
    new_std: float | None = None
    h_std: float | None = None


@dataclass(frozen=True)
class TransferRow:
    """Cross-dataset and domain shift: trained on `source`, tested on `target`, a closed problem of its own."""

    protocol: str
    source: str
    target: str
    method: str
    shots: int
    seed: int | None
    accuracy: float | None
    train_seconds: float | None
    reason: str = ""


@dataclass(frozen=True)
class MeanTransferRow(TransferRow):
    """The mean over `runs` seeds; accuracy_std as in MeanRow."""

    runs: int = 1
    accuracy_std: float | None = None


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
)
"""Columns of a Row besides accuracies of the halves and time."""

AnyRow = Row | TransferRow | TimingRow

ROW_TYPES: dict[str, type[AnyRow]] = {
    "base-to-new": Row,
    "ablation": Row,
    "cross-dataset": TransferRow,
    "domain-shift": TransferRow,
    "timing": TimingRow,
}
"""Protocol -> the kind of its rows, in the order of a report."""


def row_to_json(row: AnyRow) -> dict[str, Any]:
    """The row as plain JSON values; a number that is not finite becomes null, which strict readers accept."""
    return {name: _finite(value) for name, value in asdict(row).items()}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def row_from_json(content: dict[str, Any]) -> AnyRow:
    """The row of one seed that `row_to_json` wrote; raises KeyError or TypeError for anything else."""
    return ROW_TYPES[content["protocol"]](**content)


Grouped = TypeVar("Grouped", bound=AnyRow)


def _groups(rows: Iterable[Grouped], columns: Sequence[str]) -> list[list[Grouped]]:
    """Rows that agree in `columns`, in order of first appearance."""
    groups: dict[tuple[Hashable, ...], list[Grouped]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, column) for column in columns), []).append(row)
    return list(groups.values())


def _mean(rows: Sequence[AnyRow], column: str) -> float | None:
    values = _values(rows, column)
    return fmean(values) if values else None


def _std(rows: Sequence[AnyRow], column: str) -> float | None:
    values = _values(rows, column)
    return stdev(values) if len(values) > 1 else None


def _values(rows: Sequence[AnyRow], column: str) -> list[float]:
    return [value for row in rows if (value := getattr(row, column)) is not None]


def mean_rows(rows: Iterable[Row]) -> list[MeanRow]:
    """A MeanRow per protocol, source, system and shots; h is the mean of the per-seed harmonic means."""
    return [_mean_row(group) for group in _groups(rows, ("protocol", "source", "method", "shots"))]


def _mean_row(rows: Sequence[Row]) -> MeanRow:
    first = {field.name: getattr(rows[0], field.name) for field in fields(Row)}
    means = {column: _mean(rows, column) for column in ("base", "new", "h", "train_seconds", *FURTHER_COLUMNS)}
    spreads = {f"{column}_std": _std(rows, column) for column in ("base", "new", "h")}
    return MeanRow(**{**first, **means, **spreads, "seed": None, "runs": len(rows), "reason": _reasons(rows)})


def mean_transfer_rows(rows: Iterable[TransferRow]) -> list[MeanTransferRow]:
    """A MeanTransferRow per protocol, source, target, system and shots."""
    groups = _groups(rows, ("protocol", "source", "target", "method", "shots"))
    return [_mean_transfer_row(group) for group in groups]


def _mean_transfer_row(rows: Sequence[TransferRow]) -> MeanTransferRow:
    first = {field.name: getattr(rows[0], field.name) for field in fields(TransferRow)}
    means = {column: _mean(rows, column) for column in ("accuracy", "train_seconds")}
    spread = {"accuracy_std": _std(rows, "accuracy")}
    return MeanTransferRow(**{**first, **means, **spread, "seed": None, "runs": len(rows), "reason": _reasons(rows)})


def _reasons(rows: Sequence[Row] | Sequence[TransferRow]) -> str:
    return "; ".join(dict.fromkeys(row.reason for row in rows if row.reason))


@dataclass(frozen=True)
class Average:
    """A system over data sets. The two conventions of the literature for the harmonic mean stand side by side.

    mean_h: the mean of the sets' H; h_of_means: H of the averaged base and new accuracies. sets: how many have a row.
    The others are means over the sets that have them.
    """

    system: str
    shots: int
    sets: int
    base: float | None
    new: float | None
    mean_h: float | None
    h_of_means: float | None
    train_seconds: float | None
    distance_to_identity: float | None
    elsewhere: float | None
    joint: float | None
    openworld_auc: float | None
    openworld_auc_near: float | None
    openworld_auc_both: float | None


def averages(means: Iterable[MeanRow]) -> list[Average]:
    """An Average per system and shots, over the sources in `means`."""
    return [_average(group) for group in _groups(means, ("method", "shots"))]


def _average(rows: Sequence[MeanRow]) -> Average:
    base, new, mean_h = (_mean(rows, column) for column in ("base", "new", "h"))
    return Average(
        system=rows[0].method,
        shots=rows[0].shots,
        sets=len(rows),
        base=base,
        new=new,
        mean_h=mean_h,
        h_of_means=harmonic_mean(base, new),
        train_seconds=_mean(rows, "train_seconds"),
        **{column: _mean(rows, column) for column in FURTHER_COLUMNS},
    )
