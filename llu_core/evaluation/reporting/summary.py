"""A report in short: averages over sets, a line per system in every table. docs/results.md has the built-in sets'."""

from collections.abc import Sequence

from llu_core.evaluation.means import MeanRow, averages, mean_rows, mean_transfer_rows
from llu_core.evaluation.reporting.few_shot_tables import few_shot_summary
from llu_core.evaluation.reporting.markdown import reasons, shots_text
from llu_core.evaluation.reporting.published import AVERAGE_H, CONDITIONS, FROM_IMAGENET, TABLE_1
from llu_core.evaluation.reporting.sequences import MEANT, score_table
from llu_core.evaluation.reporting.tables import BEYOND, ablation_table, averages_table, sets_text, shots_table
from llu_core.evaluation.reporting.timing_tables import timing_reasons, timing_table
from llu_core.evaluation.reporting.transfer_tables import HEADINGS, summary_table
from llu_core.evaluation.results import AnyRow, Row, TimingRow, TransferRow
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.evaluation.sequence.scores import sequence_scores


def summary_text(rows: Sequence[AnyRow], how: str) -> str:
    """Markdown without headings; `how`: a paragraph on what made the rows. Protocols without rows are left out."""
    base_to_new = [row for row in rows if isinstance(row, Row) and row.protocol == "base-to-new"]
    ablation = [row for row in rows if isinstance(row, Row) and row.protocol == "ablation"]
    transfer = [row for row in rows if isinstance(row, TransferRow) and row.protocol in HEADINGS]
    timing = [row for row in rows if isinstance(row, TimingRow)]
    parts = [how]
    parts += _base_to_new(base_to_new) if base_to_new else []
    parts += _ablation(ablation) if ablation else []
    parts += _transfers(transfer) if transfer else []
    parts += _sequences([row for row in rows if isinstance(row, SequenceRow)])
    parts += _timing(timing) if timing else []
    parts += few_shot_summary(rows)
    return "\n\n".join(parts) + "\n"


def _base_to_new(rows: Sequence[Row]) -> list[str]:
    means = mean_rows(rows)
    shots = sorted({row.shots for row in means})
    at_most = [row for row in means if row.shots == shots[-1]]
    parts = [
        f"**Base to new (Table 1)**, {shots_text(shots[-1])}, average over {_sets(at_most)}; mean H is the mean of the "
        "sets' harmonic means, H of means that of the averages. The paper's columns: averages over its 11 data sets; "
        f"{CONDITIONS}. {AVERAGE_H}.",
        BEYOND,
        averages_table(averages(at_most), TABLE_1),
    ]
    parts += reasons(means)
    if len(shots) > 1:
        parts += ["**Mean H over shots (Figure 2)**, the same sets.", shots_table(averages(means), shots)]
    return parts


def _sets(rows: Sequence[MeanRow]) -> str:
    names = dict.fromkeys(row.source for row in rows if row.base is not None or row.new is not None)
    return f"{sets_text(rows)} ({', '.join(f'`{name}`' for name in names)})"


def _ablation(rows: Sequence[Row]) -> list[str]:
    means = mean_rows(rows)
    return [f"**Ablation (Table 4)**, average over {_sets(means)}.", ablation_table(averages(means)), *reasons(means)]


def _transfers(rows: Sequence[TransferRow]) -> list[str]:
    """A table per source: accuracy on the source itself, and averages over the targets of both protocols."""
    means = mean_transfer_rows(rows)
    note = f"Accuracy, average over the targets. The paper's columns: {FROM_IMAGENET}; {CONDITIONS}."
    parts = [f"**Cross-dataset and domain shift (Tables 2 and 3).** {note}"]
    for source, shots in dict.fromkeys((row.source, row.shots) for row in means):
        chosen = [row for row in means if (row.source, row.shots) == (source, shots)]
        parts += [f"Trained on `{source}`, {shots_text(shots)}:", summary_table(chosen)]
    return parts + reasons(means)


def _sequences(rows: Sequence[SequenceRow]) -> list[str]:
    """A table of scores per sequence and shots."""
    parts = [f"**Sets one after the other.** {MEANT}"] if rows else []
    for source, shots in dict.fromkeys((row.source, row.shots) for row in rows):
        chosen = [row for row in rows if (row.source, row.shots) == (source, shots)]
        parts += [f"`{source}`, {shots_text(shots)}:", score_table(sequence_scores(chosen))]
    return parts


def _timing(rows: Sequence[TimingRow]) -> list[str]:
    """A table per source and number of classes, of the smallest batch and the largest."""
    parts = ["**A training pass (Figure 3)**, one forward and backward pass against all classes, time and memory."]
    for source, classes in dict.fromkeys((row.source, row.classes) for row in rows):
        chosen = [row for row in rows if (row.source, row.classes) == (source, classes)]
        sizes = sorted({row.batch_size for row in chosen})
        told = f"`{source}`, {classes:,} classes:" if classes else f"`{source}`:"
        parts += [told, timing_table(chosen, list(dict.fromkeys((sizes[0], sizes[-1]))))]
    return [*parts, *timing_reasons(rows)]
