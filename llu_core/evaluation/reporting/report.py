"""The report of an evaluation: a folder with Markdown tables, the rows, and Plotly figures as HTML.

It is made from the rows that lie in the folder alone, whatever commands made them. The figures share one plotly.min.js
in the folder, so they need no network.
"""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from llu_core.evaluation.reporting.current import Current
from llu_core.evaluation.reporting.deviations import deviations_section
from llu_core.evaluation.reporting.figures import figures, plotly_script
from llu_core.evaluation.reporting.summary import summary_text
from llu_core.evaluation.reporting.tables import tables
from llu_core.evaluation.results import AnyRow
from llu_core.evaluation.runner import cores
from llu_core.evaluation.store import Content, Run, opened
from llu_core.files.writing import write_text

BUILT_IN = "picto:"
PICTURE_WORLD = (
    "These numbers are of the built-in picture world (rendered shapes), not of the paper's data sets. They show how "
    "the systems compare there; the paper's numbers, of other pictures and a larger model, stand beside them."
)
PLOTLY = "plotly.min.js"
"""The name by which Plotly's figures ask for their script."""

_PACKAGES = ("torch", "open_clip_torch", "numpy", "scikit-learn", "joblib", "plotly")


def write_report(folder: Path, measures: Sequence[str] = ()) -> Path:
    """Write report.md, summary.md and the figures into `folder`, of its rows.jsonl; returns the path of report.md.

    measures: those of MEASURES that have columns. Raises LluError for a folder without rows.jsonl.
    """
    content = opened(folder).content()
    rows = Current.of(content.cells).rows
    drawn = figures(rows)
    for name, figure in drawn.items():
        write_text(folder / f"{name}.html", figure.to_html(include_plotlyjs="directory"))
    if drawn:
        _write_plotly(folder / PLOTLY)
    path = folder / "report.md"
    write_text(path, report_text(content, list(drawn), measures))
    write_text(folder / "summary.md", summary_text(rows, _in_short(rows, content)))
    return path


def _write_plotly(path: Path) -> None:
    """Put the script of the figures there, unless it lies there whole: it has megabytes."""
    script = plotly_script()
    if not path.is_file() or path.read_bytes() != script.encode():
        write_text(path, script)


def report_text(content: Content, figure_names: Sequence[str] = (), measures: Sequence[str] = ()) -> str:
    """The Markdown of a report."""
    current = Current.of(content.cells)
    parts = ["# Evaluation", *_world(current.rows)]
    parts += [tables(current.rows, measures).strip()] if current.rows else []
    if figure_names:
        links = [f"- [{name.replace('_', ' ')}]({name}.html)" for name in figure_names]
        parts += ["## Figures", "\n".join(links)]
    parts += [_failures(content), deviations_section(current.rows), _how(current, content)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _world(rows: Sequence[AnyRow]) -> list[str]:
    """What the built-in sources are, where there are some."""
    sources = dict.fromkeys(row.source for row in rows)
    built_in = [source for source in sources if source.startswith(BUILT_IN)]
    if len(built_in) == len(sources):
        return [PICTURE_WORLD] * bool(built_in)
    named = ", ".join(f"`{source}`" for source in built_in)
    return [f"Of these sources, {named} are of the built-in picture world, the others are not."] * bool(built_in)


def _in_short(rows: Sequence[AnyRow], content: Content) -> str:
    """What the numbers are of and how they were made, in a paragraph."""
    made = [f"`{run.command}` took {run.seconds / 60:.1f} minutes ({_cells(run)})." for run in last_runs(content)]
    return " ".join([*_world(rows), *made, f"Seeds {_seeds(rows)}; every set by itself is in `report.md`."])


def _cells(run: Run) -> str:
    kept = f", {run.kept} of them kept from an earlier run" if run.kept else ""
    return f"{len(run.cells)} cells{kept}; workers: {run.workers}"


def last_runs(content: Content) -> list[Run]:
    """The last run of every command, in the order in which they ran."""
    last: dict[str, Run] = {}
    for run in content.runs:
        last.pop(run.command, None)
        last[run.command] = run
    return list(last.values())


def _seeds(rows: Sequence[AnyRow]) -> str:
    return ", ".join(map(str, sorted({seed for row in rows if (seed := row.seed) is not None})))


def _failures(content: Content) -> str:
    if not content.failed:
        return ""
    failed = "\n".join(f"- {name}: {error}" for name, error in content.failed)
    return "\n\n".join(["## Failed", "These cells are tried again by the same command.", failed])


def _how(current: Current, content: Content) -> str:
    lines = [f"- seeds: {_seeds(current.rows)}", *(f"- {fact}" for fact in (*current.sources, *current.notes))]
    for run in last_runs(content):
        lines += _run_lines(run)
    return "## How these numbers were made\n\n" + "\n".join(lines)


def _run_lines(run: Run) -> list[str]:
    model = f"model {run.model}; " if run.model else ""
    return [
        f"- command: `{run.command}`",
        f"  - {model}device {run.device}; augmented views asked for per training picture: {run.views}; recipe of the "
        f"systems of LLU that name none: {run.recipe}; workers: {run.workers}, one torch thread each",
        f"  - {len(run.cells)} cells in {run.seconds:.0f} s, {run.kept} of them kept from an earlier run",
        f"  - versions: llu-explorer {run.version}, {', '.join(run.packages)}",
        f"  - machine: {run.machine}; written: {run.written}",
        *(f"  - {note}" for note in run.notes),
    ]


def versions() -> tuple[str, ...]:
    """ "Python 3.12.1", "torch 2.14.1", ... of everything that numbers depend on."""
    found = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return tuple(found)


def machine() -> str:
    """Processor, cores, and the GPU where there is one."""
    parts = [platform.platform(), platform.processor() or platform.machine(), f"{cores()} cores"]
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)
