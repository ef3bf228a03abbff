"""Means over seeds and averages over sets, and what tables and figures say of how many there are."""

from dataclasses import replace

import pytest

from llu_core.evaluation.means import averages, mean_rows, mean_transfer_rows
from llu_core.evaluation.reporting.figures import figures
from llu_core.evaluation.reporting.report import report_text
from llu_core.evaluation.reporting.summary import summary_text
from llu_core.evaluation.reporting.tables import tables
from llu_core.evaluation.results import Row, TransferRow
from support.report_rows import TWO_SETS, content, line_starting, row


def test_both_harmonic_means_are_given():
    (average,) = averages(mean_rows(TWO_SETS[:2]))
    assert average.value("mean_h") == pytest.approx(66.6667, abs=1e-3)
    assert average.value("h_of_means") == pytest.approx(75.0)
    assert average.sets == 2
    text = tables(TWO_SETS)
    assert "mean H" in text
    assert "H of means" in text
    assert line_starting(text, "LLU")[1:5] == ["75.0", "75.0", "66.7", "75.0"]


def test_mean_and_standard_deviation_over_seeds():
    rows = [row("s", "llu", base, 50, seed=seed) for seed, base in enumerate((60, 70, 80))]
    (mean,) = mean_rows(rows)
    assert (mean.base, mean.base_std, mean.new_std, mean.runs, mean.seed) == (70, 10, 0, 3, None)
    assert "70.0 ± 10.0" in tables(rows)
    transfer = [TransferRow("cross-dataset", "a", "b", "llu", 16, seed, 10.0 * seed, 0.1) for seed in (1, 2)]
    (mean_transfer,) = mean_transfer_rows(transfer)
    assert (mean_transfer.accuracy, mean_transfer.runs) == (15.0, 2)


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
