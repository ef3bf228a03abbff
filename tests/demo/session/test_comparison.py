"""The compared systems on a visitor's set."""

import json
from dataclasses import replace

import pytest
import torch

from demo.payloads.explorer import systems_payload
from demo.session.comparison import COMPARED, SystemRow, compare_systems
from demo.session.model import accuracies
from demo.session.session import Session
from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.errors import LluError


@pytest.fixture
def rows(trained: Session) -> dict[str, SystemRow]:
    assert trained.model is not None
    return {row.name: row for row in compare_systems(trained.model)}


def test_every_system_answers_for_every_picture(trained: Session, rows: dict[str, SystemRow]):
    assert trained.model is not None
    assert tuple(rows) == COMPARED
    classes = len(trained.model.shots.class_names)
    for row in rows.values():
        assert row.answers.shape == (len(trained.model.images),)
        assert int(row.answers.min()) >= 0
        assert int(row.answers.max()) < classes
        assert row.seconds > 0


def test_clip_and_llu_are_the_ones_of_the_map(trained: Session, rows: dict[str, SystemRow]):
    model = trained.require_model()
    assert torch.equal(rows["clip"].answers, model.sweep.predictions(beta=0.0, gamma=0.0))
    tiles = accuracies(model, model.sweep.predictions(beta=0.5, gamma=20.0))
    assert (rows["llu"].seen, rows["llu"].unseen) == (tiles["seen"], tiles["unseen"])


def test_a_head_without_new_classes_names_seen_ones_and_says_so(trained: Session, rows: dict[str, SystemRow]):
    assert trained.model is not None
    seen = set(trained.model.trained.trained_classes)
    for name in ("tip-adapter", "linear-probe"):
        assert set(rows[name].answers.tolist()) <= seen
        assert rows[name].unseen is None
        assert rows[name].h is None
        assert "seen classes only" in rows[name].note
    assert {name for name, row in rows.items() if row.note} == {"tip-adapter", "linear-probe"}


def test_the_page_gets_rows_and_answers(trained: Session, rows: dict[str, SystemRow]):
    assert trained.model is not None
    payload = json.loads(systems_payload(trained, 3, list(rows.values())))
    assert (payload["id"], payload["run"]) == (trained.model.id, 3)
    assert payload["total"] == len(payload["rows"])
    assert payload["rows"][0]["answers"] == rows["clip"].answers.tolist()


def test_without_test_pictures_there_is_nothing_to_compare(trained: Session):
    model = trained.require_model()
    shots = replace(model.shots, test=LabelledEmbeddings.empty(model.shots.width))
    with pytest.raises(LluError, match="training pictures and test pictures"):
        next(compare_systems(replace(model, shots=shots)))
