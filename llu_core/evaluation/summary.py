"""A report in short: averages over sets, a line per system in every table. README shows that of the built-in sets."""

from collections.abc import Sequence

from llu_core.evaluation.few_shot import few_shot_summary
from llu_core.evaluation.published import CONDITIONS, NOT_AT_HAND, SETS_FROM, TABLE_1, TRANSFER
from llu_core.evaluation.results import (
    AnyRow,
    MeanTransferRow,
    Row,
    TimingRow,
    TransferRow,
    averages,
    mean_rows,
    mean_transfer_rows,
)
from llu_core.evaluation.tables import (
    BEYOND,
    ablation_table,
    averages_table,
    cost,
    markdown_table,
    number,
    reasons,
    shots_table,
    shots_text,
    title,
)


def summary_text(rows: Sequence[AnyRow], how: str) -> str:
    """Markdown without headings; `how`: a paragraph on what made the rows. Protocols without rows are left out."""
    base_to_new = [row for row in rows if isinstance(row, Row) and row.protocol == "base-to-new"]
    ablation = [row for row in rows if isinstance(row, Row) and row.protocol == "ablation"]
    transfer = [row for row in rows if isinstance(row, TransferRow) and row.protocol in TRANSFER]
    timing = [row for row in rows if isinstance(row, TimingRow)]
    parts = [how]
    parts += _base_to_new(base_to_new) if base_to_new else []
    parts += _ablation(ablation) if ablation else []
    parts += _transfers(transfer) if transfer else []
    parts += _timing(timing) if timing else []
    parts += few_shot_summary(rows)
    return "\n\n".join(parts) + "\n"


def _base_to_new(rows: Sequence[Row]) -> list[str]:
    means = mean_rows(rows)
    shots = sorted({row.shots for row in means})
    at_most = [row for row in means if row.shots == shots[-1]]
    parts = [
        f"**Base to new (Table 1)**, {shots_text(shots[-1])}, average over {_sets(at_most)}; mean H is the mean of the "
        f"sets' harmonic means, H of means that of the averages. The paper's columns: {CONDITIONS}.",
        BEYOND,
        averages_table(averages(at_most), TABLE_1),
    ]
    parts += reasons(means)
    if len(shots) > 1:
        parts += ["**Mean H over shots (Figure 2)**, the same sets.", shots_table(averages(means), shots)]
    return parts


def _sets(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(row.source for row in rows))
    return f"{len(names)} set{'s' * (len(names) > 1)} ({', '.join(f'`{name}`' for name in names)})"


def _ablation(rows: Sequence[Row]) -> list[str]:
    means = mean_rows(rows)
    return [f"**Ablation (Table 4)**, average over {_sets(means)}.", ablation_table(averages(means)), *reasons(means)]


def _transfers(rows: Sequence[TransferRow]) -> list[str]:
    """A table per source: accuracy on the source itself, and averages over the targets of both protocols."""
    means = mean_transfer_rows(rows)
    note = f"Accuracy, average over the targets. The published columns are {SETS_FROM}. {NOT_AT_HAND}"
    parts = [f"**Cross-dataset and domain shift (Tables 2 and 3).** {note}"]
    for source, shots in dict.fromkeys((row.source, row.shots) for row in means):
        chosen = [row for row in means if (row.source, row.shots) == (source, shots)]
        parts += [f"Trained on `{source}`, {shots_text(shots)}:", _transfer_table(chosen)]
    return parts + reasons(means)


def _transfer_table(means: Sequence[MeanTransferRow]) -> str:
    body = []
    for system in dict.fromkeys(row.method for row in means):
        of_system = [row for row in means if row.method == system]
        itself = next((row.accuracy for row in of_system if row.target == row.source), None)
        ours = (itself, *(_over_targets(of_system, protocol) for protocol in TRANSFER))
        body.append([title(system), *map(number, ours), *_published(system)])
    head = ["system", "itself", *TRANSFER, "published: ImageNet itself", *TRANSFER]
    return markdown_table(head, body)


def _over_targets(rows: Sequence[MeanTransferRow], protocol: str) -> float | None:
    """The average, where there is an answer on every target."""
    found = [row.accuracy for row in rows if row.protocol == protocol and row.target != row.source]
    known = [accuracy for accuracy in found if accuracy is not None]
    return sum(known) / len(known) if known and len(known) == len(found) else None


def _published(system: str) -> list[str]:
    """ImageNet itself, then the average of each protocol."""
    found = [next((each for each in systems if each.system == system), None) for _, systems in TRANSFER.values()]
    itself = next((each.accuracies[0] for each in found if each), None)
    return [number(value, digits=2) for value in (itself, *(each.average if each else None for each in found))]


def _timing(rows: Sequence[TimingRow]) -> list[str]:
    sizes = sorted({row.batch_size for row in rows})
    ends = list(dict.fromkeys((sizes[0], sizes[-1])))
    found = {(row.method, row.batch_size): row for row in rows}
    body = [
        [title(system), *(cost(found.get((system, size))) for size in ends)]
        for system in dict.fromkeys(row.method for row in rows)
    ]
    head = ["system", *(f"{size} picture{'s' * (size > 1)}" for size in ends)]
    note = f"one forward and backward pass on `{rows[0].source}`, time and memory."
    return [f"**A training pass (Figure 3)**, {note}", markdown_table(head, body), *reasons(rows)]
