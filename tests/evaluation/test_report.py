"""The report: tables with the paper's numbers beside, both harmonic means, figures, failures, how it was made."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llu_core.data.coop.datasets import BASE_TO_NEW
from llu_core.errors import LluError
from llu_core.evaluation.means import averages, mean_rows, mean_transfer_rows
from llu_core.evaluation.reporting.current import Current
from llu_core.evaluation.reporting.figures import figures
from llu_core.evaluation.reporting.markdown import markdown_table
from llu_core.evaluation.reporting.published import PER_SET, TABLE_1, TABLE_4, TRANSFER, published_for
from llu_core.evaluation.reporting.report import report_text, write_report
from llu_core.evaluation.reporting.summary import summary_text
from llu_core.evaluation.reporting.tables import tables
from llu_core.evaluation.results import AnyRow, Row, TimingRow, TransferRow, row_from_json, row_to_json
from llu_core.evaluation.runner import Cell
from llu_core.evaluation.store import ROWS, Content, Recorded, RowStore, Run
from llu_core.systems.registry import SYSTEMS

RUN = Run(
    command="python -m llu_core evaluate all",
    model="picto",
    device="cpu",
    recipe="fast",
    workers="2 on 2 cores",
    views=0,
    seconds=12.0,
    cells=("a", "b"),
    kept=1,
    written="2026-01-01",
    version="9.8.7",
    packages=("torch 2",),
    machine="a machine",
    notes=("a note",),
)
BUNDLE = {"encoder": None, "templates": None, "problem": "p", "system": "s", "device": "cpu", "views": 0}
EMBEDDED = BUNDLE | {"encoder": "vit-b-16, 0123", "templates": ["a photo of a {}.", "a {}"], "views": 4}


def row(source: str, method: str, base: float | None, new: float | None, *, seed: int = 1, shots: int = 16) -> Row:
    h = None if base is None or new is None else (2 * base * new / (base + new))
    reason = "needs shots of every class" if new is None else ""
    return Row("base-to-new", source, method, shots, seed, base, new, h, 0.5, None, reason)


TWO_SETS = [row("picto:a", "llu", 100, 50), row("picto:b", "llu", 50, 100), row("picto:a", "linear-probe", 90, None)]
EVERYTHING: list[AnyRow] = [
    *TWO_SETS,
    row("picto:a", "llu", 80, 40, shots=4),
    TransferRow("cross-dataset", "picto:a", "picto:a", "llu", 16, 1, 90.0, 0.5),
    TransferRow("cross-dataset", "picto:a", "picto:b", "llu", 16, 1, 60.0, 0.5),
    TransferRow("domain-shift", "picto:a", "picto:a", "llu", 16, 1, 90.0, 0.5),
    TransferRow("domain-shift", "picto:a", "picto:night-a", "llu", 16, 1, None, 0.5, "no answer here"),
    replace(row("picto:a", "llu-linear", 81, 32), protocol="ablation", distance_to_identity=6.5e-3),
    TimingRow("timing", "picto:a", "llu", 8, 1, 0.002, 3_000_000, "counted"),
    TimingRow("timing", "picto:a", "clip", 8, 1, None, None, "", "has no gradient pass"),
]


def content(rows: Sequence[AnyRow], configuration: dict[str, Any] | None = None) -> Content:
    """A cell a row."""
    chosen = BUNDLE if configuration is None else configuration
    return Content(tuple(Recorded(str(at), chosen, (each,)) for at, each in enumerate(rows)), (), (RUN,))


def stored(folder: Path, rows: Sequence[AnyRow], configuration: dict[str, Any] | None = None) -> RowStore:
    """The file of a folder, with a cell a row and a failed one."""
    store = RowStore(folder / ROWS)
    for at, each in enumerate(rows):
        store.add(Cell((configuration or BUNDLE) | {"at": at}, lambda: list), [each], "")
    name = {"protocol": "base-to-new", "source": "picto:a", "method": "rla", "shots": 16, "seed": 2}
    store.add(Cell(name, lambda: list), [], "it broke")
    store.add_run(RUN)
    return store


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def line_starting(text: str, start: str) -> list[str]:
    return cells_of(next(line for line in text.splitlines() if line.startswith(f"| {start}")))


def test_both_harmonic_means_are_given():
    (average,) = averages(mean_rows(TWO_SETS[:2]))
    assert average.value("mean_h") == pytest.approx(66.6667, abs=1e-3)
    assert average.value("h_of_means") == pytest.approx(75.0)
    assert average.sets == 2
    text = tables(TWO_SETS)
    assert "mean H" in text
    assert "H of means" in text
    assert line_starting(text, "LLU")[1:5] == ["75.0", "75.0", "66.7", "75.0"]


def test_the_papers_numbers_stand_beside():
    text = tables(EVERYTHING)
    assert line_starting(text, "LLU")[-3:] == ["83.48", "74.47", "78.46"]
    assert line_starting(text, "LLU, Linear")[-4:] == ["81.02", "32.60", "45.79", "6.50e-03"]
    assert line_starting(text, "LLU, Linear")[-5] == "6.5e-03"


def test_every_published_system_is_one_of_ours():
    transfer = [row.system for _, systems in TRANSFER.values() for row in systems]
    assert {*(row.system for row in (*TABLE_1, *TABLE_4)), *transfer} <= set(SYSTEMS)
    assert len(TABLE_4) == 9


def test_the_published_sets_make_the_published_averages():
    assert tuple(PER_SET) == BASE_TO_NEW
    for system in ("clip", "coop", "cocoop", "prograd", "clip-adapter", "llu"):
        rows = [row for published in PER_SET.values() if (row := published_for(published, system))]
        average = published_for(TABLE_1, system)
        assert average is not None
        assert average.base == pytest.approx(sum(row.base for row in rows) / 11, abs=0.03)
        assert average.new == pytest.approx(sum(row.new for row in rows) / 11, abs=0.03)
    for published in PER_SET.values():
        for row in published:
            assert row.h == pytest.approx(2 * row.base * row.new / (row.base + row.new), abs=0.11)


def test_the_published_transfers_make_the_published_averages():
    printed = [64.77, 63.88, 65.74, 63.78, 62.82, 65.31]
    assert [row.average for row in TRANSFER["cross-dataset"][1]] == pytest.approx(printed, abs=0.011)
    assert [row.average for row in TRANSFER["domain-shift"][1][:3]] == pytest.approx([57.18, 59.28, 59.91], abs=0.006)


def test_a_published_set_has_the_papers_numbers_beside():
    text = tables([row("dtd", "coop", 80, 40), row("dtd", "llu", 80, 60)])
    per_set = text[text.index("### dtd") :]
    assert line_starting(per_set, "CoOp")[-3:] == ["79.44", "41.18", "54.24"]
    assert line_starting(per_set, "LLU")[-3:] == ["80.56", "60.63", "69.19"]
    assert "paper" not in " ".join(line_starting(tables(TWO_SETS)[tables(TWO_SETS).index("### picto:a") :], "system"))


@pytest.mark.parametrize(
    ("protocol", "target", "papers"), [("cross-dataset", "dtd", "44.63"), ("domain-shift", "imagenet_r", "74.30")]
)
def test_the_papers_transfer_stands_below_each_system_target_by_target(protocol: str, target: str, papers: str):
    rows = [
        TransferRow(protocol, "imagenet", name, "llu", 16, 1, 70.0, 0.5, recipe="fast") for name in ("imagenet", target)
    ]
    lines = tables(rows).splitlines()
    ours = next(at for at, line in enumerate(lines) if line.startswith("| LLU (fast)"))
    assert cells_of(lines[ours]) == ["LLU (fast)", "70.0", "70.0", "70.0"]
    assert cells_of(lines[ours + 1]) == ["LLU, the paper", "72.13", papers, papers]


def test_the_papers_transfer_tables_stand_below_ours():
    shift = tables(EVERYTHING).split("## Domain shift")[1].split("The paper, ")[1]
    assert line_starting(shift, "system")[1:3] == ["imagenet", "imagenetv2"]
    assert line_starting(shift, "LLU") == ["LLU", "72.13", "64.53", "47.17", "48.87", "74.30", "58.72"]


def test_nothing_says_that_the_papers_numbers_were_not_at_hand():
    assert "not at hand" not in tables(EVERYTHING) + summary_text(EVERYTHING, "")


def test_mean_and_standard_deviation_over_seeds():
    rows = [row("s", "llu", base, 50, seed=seed) for seed, base in enumerate((60, 70, 80))]
    (mean,) = mean_rows(rows)
    assert (mean.base, mean.base_std, mean.new_std, mean.runs, mean.seed) == (70, 10, 0, 3, None)
    assert "70.0 ± 10.0" in tables(rows)
    transfer = [TransferRow("cross-dataset", "a", "b", "llu", 16, seed, 10.0 * seed, 0.1) for seed in (1, 2)]
    (mean_transfer,) = mean_transfer_rows(transfer)
    assert (mean_transfer.accuracy, mean_transfer.runs) == (15.0, 2)


def test_no_answer_is_a_dash_with_its_reason():
    text = tables(EVERYTHING)
    assert line_starting(text, "linear probe")[2:5] == ["–", "–", "–"]
    assert "- linear probe: needs shots of every class" in text
    assert "- CLIP: has no gradient pass" in text


def test_an_average_over_fewer_sets_says_over_how_many():
    rows = [
        *TWO_SETS,
        row("picto:b", "linear-probe", 70, None),
        row("picto:a", "rla", 90, 90),
        row("picto:b", "rla", 80, None),
    ]
    text = tables(rows)
    assert line_starting(text, "linear probe")[1:3] == ["80.0", "–"]
    assert line_starting(text, "RLA")[1:5] == ["85.0", "90.0 (1 of 2)", "90.0 (1 of 2)", "90.0 (1 of 2)"]
    assert line_starting(text, "LLU")[1:5] == ["75.0", "75.0", "66.7", "75.0"]
    assert "90.0 (1 of 2)" in line_starting(summary_text(rows, ""), "RLA")


def test_a_set_on_which_nothing_answers_is_no_set_of_an_average():
    rows = [row("picto:a", "llu", 100, 50), row("picto:b", "llu", None, None)]
    assert "### Averages over 1 set, 16 shots" in tables(rows)
    assert "average over 1 set (`picto:a`)" in summary_text(rows, "")
    assert line_starting(tables(rows), "LLU")[1] == "100.0 (1 of 2)"


def test_figure_2_tells_over_how_few_sets_a_curve_is():
    rows = [row("picto:a", "llu", 100, 50), row("picto:b", "llu", 50, 100), row("picto:a", "rla", 90, 90)]
    names = [trace.name for trace in figures(rows)["figure_2_accuracy_over_shots"].data[:2]]
    assert names == ["LLU", "RLA (1 of 2 sets)"]


def test_an_empty_cell_counts_no_runs():
    (mean,) = mean_rows([row("s", "rla", None, None, seed=seed) for seed in (1, 2, 3)])
    assert (mean.base, mean.runs) == (None, 0)
    answered = [row("s", "rla", 60.0, 50, seed=1), row("s", "rla", None, None, seed=2)]
    (mean,) = mean_rows(answered)
    assert (mean.base, mean.base_std, mean.runs) == (60.0, None, 1)
    (transfer,) = mean_transfer_rows([TransferRow("cross-dataset", "a", "b", "llu", 16, 1, None, None)])
    assert transfer.runs == 0


def test_seeds_that_drew_the_same_pictures_are_one_run():
    rows: list[Row] = [replace(row("s", "clip", 60, 50, seed=seed), draw="same") for seed in (1, 2, 3)]
    (mean,) = mean_rows(rows)
    assert (mean.runs, mean.base_std) == (1, None)
    assert "±" not in tables(rows).split("### s")[1]
    report = report_text(content(rows))
    assert "`s`, 16 shots: seeds 1, 2, 3 drew the same pictures" in report
    differing = [replace(each, draw=str(at)) for at, each in enumerate(rows)]
    assert mean_rows(differing)[0].runs == 3
    assert "drew the same" not in report_text(content(differing))


def test_two_recipes_of_llu_stand_in_one_table_and_say_which_they_are():
    recipes = [
        replace(row("dtd", method, 80, 60), recipe=recipe)
        for method, recipe in (("llu", "fast"), ("llu@paper", "paper"), ("llu", "full"))
    ]
    text = tables(recipes)
    for start in ("LLU (fast)", "LLU, recipe paper", "LLU (full)"):
        assert line_starting(text, start)[-3:] == ["83.48", "74.47", "78.46"]


def test_further_measures_have_columns_where_they_are_asked_for():
    rows = [replace(row("s", "llu", 80, 60), base_top5=99.0, new_top5=98.0, base_ece=4.0, new_ece=3.0)]
    assert "top-5" not in line_starting(tables(rows), "system")
    text = tables(rows, ["top5", "ece"])
    head, line = line_starting(text, "system"), line_starting(text, "LLU")
    asked = ["base: top-5", "new: top-5", "base: calibration error", "new: calibration error"]
    assert [line[head.index(column)] for column in asked] == ["99.0", "98.0", "4.0", "3.0"]
    transfer = TransferRow("cross-dataset", "a", "b", "llu", 16, 1, 70.0, 0.5, recall=65.0)
    assert "Mean per-class recall in percent:" in tables([transfer], ["recall"])


def test_transfer_tables_have_a_column_per_target():
    text = tables(EVERYTHING)
    section = text[text.index("## Cross-dataset") : text.index("## Domain shift")]
    assert line_starting(section, "system") == ["system", "picto:a", "picto:b", "average"]
    assert line_starting(section, "LLU") == ["LLU", "90.0", "60.0", "60.0"]
    assert line_starting(text[text.index("## Domain shift") :], "LLU") == ["LLU", "90.0", "–", "–"]


def test_timing_is_in_milliseconds_and_megabytes():
    timing = tables(EVERYTHING).split("## Time and memory")[1]
    assert line_starting(timing, "LLU") == ["LLU", "2.00 ms, 3.00 MB", "–"]


def test_timing_has_a_table_for_each_number_of_classes_and_tells_the_order():
    rows = [
        TimingRow("timing", "s", method, 8, 1, seconds, 2_000_000, "counted", "", classes, 1_000_000, form, "a CPU")
        for classes in (10, 100)
        for method, form, seconds in (
            ("llu", "plain form", 0.002),
            ("llu-fast", "fast form", 0.001),
            ("rla", "", 0.003),
        )
    ]
    text = tables(rows)
    assert "### s, 10 classes" in text
    assert "### s, 100 classes" in text
    assert line_starting(text, "LLU, fast form") == ["LLU, fast form", "1.00 ms, 2.00 MB", "1.00 MB"]
    assert "at 8 pictures, the fastest first: LLU, fast form < LLU, plain form < RLA." in text
    assert "Measured on: a CPU." in text
    assert len(figures(rows)["figure_3_time_and_memory"].data) == 12


def test_every_table_is_rectangular():
    blocks = re.findall(r"(?:^\|.*\n)+", tables(EVERYTHING), re.MULTILINE)
    assert len(blocks) >= 7
    for block in blocks:
        assert len({len(cells_of(line)) for line in block.splitlines()}) == 1
    assert markdown_table(["a"], [["x|y"]]).splitlines()[-1] == "| x\\|y |"


def test_rows_survive_json():
    for each in EVERYTHING:
        assert row_from_json(json.loads(json.dumps(row_to_json(each)))) == each
    assert row_to_json(replace(TWO_SETS[0], distance_to_identity=float("nan")))["distance_to_identity"] is None


def test_the_report_says_what_world_it_is_of_what_failed_and_how_it_was_made():
    made = replace(content(EVERYTHING), failed=(("base-to-new picto:a rla, 16 shots, seed 2", "it broke"),))
    text = report_text(made)
    assert "built-in picture world" in text
    assert "- base-to-new picto:a rla, 16 shots, seed 2: it broke" in text
    assert "- command: `python -m llu_core evaluate all`" in text
    assert "llu-explorer 9.8.7, torch 2" in text
    assert "2 cells in 12 s, 1 of them kept" in text
    assert "  - a note" in text
    assert "seeds: 1" in text


def test_the_picture_world_is_told_of_its_own_sources_only():
    real = [row("caltech101", "llu", 90, 80)]
    assert "picture world" not in report_text(content(real))
    mixed = report_text(content([*real, row("picto:a", "llu", 90, 80)]))
    assert "These numbers are of the built-in picture world" not in mixed
    assert "Of these sources, `picto:a` are of the built-in picture world, the others are not." in mixed


def test_the_report_says_what_embedded_each_source_by_which_templates_and_views():
    text = report_text(content([row("caltech63", "llu", 90, 80)]))
    assert "- `caltech63`: embedded by an unknown model with unknown templates" in text
    text = report_text(content([row("dtd", "llu", 90, 80)], EMBEDDED))
    told = "embedded by vit-b-16, 0123; templates: 'a photo of a {}.', 'a {}'; views per training picture: 4"
    assert f"- `dtd`: {told}" in text
    assert "ddof 1" in text
    assert "ddof 0" in text


def test_a_report_folder_holds_tables_and_figures(tmp_path: Path):
    stored(tmp_path / "new" / "report", EVERYTHING)
    path = write_report(tmp_path / "new" / "report")
    folder = path.parent
    pages = {"figure_2_accuracy_over_shots.html", "figure_3_time_and_memory.html", "table_4_ablation.html"}
    assert {file.name for file in folder.iterdir()} == {ROWS, "report.md", "summary.md", "plotly.min.js", *pages}
    assert all(f"({name})" in path.read_text(encoding="utf-8") for name in pages)
    assert all('src="plotly.min.js"' in (folder / name).read_text(encoding="utf-8") for name in pages)
    assert "it broke" in path.read_text(encoding="utf-8")


def test_a_folder_without_rows_has_no_report(tmp_path: Path):
    with pytest.raises(LluError, match=r"holds no rows\.jsonl; name the folder"):
        write_report(tmp_path)


def cell(key: str, each: AnyRow, **configuration: object) -> Recorded:
    return Recorded(key, BUNDLE | configuration, (each,))


def test_rows_of_other_data_or_settings_never_stand_beside_the_latest():
    old, new = row("s", "clip", 10, 10), row("s", "clip", 20, 20)
    other_seed = row("s", "clip", 30, 30, seed=2)
    current = Current.of([cell("1", old, system="v1"), cell("2", other_seed, system="v1"), cell("3", new, system="v2")])
    assert current.rows == (new,)
    assert "left out: 2 rows of base-to-new s that were made of other data or by other settings" in current.notes[0]
    llu = row("s", "llu", 40, 40)
    current = Current.of([cell("1", llu, problem="yesterday's"), cell("2", new, problem="today's")])
    assert current.rows == (new,)
    current = Current.of([cell("1", llu), cell("2", new), Recorded("3", {}, (other_seed,))])
    assert current.rows == (llu, new)
    assert "left out: 1 rows of an earlier release" in current.notes[0]


def test_a_second_run_adds_to_what_a_folder_holds_and_the_last_one_asked_for_counts(tmp_path: Path):
    store = stored(tmp_path, [row("s", "clip", 10, 10)])
    store = stored(tmp_path, [row("s", "clip", 10, 10), row("s", "llu", 20, 20)])
    again = stored(tmp_path, [row("s", "clip", 30, 30)], BUNDLE | {"problem": "other data"})
    assert [each.base for each in Current.of(again.content().cells).rows if isinstance(each, Row)] == [30]
    asked = tuple(Cell(BUNDLE | {"at": at}, lambda: list).key for at in (0, 1))
    again.add_run(replace(RUN, cells=asked))
    assert [each.base for each in Current.of(store.content().cells).rows if isinstance(each, Row)] == [10, 20]


def test_transfer_to_further_targets_joins_the_table_of_its_source(tmp_path: Path):
    def to(target: str, targets: dict[str, str]) -> Recorded:
        moved = TransferRow("cross-dataset", "s", target, "llu", 16, 1, 70.0, 0.5)
        return Recorded(target, BUNDLE | {"targets": targets}, (moved,))

    first, second = to("a", {"a": "1"}), to("b", {"b": "2"})
    assert len(Current.of([first, second]).rows) == 2
    assert len(Current.of([first, second, to("a", {"a": "changed"})]).rows) == 2


def test_the_summary_has_a_table_of_every_protocol():
    text = summary_text(EVERYTHING, "Made here.")
    assert text.startswith("Made here.")
    assert text.count("\n**") == 5
    transfer = text.split("Trained on `picto:a`, 16 shots:")[1]
    assert line_starting(transfer, "LLU")[1:4] == ["90.0", "60.0", "–"]
    coop = summary_text([TransferRow("cross-dataset", "a", "b", "coop", 16, 1, 60.0, 0.5)], "")
    assert line_starting(coop, "CoOp")[1:] == ["–", "60.0", "–", "71.51", "63.88", "59.28"]


def test_figure_2_has_a_curve_per_system_and_panel():
    figure = figures(EVERYTHING)["figure_2_accuracy_over_shots"]
    llu = [trace for trace in figure.data if trace.name == "LLU"]
    assert [list(trace.x) for trace in llu] == [[4, 16]] * 3
    assert list(llu[0].y) == [80, 75]
    assert list(figure.data[1].y) == [90]


def test_figures_without_rows_are_left_out():
    assert set(figures(TWO_SETS)) == {"figure_2_accuracy_over_shots"}
    assert figures([]) == {}
    assert "No" not in tables([])


def test_a_torn_script_of_the_figures_is_written_again(tmp_path: Path):
    stored(tmp_path, EVERYTHING)
    write_report(tmp_path)
    whole = (tmp_path / "plotly.min.js").read_bytes()
    (tmp_path / "plotly.min.js").write_bytes(whole[:-1000])
    write_report(tmp_path)
    assert (tmp_path / "plotly.min.js").read_bytes() == whole


@pytest.mark.parametrize("killed_at", range(6))
def test_a_process_killed_anywhere_leaves_every_file_of_a_report_old_or_new(tmp_path: Path, monkeypatch, killed_at):
    stored(tmp_path, EVERYTHING)
    write_report(tmp_path)
    names = {path.name for path in tmp_path.iterdir()} - {ROWS}
    assert len(names) == 6
    for name in names:
        (tmp_path / name).write_text("older")
    replaced: list[str] = []

    def replace_until_killed(source: Path, target: Path) -> None:
        if len(replaced) == killed_at:
            raise SystemExit
        replaced.append(Path(source).rename(target).name)

    monkeypatch.setattr("llu_core.files.writing.os.replace", replace_until_killed)
    with pytest.raises(SystemExit):
        write_report(tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path.read_text() == "older"} == names - set(replaced)


def test_names_that_are_no_valid_text_do_not_end_a_report(tmp_path: Path):
    stored(tmp_path, [row("caf\udce9", "llu", 100, 50)])
    assert "caf?" in write_report(tmp_path).read_text(encoding="utf-8")
