"""Which of the rows in a folder a report is of: never rows of different data or settings side by side.

A table (a protocol on a source, and a target) is of the data that it was last asked for on, a system in it of the
settings that it was last asked for by; what was made otherwise is left out and counted. Draws of shots are what rows
are averaged over, so they may differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llu_core.evaluation.results import AnyRow, TimingRow
from llu_core.evaluation.store import Recorded

_OF_DATA = ("problem", "listed", "encoder", "templates", "meaning", "columns", "processor")
_OF_SETTINGS = ("system", "device", "views")


@dataclass(frozen=True, eq=False)
class _Made:
    """A row, and what decided it."""

    row: AnyRow
    configuration: Mapping[str, Any]

    @property
    def table(self) -> tuple[str, str, str]:
        """What stands in one table."""
        return self.row.protocol, self.row.source, getattr(self.row, "target", "")

    @property
    def who(self) -> tuple[str, str, str]:
        """What is one line of it."""
        row = self.row
        return row.method, "" if isinstance(row, TimingRow) else row.recipe, getattr(row, "form", "")

    @property
    def data(self) -> tuple[str, ...]:
        """What must be the same for all lines."""
        targets = self.configuration.get("targets", {})
        return *(str(self.configuration.get(part)) for part in _OF_DATA), str(targets.get(self.table[2]))

    @property
    def settings(self) -> tuple[str, ...]:
        """What must be the same within a line."""
        return tuple(str(self.configuration.get(part)) for part in _OF_SETTINGS)

    @property
    def identity(self) -> tuple[object, ...]:
        """What there is one row of."""
        row = self.row
        if isinstance(row, TimingRow):
            return *self.table, *self.who, row.seed, row.classes, row.batch_size
        return *self.table, *self.who, row.seed, row.shots, getattr(row, "step", 0)


@dataclass(frozen=True, eq=False)
class Current:
    """The rows of a report, in the order in which they were first computed.

    sources: a sentence per source on what embedded it; notes: what was left out, and which seeds are one run.
    """

    rows: tuple[AnyRow, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, cells: Sequence[Recorded]) -> "Current":
        """cells: those that were asked for last come last."""
        made = [_Made(row, cell.configuration) for cell in cells for row in cell.rows if cell.configuration]
        unknown = sum(len(cell.rows) for cell in cells if not cell.configuration)
        data = {each.table: each.data for each in made}
        fitting = [each for each in made if each.data == data[each.table]]
        settings = {(each.table, each.who): each.settings for each in fitting}
        chosen = [each for each in fitting if each.settings == settings[each.table, each.who]]
        latest = {each.identity: each for each in chosen}
        kept = list(latest.values())
        notes = [*_left_out(made, chosen), *_old(unknown), *_same_draws([each.row for each in kept])]
        return cls(tuple(each.row for each in kept), tuple(_sources(kept)), tuple(notes))


def _left_out(made: Sequence[_Made], chosen: Sequence[_Made]) -> list[str]:
    """A sentence per table with rows that were made otherwise."""
    counts: dict[tuple[str, str, str], int] = {}
    for each in set(made) - set(chosen):
        counts[each.table] = counts.get(each.table, 0) + 1
    return [
        f"left out: {count} rows of {' '.join(dict.fromkeys(filter(None, table)))} that were made of other data or by "
        "other settings than the latest ones"
        for table, count in sorted(counts.items())
    ]


def _old(count: int) -> list[str]:
    told = (
        f"left out: {count} rows of an earlier release, which do not tell how they were made; run their command again"
    )
    return [told] * bool(count)


def _same_draws(rows: Sequence[AnyRow]) -> list[str]:
    """A sentence per source and shots of which several seeds drew the same pictures."""
    seeds: dict[tuple[str, int], dict[str, set[int]]] = {}
    for row in rows:
        if not isinstance(row, TimingRow) and row.draw and row.seed is not None:
            seeds.setdefault((row.source, row.shots), {}).setdefault(row.draw, set()).add(row.seed)
    return [
        f"`{source}`, {shots} shots: seeds {', '.join(map(str, sorted(same)))} drew the same pictures, since there are "
        "no more to draw from; they count as one run, without a standard deviation"
        for (source, shots), draws in seeds.items()
        for same in draws.values()
        if len(same) > 1
    ]


def _sources(made: Sequence[_Made]) -> list[str]:
    """What embedded each source, its templates and views."""
    facts: dict[str, str] = {}
    for each in made:
        facts[each.row.source] = _facts(each.configuration)
    return [f"`{source}`: {fact}" for source, fact in facts.items()]


def _facts(configuration: Mapping[str, Any]) -> str:
    views = configuration.get("views") or "none"
    encoder, templates = configuration.get("encoder"), configuration.get("templates")
    if encoder is None and templates is None:
        return (
            f"embedded by an unknown model with unknown templates, as its feature bundle does not tell; views: {views}"
        )
    made = f"embedded by {encoder or 'an unknown model'}"
    listed = ", ".join(f"'{template}'" for template in templates or ()) or "unknown"
    return f"{made}; templates: {listed}; views per training picture: {views}"
