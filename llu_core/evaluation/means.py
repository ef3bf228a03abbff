"""Means over seeds, and averages over sets that say how many sets they hold."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, TypeVar

from llu_core.evaluation.measures import MEASURES
from llu_core.evaluation.results import FURTHER_COLUMNS, AnyRow, Row, TransferRow, columns_of
from llu_core.method.classifier import harmonic_mean


@dataclass(frozen=True)
class MeanRow(Row):
    """The mean over seeds that have an answer; the std columns are the sample standard deviation (ddof 1) over them.

    runs: how many draws of shots they are; where a source has no more to draw from, all seeds are one. The standard
    deviation of fewer than two is None.
    """

    runs: int = 1
    base_std: float | None = None
    new_std: float | None = None
    h_std: float | None = None


@dataclass(frozen=True)
class MeanTransferRow(TransferRow):
    """The mean over seeds; runs and accuracy_std as in MeanRow."""

    runs: int = 1
    accuracy_std: float | None = None


Grouped = TypeVar("Grouped", bound=AnyRow)


def groups(rows: Iterable[Grouped], columns: Sequence[str]) -> list[list[Grouped]]:
    """Rows that agree in `columns`, in order of first appearance."""
    found: dict[tuple[Hashable, ...], list[Grouped]] = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, column) for column in columns), []).append(row)
    return list(found.values())


def mean_of(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are there, None without any."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _mean(rows: Sequence[AnyRow], column: str) -> float | None:
    return mean_of(_values(rows, column))


def _values(rows: Sequence[AnyRow], column: str) -> list[float]:
    return [value for row in rows if (value := getattr(row, column)) is not None]


def mean_rows(rows: Iterable[Row]) -> list[MeanRow]:
    """A MeanRow per protocol, source, system, recipe and shots; h is the mean of the per-seed harmonic means."""
    columns = ("base", "new", "h", "train_seconds", *FURTHER_COLUMNS)
    same = groups(rows, ("protocol", "source", "method", "recipe", "shots"))
    return [MeanRow(**_mean_of(group, columns, ("base", "new", "h"))) for group in same]


def mean_transfer_rows(rows: Iterable[TransferRow]) -> list[MeanTransferRow]:
    """A MeanTransferRow per protocol, source, target, system, recipe and shots."""
    columns = ("accuracy", "train_seconds", *MEASURES)
    same = groups(rows, ("protocol", "source", "target", "method", "recipe", "shots"))
    return [MeanTransferRow(**_mean_of(group, columns, ("accuracy",))) for group in same]


def _mean_of(rows: Sequence[Row | TransferRow], columns: Sequence[str], accuracies: Sequence[str]) -> dict[str, Any]:
    """The fields of a mean; accuracies: those of `columns` that have a standard deviation, the decisive one first."""
    first = {column: getattr(rows[0], column) for column in columns_of(type(rows[0]))}
    return {
        **first,
        **{column: _mean(rows, column) for column in columns},
        **{f"{column}_std": stdev(_values(rows, column)) if _runs(rows, column) > 1 else None for column in accuracies},
        "seed": None,
        "runs": _runs(rows, accuracies[0]),
        "reason": "; ".join(dict.fromkeys(row.reason for row in rows if row.reason)),
    }


def _runs(rows: Sequence[Row | TransferRow], column: str) -> int:
    """How many draws there are among the rows that have an answer; of a row that does not tell its draw, its seed."""
    return len({row.draw or row.seed for row in rows if getattr(row, column) is not None})


@dataclass(frozen=True)
class Over:
    """A mean over `sets` sets, None over none."""

    value: float | None
    sets: int


@dataclass(frozen=True)
class Average:
    """A system over data sets. The two conventions of the literature for the harmonic mean stand side by side.

    sets: how many sets stand in the comparison; over: each column's mean over those that the system answers on: Row's
    columns, mean_h, the mean of the sets' H, and h_of_means, H of the averaged base and new accuracies.
    """

    system: str
    recipe: str
    shots: int
    sets: int
    over: Mapping[str, Over]

    def value(self, column: str) -> float | None:
        """The mean of a column, over however many sets."""
        return self.over[column].value

    def is_whole(self, column: str) -> bool:
        """Whether the mean of a column holds every set of the comparison."""
        return self.over[column].sets == self.sets


def averages(means: Iterable[MeanRow]) -> list[Average]:
    """An Average per system, recipe and shots, over the sources that have a row of those shots in `means`."""
    rows = list(means)
    compared = {shots: {row.source for row in rows if row.shots == shots} for shots in {row.shots for row in rows}}
    return [_average(group, len(compared[group[0].shots])) for group in groups(rows, ("method", "recipe", "shots"))]


def _average(rows: Sequence[MeanRow], sets: int) -> Average:
    over = {column: _over(rows, column) for column in ("base", "new", "train_seconds", *FURTHER_COLUMNS)}
    both = [row for row in rows if row.base is not None and row.new is not None]
    h_of_means = Over(harmonic_mean(_mean(both, "base"), _mean(both, "new")), len(both))
    over |= {"mean_h": _over(rows, "h"), "h_of_means": h_of_means}
    return Average(rows[0].method, rows[0].recipe, rows[0].shots, sets, over)


def _over(rows: Sequence[MeanRow], column: str) -> Over:
    return Over(_mean(rows, column), len(_values(rows, column)))
