"""Rows as the Markdown tables of the paper, with published numbers beside ours."""

from collections.abc import Iterable, Sequence

from llu_core.evaluation.published import (
    CONDITIONS,
    LINEAR_DISTANCE_TO_IDENTITY,
    LLU_MEAN_H,
    NOT_AT_HAND,
    PER_SET,
    SETS_FROM,
    TABLE_1,
    TABLE_4,
    TRANSFER,
    Published,
    published_for,
)
from llu_core.evaluation.results import (
    AnyRow,
    Average,
    MeanRow,
    MeanTransferRow,
    Row,
    TimingRow,
    TransferRow,
    averages,
    mean_rows,
    mean_transfer_rows,
)
from llu_core.method.classifier import harmonic_mean
from llu_core.systems.registry import SYSTEMS

NO_ANSWER = "–"
TRANSFER_HEADINGS = {"cross-dataset": "Cross-dataset (Table 2)", "domain-shift": "Domain shift (Table 3)"}
HARMONIC_MEANS = (
    "Accuracies in percent, mean ± standard deviation over seeds. H of a set is the mean of its seeds' harmonic means. "
    "The literature averages over sets in two ways, and both are given: *mean H*, the mean of the sets' H, and *H of "
    "means*, the harmonic mean of the averaged base and new accuracies."
)
BEYOND = (
    "*Joint* is the accuracy over all classes at once. *OpenworldAUC* (Hua et al., ICML 2025) is the probability in "
    "percent that a base and a new picture are each right among the classes of their half and the base one has the "
    "larger score: the largest probability of a base class, for *near* the cosine to the nearest shot, for *both* the "
    "product of the two. *Elsewhere* is the mean accuracy on a source's controls, other problems, of which nothing was "
    "learned."
)
_BEYOND_HEAD = ["joint", "OpenworldAUC", "near", "both", "elsewhere"]


def title(system: str) -> str:
    """What a system is called in tables."""
    return SYSTEMS[system].title if system in SYSTEMS else system


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column reads from the left, numbers from the right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: float | None, spread: float | None = None, digits: int = 1) -> str:
    """ "81.2", "81.2 ± 0.4", or a dash."""
    if value is None:
        return NO_ANSWER
    return f"{value:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread is not None else "")


def shots_text(shots: int) -> str:
    """ "1 shot", "16 shots"."""
    return f"{shots} shot{'s' * (shots > 1)}"


def tables(rows: Sequence[AnyRow]) -> str:
    """All tables of a report, in the order of the paper; protocols without rows are left out."""
    by_protocol = {row.protocol: [other for other in rows if other.protocol == row.protocol] for row in rows}
    base_to_new = mean_rows(row for row in by_protocol.get("base-to-new", ()) if isinstance(row, Row))
    ablation = mean_rows(row for row in by_protocol.get("ablation", ()) if isinstance(row, Row))
    parts = [base_to_new_section(base_to_new)] if base_to_new else []
    for protocol in TRANSFER_HEADINGS:
        transfer = mean_transfer_rows(row for row in by_protocol.get(protocol, ()) if isinstance(row, TransferRow))
        parts += [transfer_section(protocol, transfer)] if transfer else []
    parts += [ablation_section(ablation)] if ablation else []
    timing = [row for row in by_protocol.get("timing", ()) if isinstance(row, TimingRow)]
    parts += [timing_section(timing)] if timing else []
    return "\n\n".join(parts) + "\n"


def base_to_new_section(means: Sequence[MeanRow]) -> str:
    """Table 1: averages over sets beside the paper's, then a table per set, for the most shots; Figure 2 as numbers."""
    most = max(row.shots for row in means)
    at_most = [row for row in means if row.shots == most]
    parts = [
        "## Base to new (Table 1, Figure 2)",
        HARMONIC_MEANS,
        BEYOND,
        f"### Averages over sets, {shots_text(most)}",
        averages_table(averages(at_most), TABLE_1),
        f"The paper's columns: {CONDITIONS}. The paper's LLU has a mean H of {LLU_MEAN_H}; its H of means would be "
        f"{_h_of_published('llu')}. RLA stands beside ProLIP, which it resembles. {_other_work()} {NOT_AT_HAND}",
    ]
    sources = dict.fromkeys(row.source for row in at_most)
    parts += [f"Published numbers of single sets are {SETS_FROM}."] if PER_SET.keys() & sources else []
    for source in sources:
        parts += [f"### {source}, {shots_text(most)}", set_table([row for row in at_most if row.source == source])]
    shots = sorted({row.shots for row in means})
    if len(shots) > 1:
        parts += ["### Mean H over shots (Figure 2)", shots_table(averages(means), shots)]
    return "\n\n".join([*parts, *reasons(means)])


