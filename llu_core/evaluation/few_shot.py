"""The tables of the protocol few-shot: trained and tested on all classes that have shots, over the number of shots."""

from collections.abc import Sequence

from llu_core.evaluation.results import AnyRow, MeanTransferRow, TransferRow, mean_transfer_rows
from llu_core.evaluation.tables import markdown_table, number, reasons, shots_text, title

PROTOCOL = "few-shot"


def few_shot_means(rows: Sequence[AnyRow]) -> list[MeanTransferRow]:
    """The means over seeds of this protocol's rows."""
    return mean_transfer_rows(row for row in rows if isinstance(row, TransferRow) and row.protocol == PROTOCOL)


def few_shot_section(rows: Sequence[AnyRow]) -> list[str]:
    """The averages over sets, then a table per set; nothing without rows."""
    means = few_shot_means(rows)
    if not means:
        return []
    note = (
        "Accuracy in percent on all classes that have shots, which were all trained, mean ± standard deviation over "
        "seeds."
    )
    parts = ["## Few-shot, all classes", note, "### Averages over sets", averages_over_sets(means)]
    for source in dict.fromkeys(row.source for row in means):
        parts += [f"### {source}, few-shot", _set_table([row for row in means if row.source == source])]
    return [*parts, *reasons(means)]


def few_shot_summary(rows: Sequence[AnyRow]) -> list[str]:
    """The averages over sets alone."""
    means = few_shot_means(rows)
    if not means:
        return []
    sets = list(dict.fromkeys(row.source for row in means))
    named = ", ".join(f"`{source}`" for source in sets)
    return [f"**Few-shot, all classes**, accuracy, average over {len(sets)} sets ({named}).", averages_over_sets(means)]


def averages_over_sets(means: Sequence[MeanTransferRow]) -> str:
    """A row per system; a dash where it has no answer on one of the sets."""
    shots, sets = _shots(means), {row.source for row in means}
    body = []
    for system in dict.fromkeys(row.method for row in means):
        line = [title(system)]
        for each in shots:
            found = [row.accuracy for row in means if (row.method, row.shots) == (system, each)]
            known = [accuracy for accuracy in found if accuracy is not None]
            line.append(number(sum(known) / len(known) if len(known) == len(sets) else None))
        body.append(line)
    return markdown_table(["system", *map(shots_text, shots)], body)


def _set_table(means: Sequence[MeanTransferRow]) -> str:
    found = {(row.method, row.shots): (row.accuracy, row.accuracy_std) for row in means}
    shots = _shots(means)
    body = [
        [title(system), *(number(*found.get((system, each), (None, None))) for each in shots)]
        for system in dict.fromkeys(row.method for row in means)
    ]
    return markdown_table(["system", *map(shots_text, shots)], body)


def _shots(means: Sequence[MeanTransferRow]) -> list[int]:
    return sorted({row.shots for row in means})
