"""Undo: one history of everything that a visitor did to the set and its answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from demo.hosting.examples import Examples
from demo.payloads.cards import cards_payload_of_features
from demo.payloads.explorer import explorer_payload
from demo.payloads.summary import status_line
from demo.session import edits, queries, saving, training
from demo.session.presets import PRESETS, load_preset
from demo.session.session import Session
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes


def answers(session: Session) -> torch.Tensor:
    return session.require_model().sweep.logits(beta=session.beta, gamma=session.gamma)


def same(one: Session, other: Session) -> bool:
    """Whether both show the same set, the same answers and the same way back."""
    sets = one.source is other.source and one.preset == other.preset
    steps = [edit.label for edit in one.history] == [edit.label for edit in other.history]
    mine, theirs = one.model, other.model
    if mine is None or theirs is None:
        return sets and steps and mine is theirs
    return sets and steps and mine.shots.class_names == theirs.shots.class_names and answers(one).equal(answers(other))


def reopened(session: Session, tmp_path: Path) -> Session:
    opened = saving.open_adapter(session, saving.save_adapter(session, tmp_path))
    return saving.join_adapter(session, session, opened)


def with_example(session: Session) -> Session:
    return load_preset(session, next(iter(PRESETS))).replacing(session, "open an example")


CHANGES: dict[str, Callable[[Session, Path], Session]] = {
    "an answer that was added": lambda session, _: queries.add_classes(session, ["newt"]),
    "other class names": lambda session, _: edits.set_unseen_classes(session, "newt, ibis"),
    "an adapter that was reopened": reopened,
    "an example over an own set": lambda session, _: with_example(session),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_undo_takes_it_back(trained: Session, tmp_path: Path, change):
    changed = change(trained, tmp_path)
    assert not same(changed, trained)
    assert same(changed.undone(), trained)
    assert not changed.undone().changed_since_training


def test_an_answer_that_is_removed_leaves_every_answer_as_it_was(trained: Session):
    twice = queries.add_classes(queries.add_classes(trained, ["newt"]), ["ibis"])
    assert twice.require_model().answers == ("newt", "ibis")
    back = queries.remove_answer(queries.remove_answer(twice, "newt"), "ibis")
    assert answers(back).equal(answers(trained))
    assert back.draft.class_names == trained.draft.class_names
    assert not back.changed_since_training
    assert same(back.undone().undone(), twice)


def test_only_what_was_added_by_name_is_removed(trained: Session):
    for name in (trained.draft.class_names[0], trained.draft.class_names[-1], "newt"):
        with pytest.raises(LluError, match="no answer that was added"):
            queries.remove_answer(trained, name)


def test_pictures_asked_about_meanwhile_stay(trained: Session, tmp_path: Path):
    path = tmp_path / "what.png"
    path.write_bytes(picture_bytes(3))
    asked = queries.add_query(queries.add_classes(trained, ["newt"]), path)
    back = asked.undone().require_model()
    assert back.queries.names == ("what.png",)
    assert "newt" not in back.shots.class_names


def test_a_training_between_stays(trained: Session):
    grown = queries.add_classes(trained, ["newt"])
    again = drain(training.train_adapter(grown, RECIPES["fast"]))[0]
    back = again.undone()
    assert back.model is again.model
    assert back.source is trained.source
    assert back.changed_since_training


def test_an_answer_joins_a_set_of_embeddings_which_stays(trained: Session, tmp_path: Path):
    opened = reopened(trained, tmp_path)
    grown = queries.add_classes(opened, ["newt"])
    assert grown.features is opened.features
    assert not grown.changed_since_training
    assert same(grown.undone(), opened)


def test_example_after_example_is_no_step(session: Session):
    examples = Examples(session.encoder, "toy")
    first = examples.get(session, next(iter(PRESETS)))
    assert first.replacing(first, "open an example").history == ()


def test_a_reopened_adapter_shows_what_it_holds(trained: Session, tmp_path: Path):
    opened = reopened(trained, tmp_path)
    assert not opened.changed_since_training
    assert "Reopened: taught with 18 pictures of 3 classes" in status_line(opened)
    assert opened.features is not None
    cards = json.loads(cards_payload_of_features(opened.features))["classes"]
    assert [card["name"] for card in cards] == list(trained.require_model().shots.class_names)
    assert sum(card["train"] for card in cards) == 18
    assert json.loads(explorer_payload(opened))["images"]["n"] == 18


def test_a_training_of_no_time_is_told_as_one(trained: Session):
    quick = replace(trained, model=replace(trained.require_model(), seconds=0.003))
    assert "in **under 0.1 s**" in status_line(quick)
