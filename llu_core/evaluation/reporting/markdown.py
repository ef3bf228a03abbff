"""How tables and numbers are written in Markdown."""

from collections.abc import Iterable, Sequence

from llu_core.evaluation.means import Average, MeanRow, MeanTransferRow
from llu_core.evaluation.results import TimingRow
from llu_core.systems.recipes_named import MARK, title

NO_ANSWER = "–"


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column reads from the left, numbers from the right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: float | None, spread: float | None = None, digits: int = 1) -> str:
    """ "81.2", "81.2 ± 0.4", or a dash."""
    if value is None:
        return NO_ANSWER
    return f"{value:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread is not None else "")


def over_sets(average: Average, column: str, digits: int = 1) -> str:
    """ "81.2", "81.2 (1 of 2)" for a mean over fewer sets than stand in the comparison, or a dash."""
    told = number(average.value(column), digits=digits)
    few = not average.is_whole(column) and average.over[column].sets
    return f"{told} ({average.over[column].sets} of {average.sets})" if few else told


def shots_text(shots: int) -> str:
    """ "1 shot", "16 shots"."""
    return f"{shots} shot{'s' * (shots > 1)}"


def row_title(system: str, recipe: str) -> str:
    """What a line of a table is called: "CLIP", "LLU (fast)", "LLU, recipe paper"."""
    return title(system) if MARK in system or not recipe else f"{title(system)} ({recipe})"


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
