"""The report: tables with the paper's averages beside, both harmonic means, figures, failures by name."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from llu_core.data.coop.datasets import BASE_TO_NEW
from llu_core.evaluation.published import CROSS_DATASET, DOMAIN_SHIFT, PER_SET, TABLE_1, TABLE_4, published_for
from llu_core.evaluation.report import About, figures, report_text, write_report
from llu_core.evaluation.results import (
    AnyRow,
    Row,
    TimingRow,
    TransferRow,
    averages,
    mean_rows,
    mean_transfer_rows,
    row_from_json,
    row_to_json,
)
from llu_core.evaluation.runner import Cell, Outcome
from llu_core.evaluation.summary import summary_text
from llu_core.evaluation.tables import markdown_table, tables
from llu_core.systems.registry import SYSTEMS

ABOUT = About("python -m llu_core evaluate all", "picto", "cpu", "fast", "2 on 2 cores", 0, 12.0)


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


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def line_starting(text: str, start: str) -> list[str]:
    return cells_of(next(line for line in text.splitlines() if line.startswith(f"| {start}")))


def test_both_harmonic_means_are_given():
    (average,) = averages(mean_rows(TWO_SETS[:2]))
    assert average.mean_h == pytest.approx(66.6667, abs=1e-3)
    assert average.h_of_means == pytest.approx(75.0)
    assert average.sets == 2
    text = tables(TWO_SETS)
    assert "mean H" in text
    assert "H of means" in text
    assert line_starting(text, "LLU")[1:5] == ["75.0", "75.0", "66.7", "75.0"]


def test_the_papers_numbers_stand_beside():
    text = tables(EVERYTHING)
    assert line_starting(text, "LLU")[-2:] == ["83.48", "74.47"]
    assert line_starting(text, "LLU, Linear")[-2:] == ["81.02", "32.60"]
    assert line_starting(text, "LLU, Linear")[-3] == "6.5e-03"


def test_every_published_system_is_one_of_ours():
    assert {row.system for row in (*TABLE_1, *TABLE_4) if row.system} <= set(SYSTEMS)
    assert len(TABLE_4) == 8


def test_the_published_sets_make_the_published_averages():
    assert tuple(PER_SET) == BASE_TO_NEW
    for method in ("clip", "coop", "cocoop"):
        base, new = (sum(row[method][half] for row in PER_SET.values()) / len(PER_SET) for half in (0, 1))
        average = published_for(TABLE_1, method)
        assert average is not None
        assert (average.base, average.new) == (pytest.approx(base, abs=0.006), pytest.approx(new, abs=0.006))
    averages_in_print = [63.88, 65.74, 57.18, 59.28, 59.91]
    assert [row.average for row in (*CROSS_DATASET, *DOMAIN_SHIFT)] == pytest.approx(averages_in_print, abs=0.006)


def test_a_published_set_has_the_published_numbers_beside():
    text = tables([row("dtd", "coop", 80, 40), row("dtd", "llu", 80, 60)])
    per_set = text[text.index("### dtd") :]
    assert line_starting(per_set, "CoOp")[-2:] == ["79.44", "41.18"]
    assert line_starting(per_set, "LLU")[-2:] == ["–", "–"]
    assert "published" not in line_starting(tables(TWO_SETS)[tables(TWO_SETS).index("### picto:a") :], "system")


def test_published_transfer_stands_below_ours():
    shift = tables(EVERYTHING).split("## Domain shift")[1].split("Published, ")[1]
    assert line_starting(shift, "system")[1:3] == ["imagenet", "imagenetv2"]
    assert line_starting(shift, "CoCoOp") == ["CoCoOp", "71.02", "64.07", "48.75", "50.63", "76.18", "59.91"]


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


def test_a_system_on_fewer_sets_says_on_how_many():
    assert "linear probe (1 of 2 sets)" in tables(TWO_SETS)


def test_transfer_tables_have_a_column_per_target():
    text = tables(EVERYTHING)
    section = text[text.index("## Cross-dataset") : text.index("## Domain shift")]
    assert line_starting(section, "system") == ["system", "picto:a", "picto:b", "average"]
    assert line_starting(section, "LLU") == ["LLU", "90.0", "60.0", "60.0"]
    assert line_starting(text[text.index("## Domain shift") :], "LLU") == ["LLU", "90.0", "–", "–"]


def test_timing_is_in_milliseconds_and_megabytes():
    timing = tables(EVERYTHING).split("## Time and memory")[1]
    assert line_starting(timing, "LLU") == ["LLU", "2.00 ms, 3.00 MB"]


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


def outcomes() -> list[Outcome]:
    cell = Cell({"protocol": "base-to-new", "source": "picto:a", "method": "rla", "shots": 16, "seed": 2}, lambda: list)
    return [*(Outcome(cell, (each,)) for each in EVERYTHING), Outcome(cell, (), "it broke")]


def test_the_report_says_what_world_it_is_of_what_failed_and_how_it_was_made():
    text = report_text(outcomes(), ABOUT)
    assert "built-in picture world" in text
    assert "- base-to-new picto:a rla, 16 shots, seed 2: it broke" in text
    assert "`python -m llu_core evaluate all`" in text
    assert "torch " in text
    assert "seeds: 1" in text
    real = [Outcome(outcome.cell, (row("caltech101", "llu", 90, 80),)) for outcome in outcomes()[:1]]
    assert "picture world" not in report_text(real, ABOUT)


def test_a_report_folder_holds_tables_and_figures(tmp_path: Path):
    path = write_report(tmp_path / "new" / "report", outcomes(), ABOUT)
    folder = path.parent
    pages = {"figure_2_accuracy_over_shots.html", "figure_3_time_and_memory.html", "table_4_ablation.html"}
    assert {file.name for file in folder.iterdir()} == {"report.md", "summary.md", "plotly.min.js", *pages}
    assert all(f"({name})" in path.read_text(encoding="utf-8") for name in pages)
    assert all('src="plotly.min.js"' in (folder / name).read_text(encoding="utf-8") for name in pages)


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
    outcomes = [Outcome(Cell({}, lambda: list), tuple(EVERYTHING))]
    write_report(tmp_path, outcomes, ABOUT)
    whole = (tmp_path / "plotly.min.js").read_bytes()
    (tmp_path / "plotly.min.js").write_bytes(whole[:-1000])
    write_report(tmp_path, outcomes, ABOUT)
    assert (tmp_path / "plotly.min.js").read_bytes() == whole


@pytest.mark.parametrize("killed_at", range(6))
def test_a_process_killed_anywhere_leaves_every_file_of_a_report_old_or_new(tmp_path: Path, monkeypatch, killed_at):
    outcomes = [Outcome(Cell({}, lambda: list), tuple(EVERYTHING))]
    write_report(tmp_path, outcomes, ABOUT)
    names = {path.name for path in tmp_path.iterdir()}
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
        write_report(tmp_path, outcomes, ABOUT)
    assert {path.name for path in tmp_path.iterdir() if path.read_text() == "older"} == names - set(replaced)


def test_names_that_are_no_valid_text_do_not_end_a_report(tmp_path: Path):
    outcomes = [Outcome(Cell({}, lambda: list), (row("caf\udce9", "llu", 100, 50),))]
    assert "caf?" in write_report(tmp_path, outcomes, ABOUT).read_text(encoding="utf-8")
