"""What is taken home from the page, and brought back."""

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from demo.session import queries, saving, training
from demo.session.session import Session
from llu_core.errors import LluError
from support.sample_pictures import picture_bytes, write_zip


def test_a_saved_adapter_reopens_with_the_sliders_where_they_were(trained: Session, tmp_path: Path):
    assert trained.model is not None
    moved = training.set_mask(trained, 0.7, math.inf)
    archive = saving.save_adapter(moved, tmp_path)
    (tmp_path / "opened").mkdir()
    fresh = replace(moved, model=None, beta=0.5, gamma=20.0)
    reopened = saving.open_adapter(fresh, archive, tmp_path / "opened")
    assert (reopened.beta, reopened.gamma) == (0.7, math.inf)
    assert reopened.model is not None
    assert torch.equal(
        reopened.model.trained.adapter.image.update.weight, trained.model.trained.adapter.image.update.weight
    )
    assert reopened.model.shots.class_names == trained.model.shots.class_names


def test_a_foreign_zip_is_no_adapter(session: Session, tmp_path: Path):
    (tmp_path / "opened").mkdir()
    with pytest.raises(LluError, match="not a saved adapter"):
        saving.open_adapter(session, write_zip(tmp_path / "mine.zip"), tmp_path / "opened")


def test_the_csv_has_a_line_per_picture(trained: Session):
    rows = list(csv.DictReader(io.StringIO(saving.predictions_csv(trained))))
    assert len(rows) == 18 + 24
    assert {row["part"] for row in rows} == {"train", "test"}
    assert all(0 <= float(row["alpha"]) <= 0.5 + 1e-6 for row in rows)


def test_a_query_has_a_line_of_its_own_without_a_truth(trained: Session, tmp_path: Path):
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    asked = queries.add_query(trained, tmp_path / "what.png")
    last = list(csv.DictReader(io.StringIO(saving.predictions_csv(asked))))[-1]
    assert (last["picture"], last["part"], last["truth"]) == ("what.png", "query", "")
    assert last["llu"] == queries.answer(asked, 0).llu_class


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_never_becomes_a_formula_of_a_spreadsheet(trained: Session, start):
    evil = f"{start}HYPERLINK(1)"
    model = trained.require_model()
    shots = replace(model.shots, class_names=(evil, *model.shots.class_names[1:]))
    named = replace(trained, model=replace(model, shots=shots))
    cells = {cell for row in csv.reader(io.StringIO(saving.predictions_csv(named), newline="")) for cell in row}
    assert f"'{evil}" in cells
    assert evil not in cells
