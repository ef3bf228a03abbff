"""The report of an evaluation: a folder with Markdown tables, the rows, and Plotly figures as HTML.

Plotly is imported when figures are drawn. The figures share one plotly.min.js in the folder, so they need no network.
"""

import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from llu_core.evaluation.deviations import deviations_section
from llu_core.evaluation.few_shot import few_shot_section
from llu_core.evaluation.published import TABLE_4, published_for
from llu_core.evaluation.results import AnyRow, Row, TimingRow, averages, mean_rows
from llu_core.evaluation.runner import Outcome, cores
from llu_core.evaluation.summary import summary_text
from llu_core.evaluation.tables import tables, title
from llu_core.files.writing import write_text

PICTURE_WORLD = (
    "These numbers are of the built-in picture world (rendered shapes, embedded by a small model), not of the paper's "
    "data sets. They show how the systems compare there; the paper's numbers, of other pictures and a larger model, "
    "stand beside them."
)
PLOTLY = "plotly.min.js"
"""The name by which Plotly's figures ask for their script."""

_PACKAGES = ("torch", "open_clip_torch", "numpy", "scikit-learn", "joblib", "plotly")


@dataclass(frozen=True)
class About:
    """How a report came to be. command: as typed; seconds: the whole run; notes: what else its reader should know."""

    command: str
    model: str
    device: str
    recipe: str
    workers: str
    views: int
    seconds: float
    notes: tuple[str, ...] = ()


def write_report(folder: Path, outcomes: Sequence[Outcome], about: About) -> Path:
    """Write report.md, summary.md and the figures into `folder`, beside rows.jsonl; returns the path of report.md."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for outcome in outcomes for row in outcome.rows]
    drawn = figures(rows)
    for name, figure in drawn.items():
        write_text(folder / f"{name}.html", figure.to_html(include_plotlyjs="directory"))
    if drawn:
        _write_plotly(folder / PLOTLY)
    path = folder / "report.md"
    write_text(path, report_text(outcomes, about, list(drawn)))
    write_text(folder / "summary.md", summary_text(rows, _in_short(outcomes, about)))
    return path


def _write_plotly(path: Path) -> None:
    """Put the script of the figures there, unless it lies there whole: it has megabytes."""
    from plotly.offline import get_plotlyjs

    script = get_plotlyjs()
    if not path.is_file() or path.read_bytes() != script.encode():
        write_text(path, script)


def report_text(outcomes: Sequence[Outcome], about: About, figure_names: Sequence[str] = ()) -> str:
    """The Markdown of a report."""
    rows = [row for outcome in outcomes for row in outcome.rows]
    parts = ["# Evaluation", *_world(rows)]
    parts += [tables(rows).strip()] if rows else []
    parts += few_shot_section(rows)
    if figure_names:
        links = [f"- [{name.replace('_', ' ')}]({name}.html)" for name in figure_names]
        parts += ["## Figures", "\n".join(links)]
    parts += [_failures(outcomes), deviations_section(rows), _how(outcomes, about)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _world(rows: Sequence[AnyRow]) -> list[str]:
    return [PICTURE_WORLD] if any(row.source.startswith("picto:") for row in rows) else []


def _in_short(outcomes: Sequence[Outcome], about: About) -> str:
    """What the numbers are of and how they were made, in a paragraph."""
    rows = [row for outcome in outcomes for row in outcome.rows]
    kept = sum(outcome.kept for outcome in outcomes)
    cells = f"{len(outcomes)} cells" + (f", {kept} of them kept from an earlier run" if kept else "")
    made = f"`{about.command}` took {about.seconds / 60:.1f} minutes ({cells}; workers: {about.workers})."
    return " ".join([*_world(rows), made, f"Seeds {_seeds(outcomes)}; every set by itself is in `report.md`."])


def _seeds(outcomes: Sequence[Outcome]) -> str:
    seeds = sorted({seed for o in outcomes for row in o.rows if (seed := row.seed) is not None})
    return ", ".join(map(str, seeds))


def _failures(outcomes: Sequence[Outcome]) -> str:
    failed = [f"- {outcome.cell.name}: {outcome.error}" for outcome in outcomes if outcome.error]
    if not failed:
        return ""
    return "\n\n".join(["## Failed", "These cells are tried again by the same command.", "\n".join(failed)])


def _how(outcomes: Sequence[Outcome], about: About) -> str:
    kept = sum(outcome.kept for outcome in outcomes)
    lines = [
        f"- command: `{about.command}`",
        f"- model: {about.model}; device: {about.device}; augmented views per training picture: "
        f"{about.views}; LLU recipe: {about.recipe}; workers: {about.workers}, one "
        "torch thread each",
        f"- seeds: {_seeds(outcomes)}",
        f"- {len(outcomes)} cells in {about.seconds:.0f} s, {kept} of them kept from an earlier run",
        f"- versions: Python {platform.python_version()}, {', '.join(versions())}",
        f"- machine: {platform.platform()}, {machine()}",
        f"- written: {datetime.now().astimezone().isoformat(timespec='seconds')}",
        *(f"- {note}" for note in about.notes),
    ]
    return "## How these numbers were made\n\n" + "\n".join(lines)


def versions() -> list[str]:
    """ "torch 2.14.1", ... of the packages that numbers depend on."""
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Processor, cores, and the GPU where there is one."""
    parts = [platform.processor() or platform.machine(), f"{cores()} cores"]
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)


