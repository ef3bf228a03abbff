"""docs/evaluation.md names every field that an evaluation writes."""

import re
from dataclasses import fields
from pathlib import Path

import torch

from llu_core.evaluation.means import MeanRow, MeanTransferRow
from llu_core.evaluation.predictions import Predictions
from llu_core.evaluation.results import TimingRow, columns_of
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.evaluation.sequence.scores import SequenceScore

DOCUMENT = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
TEXT = DOCUMENT.split("## What is written\n")[1]
NAMED = set(
    re.findall(r"`(\w+)`", "".join(line.split(" | ")[0] for line in TEXT.splitlines() if line.startswith("| `")))
)


def test_every_field_of_a_row_is_documented_and_no_other():
    written = {
        column
        for kind in (MeanRow, MeanTransferRow, SequenceRow, SequenceScore, TimingRow)
        for column in columns_of(kind)
    }
    answers = Predictions("", ("a",), ("x",), torch.tensor([0]), torch.tensor([0]), torch.tensor([1.0]), None)
    written |= set(next(answers.lines()))
    lines = {"cell", "part", "parts", "configuration", "failed", "error", "run"}
    assert written | lines == NAMED
    assert "predictions" in {column.name for column in fields(MeanRow)} - written
