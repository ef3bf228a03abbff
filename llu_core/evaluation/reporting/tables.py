"""Rows as the Markdown tables of the paper, with published numbers beside ours."""

from collections.abc import Sequence

from llu_core.evaluation.means import Average, MeanRow, averages, mean_rows, mean_transfer_rows
from llu_core.evaluation.measures import BINS, MEASURES
from llu_core.evaluation.reporting.few_shot_tables import few_shot_section
from llu_core.evaluation.reporting.markdown import (
    NO_ANSWER,
    markdown_table,
    number,
    over_sets,
    reasons,
    row_title,
    shots_text,
)
from llu_core.evaluation.reporting.published import (
    AVERAGE_H,
    CONDITIONS,
    LATER,
    PER_SET,
    TABLE_1,
    TABLE_4,
    Published,
    published_for,
)
from llu_core.evaluation.reporting.sequences import sequence_section
from llu_core.evaluation.reporting.timing_tables import timing_section
from llu_core.evaluation.reporting.transfer_tables import HEADINGS, transfer_section
from llu_core.evaluation.results import AnyRow, Row, TimingRow, TransferRow
from llu_core.evaluation.sequence.rows import SequenceRow

HARMONIC_MEANS = (
    "Accuracies in percent, mean ± standard deviation over seeds, of a sample (ddof 1; CoOp's script, which much of "
    "the literature uses, divides by the number of seeds, ddof 0, and so prints 0.82 of it for three seeds). H of a "
    "set is the mean of its seeds' harmonic means. The literature averages over sets in two ways, and both are given: "
    "*mean H*, the mean of the sets' H, and *H of means*, the harmonic mean of the averaged base and new accuracies. "
    "An average over fewer sets than stand in the table says so, as in (1 of 2), and cannot be compared with others."
)
BEYOND = (
    "*Joint* is the accuracy over all classes at once. *OpenworldAUC* (Hua et al., ICML 2025) is the probability in "
    "percent that a base and a new picture are each right among the classes of their half and the base one has the "
    "larger score: the largest probability of a base class, for *near* the cosine to the nearest shot, for *both* the "
    "product of the two. *Elsewhere* is the mean accuracy on a source's controls, other problems, of which nothing was "
    "learned."
)
MEASURED = (
    "*Top-5* counts a picture as right whose class is among the five likeliest; *mean per-class recall* is the mean "
    "over classes of the share that is right; *calibration error* is the expected one, over "
    f"{BINS} bins of equal width."
)
_BEYOND_HEAD = ["joint", "OpenworldAUC", "near", "both", "elsewhere"]
_BEYOND = ("joint", "openworld_auc", "openworld_auc_near", "openworld_auc_both", "elsewhere")
_PAPER_HEAD = ["paper: base", "new", "H"]


def tables(rows: Sequence[AnyRow], measures: Sequence[str] = ()) -> str:
    """All tables of a report, in the order of the paper; protocols without rows are left out.

    measures: those of MEASURES that have columns.
    """
    base_to_new = mean_rows(row for row in rows if isinstance(row, Row) and row.protocol == "base-to-new")
    ablation = mean_rows(row for row in rows if isinstance(row, Row) and row.protocol == "ablation")
    parts = [base_to_new_section(base_to_new, measures)] if base_to_new else []
    for protocol in HEADINGS:
        transfer = mean_transfer_rows(row for row in rows if isinstance(row, TransferRow) and row.protocol == protocol)
        parts += [transfer_section(protocol, transfer, measures)] if transfer else []
    parts += [ablation_section(ablation, measures)] if ablation else []
    sequences = [row for row in rows if isinstance(row, SequenceRow)]
    parts += [sequence_section(sequences)] if sequences else []
    timing = [row for row in rows if isinstance(row, TimingRow)]
    parts += [timing_section(timing)] if timing else []
    parts += few_shot_section(rows, measures)
    return "\n\n".join(parts) + "\n"


def base_to_new_section(means: Sequence[MeanRow], measures: Sequence[str] = ()) -> str:
    """Table 1: averages over sets beside the paper's, then a table per set, for the most shots; Figure 2 as numbers."""
    most = max(row.shots for row in means)
    at_most = [row for row in means if row.shots == most]
    parts = [
        "## Base to new (Table 1, Figure 2)",
        HARMONIC_MEANS,
        BEYOND,
        *[MEASURED] * bool(measures),
        f"### Averages over {sets_text(at_most)}, {shots_text(most)}",
        averages_table(averages(at_most), TABLE_1, measures),
        f"The paper's columns: averages over its 11 data sets; {CONDITIONS}. {AVERAGE_H}. {LATER}",
    ]
    for source in dict.fromkeys(row.source for row in at_most):
        of_set = [row for row in at_most if row.source == source]
        parts += [f"### {source}, {shots_text(most)}", set_table(of_set, measures)]
    shots = sorted({row.shots for row in means})
    if len(shots) > 1:
        parts += ["### Mean H over shots (Figure 2)", shots_table(averages(means), shots)]
    return "\n\n".join([*parts, *reasons(means)])


