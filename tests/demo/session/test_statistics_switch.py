"""Class statistics on the page: what the recipe brings, and what the switch takes out of every answer."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from demo.payloads.snippets import client_code
from demo.payloads.summary import summary
from demo.session import queries, saving, training
from demo.session.session import Session
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes

STRONG = replace(RECIPES["best"], statistics=50.0)
"""So strong that they change answers of a set that CLIP knows well."""


@pytest.fixture
def counted(zipped: Session) -> Session:
    return drain(training.train_adapter(zipped, STRONG))[0]


@pytest.fixture
def off(counted: Session) -> Session:
    return training.set_statistics(counted, False)


def llu(session: Session) -> dict:
    trained = summary(session)["trained"]
    return {"set": trained["llu"], "elsewhere": trained["elsewhere"]["llu"]}


def test_an_adapter_has_the_setting_that_its_recipe_is_asked_at(counted: Session):
    assert (counted.beta, counted.gamma, counted.statistics) == (0.2, 0.0, True)


def test_an_example_trained_by_best_is_asked_as_best_is(counted: Session, trained: Session):
    preset = replace(trained, preset="New words")
    asked = [drain(training.train_adapter(preset, RECIPES[name]))[0] for name in ("fast", "best")]
    assert [(each.beta, each.gamma) for each in asked] == [(1.0, 5.0), (0.2, 0.0)]


def test_off_every_number_is_that_of_the_update_alone(counted: Session, off: Session):
    model = counted.require_model()
    bare = replace(model.trained.adapter, statistics=None).with_mask(beta=0.2, gamma=0.0)
    expected = bare.logits(model.images, model.shots.class_embeddings)
    sweep = off.require_asked().sweep
    assert torch.allclose(sweep.logits(beta=0.2, gamma=0.0), expected, atol=1e-3)
    assert off.trained.adapter.statistics is None
    assert summary(off)["trained"]["statistics"] is False
    assert llu(off) != llu(counted)
    assert off.model is counted.model, "it may be switched on again"
    assert llu(training.set_statistics(off, True)) == llu(counted)


def test_the_csv_and_the_answers_respect_the_switch(counted: Session, off: Session, tmp_path: Path):
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    rows = {}
    for session in (counted, off):
        asked = queries.add_query(session, tmp_path / "what.png")
        last = list(csv.DictReader(io.StringIO(saving.predictions_csv(asked))))[-1]
        answer = queries.answer(asked, 0)
        assert last["llu"] == answer.llu_class
        assert float(last["llu_p"]) == pytest.approx(max(answer.llu), abs=1e-4)
        rows[session.statistics] = last["llu_p"]
    assert rows[True] != rows[False]


def test_an_adapter_saved_with_the_switch_off_has_none(counted: Session, off: Session, tmp_path: Path):
    for session, has in ((counted, True), (off, False)):
        (tmp_path / str(has)).mkdir()
        reopened = saving.open_adapter(off, saving.save_adapter(session, tmp_path / str(has)))
        assert (reopened.require_model().trained.adapter.statistics is not None) is has
        assert reopened.statistics_told is (True if has else None)


def test_a_training_switches_them_on_again(off: Session):
    assert drain(training.train_adapter(off, STRONG))[0].statistics


def test_a_training_that_ends_meanwhile_brings_its_own_switch(counted: Session, off: Session):
    again = drain(training.train_adapter(counted, STRONG))[0]
    assert training.join_training(off, counted, again).statistics


def test_an_adapter_without_any_has_no_switch(trained: Session):
    with pytest.raises(LluError, match="no class statistics; train with the recipe best"):
        training.set_statistics(trained, False)
    assert trained.statistics_told is None


def test_beta_and_gamma_are_chosen_for_what_answers(counted: Session, off: Session):
    assert [training.tuned(session).recipe.statistics for session in (counted, off)] == [50.0, 0.0]


def of_unknown_encoder(session: Session) -> Session:
    model = session.require_model()
    return replace(session, model=replace(model, trained=replace(model.trained, encoder_identity="")))


def test_the_code_opens_what_is_downloaded_or_repeats_recipe_and_switch(counted: Session, off: Session):
    train, switch = "client.predict('best', api_name=\"/train\")", 'client.predict(False, api_name="/set_statistics")'
    sessions = (counted, off, of_unknown_encoder(counted), of_unknown_encoder(off))
    codes = [client_code(session, "http://127.0.0.1:7860/") for session in sessions]
    assert ["/open_adapter" in code for code in codes] == [True, True, False, False]
    assert [train in code for code in codes] == [False, False, True, True]
    assert [switch in code for code in codes] == [False, False, False, True]