def _h_of_published(system: str) -> str:
    paper = published_for(TABLE_1, system)
    return number(harmonic_mean(paper.base, paper.new) if paper else None, digits=2)


def _other_work() -> str:
    others = [f"{row.title} {row.base:.2f} / {row.new:.2f}" for row in TABLE_1 if not row.system]
    return f"Not built here: {', '.join(others)}."


def averages_table(ours: Sequence[Average], published: tuple[Published, ...]) -> str:
    """Our averages and the paper's. A system that answers on few sets says on how many."""
    most_sets = max(average.sets for average in ours)
    body = []
    for average in ours:
        name = title(average.system) + ("" if average.sets == most_sets else f" ({average.sets} of {most_sets} sets)")
        body.append(
            [
                name,
                *(number(value) for value in (average.base, average.new, average.mean_h, average.h_of_means)),
                *_beyond(average),
                number(average.train_seconds, digits=2),
                *_beside(published, average.system),
            ]
        )
    halves = ["base", "new", "mean H", "H of means"]
    head = ["system", *halves, *_BEYOND_HEAD, "training, s", "paper: base", "paper: new"]
    return markdown_table(head, body)


def _beyond(row: MeanRow | Average) -> list[str]:
    """What _BEYOND_HEAD names."""
    values = (row.joint, row.openworld_auc, row.openworld_auc_near, row.openworld_auc_both, row.elsewhere)
    return [number(value) for value in values]


def _beside(published: tuple[Published, ...], system: str) -> tuple[str, str]:
    """The published base and new accuracy of a system, dashes where the literature has none."""
    paper = published_for(published, system)
    return (number(paper.base, digits=2), number(paper.new, digits=2)) if paper else (NO_ANSWER, NO_ANSWER)


def set_table(means: Sequence[MeanRow]) -> str:
    """One data set, with the published numbers where it is one of the 11."""
    published = PER_SET.get(means[0].source, {})
    body = []
    for row in means:
        accuracies = ((row.base, row.base_std), (row.new, row.new_std), (row.h, row.h_std))
        line = [title(row.method), *(number(*each) for each in accuracies), *_beyond(row)]
        line.append(number(row.train_seconds, digits=2))
        beside = published.get(row.method, (None, None))
        body.append(line + [number(each, digits=2) for each in beside] * bool(published))
    head = ["system", "base", "new", "H", *_BEYOND_HEAD, "training, s"]
    return markdown_table(head + ["published: base", "new"] * bool(published), body)


def shots_table(over_sets: Sequence[Average], shots: Sequence[int]) -> str:
    """Mean H over the number of shots, a row per system that answers on both halves."""
    mean_h = {(average.system, average.shots): average for average in over_sets}
    body = []
    for system in dict.fromkeys(average.system for average in over_sets if average.mean_h is not None):
        found = [mean_h.get((system, each)) for each in shots]
        body.append([title(system), *(number(average.mean_h if average else None) for average in found)])
    return markdown_table(["system", *(shots_text(each) for each in shots)], body)


def transfer_section(protocol: str, means: Sequence[MeanTransferRow]) -> str:
    """A row per system and a column per target, the source's own test pictures first; the average is over targets."""
    parts = [
        f"## {TRANSFER_HEADINGS[protocol]}",
        "Accuracy in percent, mean ± standard deviation over seeds. The first column is the source's own test pictures "
        "of the classes that have shots; the average is over the others, given where a system answers on all of them.",
    ]
    for source, shots in dict.fromkeys((row.source, row.shots) for row in means):
        chosen = [row for row in means if (row.source, row.shots) == (source, shots)]
        parts += [f"### Trained on {source}, {shots_text(shots)}", _transfer_table(chosen)]
    parts += reasons(means)
    return "\n\n".join([*parts, f"Published, {SETS_FROM}. {NOT_AT_HAND}", published_transfer_table(protocol)])


