"""The literature's numbers: whole, and beside ours in every table that has them."""

import pytest

from llu_core.data.coop.datasets import BASE_TO_NEW
from llu_core.evaluation.reporting.published import PER_SET, TABLE_1, TABLE_4, TRANSFER, published_for
from llu_core.evaluation.reporting.summary import summary_text
from llu_core.evaluation.reporting.tables import tables
from llu_core.evaluation.results import TransferRow
from llu_core.systems.registry import SYSTEMS
from support.report_rows import EVERYTHING, TWO_SETS, cells_of, line_starting, row


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
