"""The tables of the protocol few-shot: trained and tested on all classes that have shots, over the number of shots."""

from collections.abc import Sequence

from llu_core.evaluation.means import MeanTransferRow, mean_of, mean_transfer_rows
from llu_core.evaluation.measures import MEASURES
from llu_core.evaluation.reporting.markdown import (
    NO_ANSWER,
    markdown_table,
    number,
    of_sets,
    reasons,
    row_title,
    shots_text,
)
from llu_core.evaluation.results import AnyRow, TransferRow

PROTOCOL = "few-shot"


def few_shot_means(rows: Sequence[AnyRow]) -> list[MeanTransferRow]:
    """The means over seeds of this protocol's rows."""
    return mean_transfer_rows(row for row in rows if isinstance(row, TransferRow) and row.protocol == PROTOCOL)


def few_shot_section(rows: Sequence[AnyRow], measures: Sequence[str] = ()) -> list[str]:
    """The averages over sets, then a table per set, one more for each of `measures`; nothing without rows."""
    means = few_shot_means(rows)
    if not means:
        return []
    note = (
        "Accuracy in percent on all classes that have shots, which were all trained, mean ± standard deviation over "
        "seeds (ddof 1). An average over fewer sets than have these shots says so, as in (1 of 2)."
    )
    parts = ["## Few-shot, all classes", note, "### Averages over sets", averages_over_sets(means)]
    for source in dict.fromkeys(row.source for row in means):
        of_set = [row for row in means if row.source == source]
        parts += [f"### {source}, few-shot", _set_table(of_set)]
        for measure in measures:
            parts += [f"{MEASURES[measure].capitalize()} in percent:", _set_table(of_set, measure)]
    return [*parts, *reasons(means)]


def few_shot_summary(rows: Sequence[AnyRow]) -> list[str]:
    """The averages over sets alone."""
    means = few_shot_means(rows)
    if not means:
        return []
    sets = list(dict.fromkeys(row.source for row in means))
    named = ", ".join(f"`{source}`" for source in sets)
    told = f"{len(sets)} set{'s' * (len(sets) != 1)} ({named})"
    return [f"**Few-shot, all classes**, accuracy, average over {told}.", averages_over_sets(means), *reasons(means)]


def averages_over_sets(means: Sequence[MeanTransferRow]) -> str:
    """A row per system and recipe, over the sets that have so many shots."""
    body = []
    for system, recipe in _systems(means):
        line = [row_title(system, recipe)]
        for shots in _shots(means):
            compared = {row.source for row in means if row.shots == shots}
            found = [row.accuracy for row in means if (row.method, row.recipe, row.shots) == (system, recipe, shots)]
            answered = len(found) - found.count(None)
            line.append(of_sets(mean_of(found), answered, len(compared)))
        body.append(line)
    return markdown_table(["system", *map(shots_text, _shots(means))], body)


def _set_table(means: Sequence[MeanTransferRow], column: str = "accuracy") -> str:
    found = {(row.method, row.recipe, row.shots): row for row in means}
    body = []
    for system, recipe in _systems(means):
        line = [row_title(system, recipe)]
        for shots in _shots(means):
            row = found.get((system, recipe, shots))
            spread = row.accuracy_std if row and column == "accuracy" else None
            line.append(number(getattr(row, column), spread) if row else NO_ANSWER)
        body.append(line)
    return markdown_table(["system", *map(shots_text, _shots(means))], body)


def _systems(means: Sequence[MeanTransferRow]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.method, row.recipe) for row in means))


def _shots(means: Sequence[MeanTransferRow]) -> list[int]:
    return sorted({row.shots for row in means})