def published_transfer_table(protocol: str) -> str:
    """The published numbers of a protocol, from ImageNet to other real sets."""
    names, systems = TRANSFER[protocol]
    body = [
        [title(each.system), *(number(value, digits=2) for value in (*each.accuracies, each.average))]
        for each in systems
    ]
    return markdown_table(["system", *names, "average"], body)


def _transfer_table(means: Sequence[MeanTransferRow]) -> str:
    targets = list(dict.fromkeys(row.target for row in means))
    found = {(row.method, row.target): row for row in means}
    body = []
    for system in dict.fromkeys(row.method for row in means):
        rows = [found.get((system, target)) for target in targets]
        others = [row.accuracy for row in rows[1:] if row and row.accuracy is not None]
        average = sum(others) / len(others) if others and len(others) == len(targets) - 1 else None
        shown = [number(row.accuracy, row.accuracy_std) if row else NO_ANSWER for row in rows]
        body.append([title(system), *shown, number(average)])
    return markdown_table(["system", *targets, "average"], body)


def ablation_section(means: Sequence[MeanRow]) -> str:
    """Table 4 with the distance to identity (the sum of eq. 6 without lambda)."""
    note = (
        f"Averages over sets ({len({row.source for row in means})}) in percent. The distance to identity is the sum of "
        f"eq. 6 without lambda; the paper has {LINEAR_DISTANCE_TO_IDENTITY:.1e} for Linear at width 512, and narrower "
        f"embeddings have more. The paper's columns: {CONDITIONS}."
    )
    return "\n\n".join(["## Ablation (Table 4)", note, ablation_table(averages(means)), *reasons(means)])


def ablation_table(over_sets: Sequence[Average]) -> str:
    """A row per setting, beside the paper's Table 4."""
    body = []
    for average in over_sets:
        distance = NO_ANSWER if average.distance_to_identity is None else f"{average.distance_to_identity:.1e}"
        shown = [number(value) for value in (average.base, average.new, average.mean_h, average.h_of_means)]
        beside = _beside(TABLE_4, average.system)
        body.append([f"{title(average.system)}, {shots_text(average.shots)}", *shown, distance, *beside])
    head = ["setting", "base", "new", "mean H", "H of means", "distance to identity", "paper: base", "paper: new"]
    return markdown_table(head, body)


def timing_section(rows: Sequence[TimingRow]) -> str:
    """Figure 3 as numbers: milliseconds and megabytes over the batch size."""
    sizes = sorted({row.batch_size for row in rows})
    found = {(row.method, row.batch_size): row for row in rows}
    body = []
    for system in dict.fromkeys(row.method for row in rows):
        of_system = [found.get((system, size)) for size in sizes]
        body.append([title(system), *(cost(row) for row in of_system)])
    how = ", ".join(dict.fromkeys(row.memory for row in rows if row.memory))
    note = f"Milliseconds and megabytes of one forward and backward pass. Memory: {how or 'not measured'}."
    head = ["system", *(f"{size} picture{'s' * (size > 1)}" for size in sizes)]
    return "\n\n".join(
        ["## Time and memory of a training pass (Figure 3)", note, markdown_table(head, body), *reasons(rows)]
    )


def cost(row: TimingRow | None) -> str:
    """ "1.25 ms, 0.40 MB", or a dash."""
    if row is None or row.seconds is None or row.memory_bytes is None:
        return NO_ANSWER
    return f"{1e3 * row.seconds:.2f} ms, {row.memory_bytes / 1e6:.2f} MB"


def reasons(rows: Sequence[MeanRow] | Sequence[MeanTransferRow] | Sequence[TimingRow]) -> list[str]:
    """Why there are dashes: the first reason that each system gave, systems of one reason in one line."""
    first: dict[str, str] = {}
    for row in rows:
        if row.reason:
            first.setdefault(row.method, row.reason)
    if not first:
        return []
    systems = {why: [title(system) for system, each in first.items() if each == why] for why in first.values()}
    lines = [f"- {', '.join(titles)}: {why}" for why, titles in systems.items()]
    return [f"{NO_ANSWER} stands for no answer:\n" + "\n".join(lines)]
