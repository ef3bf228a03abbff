"""The paper's figures, Table 4 as bars, and forgetting over sets, by Plotly, which is imported when they are drawn."""

from collections.abc import Sequence
from typing import Any

from llu_core.evaluation.means import Average, averages, mean_rows
from llu_core.evaluation.reporting.markdown import row_title
from llu_core.evaluation.reporting.published import TABLE_4, published_for
from llu_core.evaluation.reporting.sequences import learner_title
from llu_core.evaluation.reporting.timing_tables import timed_title
from llu_core.evaluation.results import AnyRow, Row, TimingRow
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.evaluation.sequence.scores import curve


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
    if sequences := [row for row in rows if isinstance(row, SequenceRow)]:
        drawn["forgetting_over_sets"] = forgetting_figure(sequences)
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
    systems = list(dict.fromkeys((average.system, average.recipe) for average in over_sets))
    for index, (column, system) in enumerate((c, s) for c in columns for s in systems):
        found = [each for each in over_sets if (each.system, each.recipe) == system and each.value(column) is not None]
        found.sort(key=lambda average: average.shots)
        at = systems.index(system)
        figure.add_scatter(
            x=[average.shots for average in found],
            y=[average.value(column) for average in found],
            name=row_title(*system) + _of_sets(found, column),
            legendgroup=" ".join(system),
            showlegend=index < len(systems),
            mode="lines+markers",
            line={"color": qualitative.Dark24[at % 24], "width": 3 if system[0] == "llu" else 1.5},
            row=1,
            col=1 + index // len(systems),
        )
    figure.update_xaxes(type="log", title="shots per class", tickvals=sorted({row.shots for row in rows}))
    figure.update_yaxes(title="accuracy, %", col=1)
    return figure.update_layout(title="Accuracy over the number of shots, average over sets", template="plotly_white")


def _of_sets(points: Sequence[Average], column: str) -> str:
    """Over how few sets a curve is, where that is fewer than others are."""
    few = [f"{each.over[column].sets} of {each.sets}" for each in points if not each.is_whole(column)]
    return f" ({', '.join(dict.fromkeys(few))} sets)" if few else ""


def timing_figure(rows: Sequence[TimingRow]) -> Any:
    """Figure 3: milliseconds and megabytes, held and allocated, over the batch size; below each other, the classes."""
    from plotly.colors import qualitative
    from plotly.subplots import make_subplots

    panels = list(dict.fromkeys((row.source, row.classes) for row in rows))
    told = [f"{source}, {classes:,} classes" if classes else source for source, classes in panels]
    titles = [f"{what}: {panel}" for panel in told for what in ("milliseconds", "megabytes")]
    figure = make_subplots(cols=2, rows=len(panels), subplot_titles=titles)
    systems = list(dict.fromkeys(row.method for row in rows))
    shown: set[str] = set()
    for line, panel in enumerate(panels, start=1):
        for at, system in enumerate(systems):
            of_system = [row for row in rows if row.method == system and (row.source, row.classes) == panel]
            of_system.sort(key=lambda row: row.batch_size)
            style = {"legendgroup": system, "line": {"color": qualitative.Dark24[at % 24]}}
            sizes = [row.batch_size for row in of_system]
            seconds = [1e3 * (row.seconds or 0) for row in of_system]
            memory = [((row.memory_bytes or 0) + (row.held_bytes or 0)) / 1e6 for row in of_system]
            name = timed_title(of_system[0]) if of_system else system
            new = bool(of_system) and system not in shown
            shown |= {system} if new else set()
            figure.add_scatter(x=sizes, y=seconds, row=line, col=1, name=name, showlegend=new, **style)
            figure.add_scatter(x=sizes, y=memory, row=line, col=2, name=name, showlegend=False, **style)
    figure.update_xaxes(type="log", title="batch size", tickvals=sorted({row.batch_size for row in rows}))
    figure.update_yaxes(type="log")
    height = max(450, 350 * len(panels))
    return figure.update_layout(title="One forward and backward pass", template="plotly_white", height=height)


def ablation_figure(rows: Sequence[Row]) -> Any:
    """Table 4 as bars: ours and, paler, the paper's."""
    import plotly.graph_objects as go

    over_sets = averages(mean_rows(rows))
    several = len({average.shots for average in over_sets}) > 1
    names = [row_title(a.system, a.recipe) + (f", {a.shots} shots" if several else "") for a in over_sets]
    paper = [published_for(TABLE_4, average.system) for average in over_sets]
    bars = [
        ("base, ours", "#1f77b4", [average.value("base") for average in over_sets]),
        ("new, ours", "#d62728", [average.value("new") for average in over_sets]),
        ("base, the paper (its data sets)", "#aec7e8", [each.base if each else None for each in paper]),
        ("new, the paper (its data sets)", "#f7b6b2", [each.new if each else None for each in paper]),
    ]
    figure = go.Figure([go.Bar(name=name, x=names, y=values, marker_color=colour) for name, colour, values in bars])
    figure.update_yaxes(title="accuracy, %")
    return figure.update_layout(title="Ablation, average over sets", barmode="group", template="plotly_white")


def plotly_script() -> str:
    """What the figures are drawn by in a browser."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def forgetting_figure(rows: Sequence[SequenceRow]) -> Any:
    """The forgetting curve of every sequence: accuracy on what was learned so far, and on all new classes."""
    from plotly.colors import qualitative
    from plotly.subplots import make_subplots

    sources = list(dict.fromkeys(row.source for row in rows))
    titles = [f"{source}<br>{half} classes of sets learned so far" for source in sources for half in ("taught", "new")]
    figure = make_subplots(rows=len(sources), cols=2, subplot_titles=titles)
    systems = list(dict.fromkeys((row.method, row.recipe) for row in rows))
    for index, source in enumerate(sources):
        for at, system in enumerate(systems):
            own = [row for row in rows if (row.source, (row.method, row.recipe)) == (source, system)]
            for column, half in enumerate(("base", "new"), start=1):
                figure.add_scatter(
                    x=list(range(1, own[0].sets + 1)) if own else [],
                    y=curve(own, half) if own else [],
                    name=learner_title(*system),
                    legendgroup=" ".join(system),
                    showlegend=index == 0 and column == 1,
                    line={"color": qualitative.Dark24[at % 24], "width": 3 if system[0] == "llu-composed" else 1.5},
                    mode="lines+markers",
                    row=index + 1,
                    col=column,
                )
    figure.update_xaxes(title="sets learned", dtick=1)
    figure.update_yaxes(title="accuracy, %", col=1)
    height = 150 + 350 * len(sources)
    return figure.update_layout(title="Forgetting, sets one after the other", template="plotly_white", height=height)
