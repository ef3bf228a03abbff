"""Tables 2 and 3: trained on one source, asked about others, with the paper's numbers of the same sets."""

from collections.abc import Sequence

from llu_core.evaluation.means import MeanTransferRow, mean_of
from llu_core.evaluation.measures import MEASURES
from llu_core.evaluation.reporting.markdown import markdown_table, number, reasons, row_title, shots_text
from llu_core.evaluation.reporting.published import CONDITIONS, FROM_IMAGENET, TRANSFER, published_transfer
from llu_core.systems.recipes_named import title, without_recipe

HEADINGS = {"cross-dataset": "Cross-dataset (Table 2)", "domain-shift": "Domain shift (Table 3)"}


def transfer_section(protocol: str, means: Sequence[MeanTransferRow], measures: Sequence[str] = ()) -> str:
    """A row per system and a column per target, the source's own test pictures first; the average is over targets."""
    parts = [
        f"## {HEADINGS[protocol]}",
        "Accuracy in percent, mean ± standard deviation over seeds (ddof 1). The first column is the source's own test "
        "pictures of the classes that have shots; the average is over the others, given where a system answers on all "
        "of them.",
    ]
    for source, shots in dict.fromkeys((row.source, row.shots) for row in means):
        chosen = [row for row in means if (row.source, row.shots) == (source, shots)]
        parts += [f"### Trained on {source}, {shots_text(shots)}", transfer_table(chosen)]
        for measure in measures:
            parts += [f"{MEASURES[measure].capitalize()} in percent:", transfer_table(chosen, measure)]
    parts += reasons(means)
    return "\n\n".join([*parts, f"The paper, {FROM_IMAGENET}; {CONDITIONS}:", published_table(protocol)])


def transfer_table(means: Sequence[MeanTransferRow], column: str = "accuracy") -> str:
    """Ours, and below each system the paper's numbers on targets that are the paper's."""
    targets = list(dict.fromkeys(row.target for row in means))
    found = {(row.method, row.recipe, row.target): row for row in means}
    body = []
    for system, recipe in dict.fromkeys((row.method, row.recipe) for row in means):
        rows = [found.get((system, recipe, target)) for target in targets]
        values = [getattr(row, column) if row else None for row in rows]
        spreads = [row.accuracy_std if row and column == "accuracy" else None for row in rows]
        average = _average(values[1:])
        body.append([row_title(system, recipe), *map(number, values, spreads), number(average)])
        if column == "accuracy":
            body += _papers(means[0].protocol, system, targets)
    return markdown_table(["system", *targets, "average"], body)


def _average(values: Sequence[float | None]) -> float | None:
    """The mean, where there is every value."""
    return None if None in values else mean_of(values)


def _papers(protocol: str, system: str, targets: Sequence[str]) -> list[list[str]]:
    """The paper's line of a system, where it has one and a target is one of the paper's."""
    paper = published_transfer(protocol, system)
    values = [paper.accuracies.get(target) if paper else None for target in targets]
    if not any(value is not None for value in values):
        return []
    average = number(_average(values[1:]), digits=2)
    return [[f"{title(without_recipe(system))}, the paper", *(number(each, digits=2) for each in values), average]]


def published_table(protocol: str) -> str:
    """The paper's numbers of a protocol, from ImageNet to other real sets."""
    names, systems = TRANSFER[protocol]
    body = []
    for each in systems:
        values = [*(each.accuracies.get(name) for name in names), each.average]
        body.append([title(each.system), *(number(value, digits=2) for value in values)])
    return markdown_table(["system", *names, "average"], body)


def summary_table(means: Sequence[MeanTransferRow]) -> str:
    """Of one source: accuracy on itself and averages over the targets of both protocols, beside the paper's."""
    body = []
    for system, recipe in dict.fromkeys((row.method, row.recipe) for row in means):
        of_system = [row for row in means if (row.method, row.recipe) == (system, recipe)]
        itself = next((row.accuracy for row in of_system if row.target == row.source), None)
        ours = (itself, *(_over_targets(of_system, protocol) for protocol in TRANSFER))
        body.append([row_title(system, recipe), *map(number, ours), *_published(system)])
    return markdown_table(["system", "itself", *TRANSFER, "paper: ImageNet itself", *TRANSFER], body)


def _over_targets(rows: Sequence[MeanTransferRow], protocol: str) -> float | None:
    """The average, where there is an answer on every target."""
    return _average([row.accuracy for row in rows if row.protocol == protocol and row.target != row.source])


def _published(system: str) -> list[str]:
    """ImageNet itself, then the average of each protocol."""
    found = [published_transfer(protocol, system) for protocol in TRANSFER]
    itself = next((each.itself for each in found if each), None)
    averages = [each.average if each else None for each in found]
    return [number(value, digits=2) for value in (itself, *averages)]
