"""Answers picture by picture, with alpha, in files that are there whole."""

import csv
import json
from pathlib import Path

import pytest
import torch

from llu_core.data.features import Features
from llu_core.evaluation.predictions import csv_text, write_predictions
from llu_core.evaluation.protocols import Trial, run_trial
from llu_core.evaluation.results import Row, TransferRow, row_from_json, row_to_json
from llu_core.method.fitting import fit
from support.synthetic import halves, problem

SOURCE = problem(shots=4)


def row_of(system: str, protocol: str = "base-to-new") -> Row | TransferRow:
    row = run_trial(Trial(protocol, system, 4, 1, Features.of(SOURCE).draw(4, 1), predictions=True))[0]
    assert isinstance(row, Row | TransferRow)
    return row


def test_every_test_picture_has_its_answer_and_llus_have_alpha():
    row = row_of("llu")
    assert isinstance(row, Row)
    base, new = row.predictions
    assert (base.part, new.part) == ("base", "new")
    assert 100 * float((base.answers == base.labels).float().mean()) == row.base
    assert 100 * float((new.answers == new.labels).float().mean()) == row.new
    trained, _ = halves(SOURCE.sample(4, 1))
    adapter = fit(trained, seed=1)
    expected = adapter.image.alpha(trained.test.embeddings, beta=adapter.beta, gamma=adapter.gamma)
    assert base.alpha is not None
    torch.testing.assert_close(base.alpha, expected)
    line = next(base.lines())
    assert list(line) == ["part", "picture", "class", "answer", "right", "probability", "alpha"]
    assert line["picture"] == "test 0"
    assert line["class"] == "class 0"


def test_other_systems_have_no_alpha_and_transfer_has_one_part():
    (only,) = row_of("clip", "cross-dataset").predictions
    assert (only.part, only.alpha) == ("", None)
    assert next(only.lines())["alpha"] is None


def test_rows_carry_none_unless_they_are_asked_for_and_files_never_do():
    plain = run_trial(Trial("base-to-new", "clip", 4, 1, Features.of(SOURCE).draw(4, 1)))[0]
    assert isinstance(plain, Row)
    assert plain.predictions == ()
    row = row_of("clip")
    assert "predictions" not in row_to_json(row)
    assert row_from_json(json.loads(json.dumps(row_to_json(row)))).source == row.source


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_a_name_that_is_no_text_is_written_and_a_kill_leaves_the_older_file(name: str, tmp_path: Path, monkeypatch):
    file = tmp_path / name
    file.write_text("older")
    lines = [{"picture": "caf\udce9", "alpha": None}, {"picture": "b", "alpha": 0.5}]
    write_predictions(file, lines)
    assert "caf?" in file.read_text(encoding="utf-8")

    def killed(*paths) -> None:
        raise SystemExit

    whole = file.read_text(encoding="utf-8")
    monkeypatch.setattr("llu_core.files.writing.os.replace", killed)
    with pytest.raises(SystemExit):
        write_predictions(file, [])
    assert file.read_text(encoding="utf-8") == whole


def test_a_table_has_every_column_that_occurs():
    rows = list(csv.DictReader(csv_text([{"a": 1, "b": None}, {"b": 2, "c": "x,y"}]).splitlines()))
    assert rows == [{"a": "1", "b": "", "c": ""}, {"a": "", "b": "2", "c": "x,y"}]