def sets_text(means: Sequence[MeanRow]) -> str:
    """ "2 sets": those on which any system answers."""
    count = len({row.source for row in means if row.base is not None or row.new is not None})
    return f"{count} set{'s' * (count != 1)}"


def averages_table(ours: Sequence[Average], published: tuple[Published, ...], measures: Sequence[str] = ()) -> str:
    """Our averages and the paper's."""
    columns = ["base", "new", "mean_h", "h_of_means", *_BEYOND, *_columns(measures)]
    body = [
        [
            row_title(average.system, average.recipe),
            *(over_sets(average, column) for column in columns),
            over_sets(average, "train_seconds", digits=2),
            *_beside(published, average.system),
        ]
        for average in ours
    ]
    halves = ["base", "new", "mean H", "H of means"]
    return markdown_table(["system", *halves, *_BEYOND_HEAD, *_heads(measures), "training, s", *_PAPER_HEAD], body)


def _columns(measures: Sequence[str]) -> list[str]:
    return [f"{half}_{measure}" for measure in measures for half in ("base", "new")]


def _heads(measures: Sequence[str]) -> list[str]:
    return [f"{half}: {MEASURES[measure]}" for measure in measures for half in ("base", "new")]


def _beside(published: tuple[Published, ...], system: str) -> list[str]:
    """The published base, new and H of a system, dashes where the literature has none."""
    paper = published_for(published, system)
    return [number(value, digits=2) for value in ((paper.base, paper.new, paper.h) if paper else [None] * 3)]


def set_table(means: Sequence[MeanRow], measures: Sequence[str] = ()) -> str:
    """One data set, with the paper's numbers where it is one of its 11."""
    published = PER_SET.get(means[0].source, ())
    body = []
    for row in means:
        accuracies = ((row.base, row.base_std), (row.new, row.new_std), (row.h, row.h_std))
        further = (getattr(row, column) for column in (*_BEYOND, *_columns(measures)))
        line = [row_title(row.method, row.recipe), *(number(*each) for each in accuracies), *map(number, further)]
        line.append(number(row.train_seconds, digits=2))
        body.append(line + _beside(published, row.method) * bool(published))
    head = ["system", "base", "new", "H", *_BEYOND_HEAD, *_heads(measures), "training, s"]
    return markdown_table(head + _PAPER_HEAD * bool(published), body)


def shots_table(over: Sequence[Average], shots: Sequence[int]) -> str:
    """Mean H over the number of shots, a row per system that answers on both halves."""
    found = {(average.system, average.recipe, average.shots): average for average in over}
    systems = dict.fromkeys((each.system, each.recipe) for each in over if each.value("mean_h") is not None)
    body = []
    for system, recipe in systems:
        line = [found.get((system, recipe, each)) for each in shots]
        shown = [over_sets(average, "mean_h") if average else NO_ANSWER for average in line]
        body.append([row_title(system, recipe), *shown])
    return markdown_table(["system", *(shots_text(each) for each in shots)], body)


def ablation_section(means: Sequence[MeanRow], measures: Sequence[str] = ()) -> str:
    """Table 4 with the distance to identity (the sum of eq. 6 without lambda)."""
    note = (
        f"Averages over {sets_text(means)} in percent. The distance to identity is the sum of eq. 6 without lambda; "
        f"narrower embeddings than the paper's 512 have more. The paper's columns: averages over its 11 data sets; "
        f"{CONDITIONS}."
    )
    return "\n\n".join(["## Ablation (Table 4)", note, ablation_table(averages(means), measures), *reasons(means)])


def ablation_table(over: Sequence[Average], measures: Sequence[str] = ()) -> str:
    """A row per setting, beside the paper's Table 4."""
    body = []
    for average in over:
        paper = published_for(TABLE_4, average.system)
        columns = ["base", "new", "mean_h", "h_of_means", *_columns(measures)]
        body.append(
            [
                f"{row_title(average.system, average.recipe)}, {shots_text(average.shots)}",
                *(over_sets(average, column) for column in columns),
                _distance(average.value("distance_to_identity")),
                *_beside(TABLE_4, average.system),
                _distance(paper.distance if paper else None, digits=2),
            ]
        )
    head = ["setting", "base", "new", "mean H", "H of means", *_heads(measures), "distance to identity"]
    return markdown_table([*head, "paper: base", "new", "mean H", "distance"], body)


def _distance(value: float | None, digits: int = 1) -> str:
    return NO_ANSWER if value is None else f"{value:.{digits}e}"
