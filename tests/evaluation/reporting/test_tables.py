"""Tables, summary and figures of every protocol, from rows."""

import json
import re
from dataclasses import replace

from llu_core.evaluation.reporting.figures import figures
from llu_core.evaluation.reporting.markdown import markdown_table
from llu_core.evaluation.reporting.summary import summary_text
from llu_core.evaluation.reporting.tables import tables
from llu_core.evaluation.results import TimingRow, TransferRow, row_from_json, row_to_json
from support.report_rows import EVERYTHING, TWO_SETS, cells_of, line_starting, row


def test_no_answer_is_a_dash_with_its_reason():
    text = tables(EVERYTHING)
    assert line_starting(text, "linear probe")[2:5] == ["–", "–", "–"]
    assert "- linear probe: needs shots of every class" in text
    assert "- CLIP: has no gradient pass" in text


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