def command_line() -> str:
    """The command as typed."""
    return "python -m llu_core " + shlex.join(sys.argv[1:])


def figures(rows: Sequence[AnyRow]) -> dict[str, Any]:
    """Plotly figures by file name; those without rows are left out."""
    base_to_new = [row for row in rows if isinstance(row, Row) and row.protocol == "base-to-new"]
    ablation = [row for row in rows if isinstance(row, Row) and row.protocol == "ablation"]
    timing = [row for row in rows if isinstance(row, TimingRow) and row.seconds is not None]
    drawn = {}
    if base_to_new:
        drawn["figure_2_accuracy_over_shots"] = shots_figure(base_to_new)
    if timing:
        drawn["figure_3_time_and_memory"] = timing_figure(timing)
    if ablation:
        drawn["table_4_ablation"] = ablation_figure(ablation)
    return drawn


def shots_figure(rows: Sequence[Row]) -> Any:
    """Figure 2: base, new and mean H over the number of shots, averaged over sets."""
    from plotly.colors import qualitative
    from plotly.subplots import make_subplots

    over_sets = averages(mean_rows(rows))
    columns = {"base": "base", "new": "new", "mean_h": "mean H"}
    figure = make_subplots(cols=3, rows=1, subplot_titles=list(columns.values()), shared_xaxes=True)
    systems = list(dict.fromkeys(average.system for average in over_sets))
    for index, (column, system) in enumerate((c, s) for c in columns for s in systems):
        points = [(a.shots, getattr(a, column)) for a in over_sets if a.system == system]
        points = sorted((shots, value) for shots, value in points if value is not None)
        at = systems.index(system)
        figure.add_scatter(
            x=[shots for shots, _ in points],
            y=[value for _, value in points],
            name=title(system),
            legendgroup=system,
            showlegend=index < len(systems),
            mode="lines+markers",
            line={"color": qualitative.Dark24[at % 24], "width": 3 if system == "llu" else 1.5},
            row=1,
            col=1 + index // len(systems),
        )
    figure.update_xaxes(type="log", title="shots per class", tickvals=sorted({row.shots for row in rows}))
    figure.update_yaxes(title="accuracy, %", col=1)
    return figure.update_layout(title="Accuracy over the number of shots, average over sets", template="plotly_white")


def timing_figure(rows: Sequence[TimingRow]) -> Any:
    """Figure 3: seconds and peak memory of a training pass over the batch size."""
    from plotly.colors import qualitative
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, rows=1, subplot_titles=["milliseconds", "megabytes"])
    for at, system in enumerate(dict.fromkeys(row.method for row in rows)):
        of_system = sorted((row for row in rows if row.method == system), key=lambda row: row.batch_size)
        sizes = [row.batch_size for row in of_system]
        seconds = [1e3 * (row.seconds or 0) for row in of_system]
        memory = [(row.memory_bytes or 0) / 1e6 for row in of_system]
        style = {"name": title(system), "legendgroup": system, "line": {"color": qualitative.Dark24[at % 24]}}
        figure.add_scatter(x=sizes, y=seconds, row=1, col=1, **style)
        figure.add_scatter(x=sizes, y=memory, row=1, col=2, showlegend=False, **style)
    figure.update_xaxes(type="log", title="batch size", tickvals=sorted({row.batch_size for row in rows}))
    figure.update_yaxes(type="log")
    return figure.update_layout(title="One forward and backward pass", template="plotly_white")


def ablation_figure(rows: Sequence[Row]) -> Any:
    """Table 4 as bars: ours and, paler, the paper's."""
    import plotly.graph_objects as go

    over_sets = averages(mean_rows(rows))
    names = [
        f"{title(a.system)} ({a.shots})" if len({b.shots for b in over_sets}) > 1 else title(a.system)
        for a in over_sets
    ]
    paper = [published_for(TABLE_4, average.system) for average in over_sets]
    bars = [
        ("base, ours", "#1f77b4", [average.base for average in over_sets]),
        ("new, ours", "#d62728", [average.new for average in over_sets]),
        ("base, the paper (its data sets)", "#aec7e8", [each.base if each else None for each in paper]),
        ("new, the paper (its data sets)", "#f7b6b2", [each.new if each else None for each in paper]),
    ]
    figure = go.Figure([go.Bar(name=name, x=names, y=values, marker_color=colour) for name, colour, values in bars])
    figure.update_yaxes(title="accuracy, %")
    return figure.update_layout(title="Ablation, average over sets", barmode="group", template="plotly_white")
