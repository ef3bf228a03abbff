"""Every set on the shelf acts with a beta and gamma of its own, wherever it stands, and is there once."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from demo.payloads.explorer import explorer_payload
from demo.payloads.shelf import sets_payload, shelf_summary
from demo.payloads.snippets import client_code
from demo.payloads.summary import summary
from demo.session import saving, training
from demo.session.session import Session
from demo.session.shelf import shelving
from demo.session.shelf.members import OWN, answering, masks_of
from demo.session.shelf.together import together
from demo.session.uploads.joining import read_sets
from llu_core.errors import LluError
from llu_core.method.composition.composition import Composition
from llu_core.method.composition.saved import TrainedComposition, load_saved
from support.shelves import PAGE, SHELVED, example, two_sets


def masks(session: Session) -> dict[str, tuple[float, float]]:
    return {each["title"]: (each["beta"], each["gamma"]) for each in sets_payload(session) or []}


def opened(title: str, before: Session) -> Session:
    """Another example on the page, as the app opens it."""
    return shelving.brought_along(replace(example(title), lineage=object()), before, before.shelf)


def test_a_set_acts_as_it_was_trained_until_its_own_sliders_are_moved():
    session = two_sets()
    assert masks(session) == {PAGE: (1.0, 5.0), SHELVED: (0.2, 0.0)}
    page = shelving.move_set(session, OWN, 0.3, 2.0)
    assert masks(page) == {PAGE: (0.3, 2.0), SHELVED: (0.2, 0.0)}
    both = shelving.move_set(page, SHELVED, 0.7, math.inf)
    assert masks(both) == {PAGE: (0.3, 2.0), SHELVED: (0.7, "inf")}
    assert both.history == session.history
    told = shelf_summary(both)
    assert told is not None
    assert [(each["beta"], each["gamma"]) for each in told["sets"]] == [(0.3, 2.0), (0.7, "inf")]
    assert (summary(both)["trained"]["beta"], summary(both)["trained"]["gamma"]) == (0.3, 2.0)
    with pytest.raises(LluError, match="there is no set called x"):
        shelving.move_set(both, "x", 0.5, 5.0)
    with pytest.raises(LluError, match="beta is 2"):
        shelving.move_set(both, SHELVED, 2.0, 5.0)


def test_what_answers_is_the_composition_of_the_sets_with_their_masks():
    session = shelving.move_set(two_sets(), SHELVED, 0.7, 3.0)
    asked, joined = answering(session), together(session)
    assert joined is not None
    assert isinstance(asked, TrainedComposition)
    wanted = Composition(
        tuple(
            each.adapter.with_mask(beta=beta, gamma=gamma)
            for each, (beta, gamma) in zip(joined.trained, [(1.0, 5.0), (0.7, 3.0)], strict=True)
        )
    )
    rows = torch.cat([part.embeddings for part in joined.parts]), joined.shots.class_embeddings
    assert torch.equal(asked.adapter.logits(*rows), wanted.logits(*rows))
    found = joined.sweep.logits(masks_of(session), (True, True)).softmax(dim=1)
    torch.testing.assert_close(found, wanted.logits(*rows).softmax(dim=1), atol=1e-4, rtol=0)


def test_a_set_that_leaves_the_page_acts_on_where_its_sliders_stood():
    session = training.set_mask(example(PAGE), 0.6, 7.0)
    kept = training.set_mask(shelving.put_on_shelf(session), 0.4, 2.0)
    other = opened(SHELVED, kept)
    assert masks(other)[PAGE] == (0.4, 2.0)
    assert (other.beta, other.gamma) == (example(SHELVED).beta, example(SHELVED).gamma)
    moved = shelving.move_set(other, PAGE, 0.9, 1.0)
    back = opened(PAGE, moved)
    assert (back.beta, back.gamma) == (0.9, 1.0)


def test_training_anew_leaves_the_kept_set_as_it_acts():
    kept = training.set_mask(shelving.put_on_shelf(example(PAGE), "first"), 0.4, 2.0)
    after = training.join_training(kept, kept, example(PAGE, "best"))
    assert masks(after) == {PAGE: (0.2, 0.0), "first": (0.4, 2.0)}


def test_undo_brings_a_set_back_as_it_acted():
    session = shelving.move_set(two_sets(), SHELVED, 0.7, 3.0)
    off = shelving.take_off_shelf(session, SHELVED)
    assert masks(off.undone())[SHELVED] == (0.7, 3.0)
    again = shelving.add_to_shelf(off, SHELVED, example("Handwritten digits").require_model())
    assert masks(again)[SHELVED] != (0.7, 3.0)
    assert masks(again.undone().undone())[SHELVED] == (0.7, 3.0)


def test_a_saved_composition_comes_back_with_every_mask(tmp_path: Path):
    session = shelving.move_set(two_sets(), SHELVED, 0.7, 3.0)
    archive = saving.save_adapter(session, tmp_path)
    saved = load_saved(archive)
    assert isinstance(saved, TrainedComposition)
    assert [(each.adapter.beta, each.adapter.gamma) for each in saved.sets] == [(1.0, 5.0), (0.7, 3.0)]
    fresh = replace(example("Handwritten digits"), history=())
    back = saving.join_adapter(fresh, fresh, saving.open_adapter(fresh, archive))
    assert masks(back) == {PAGE: (1.0, 5.0), SHELVED: (0.7, 3.0)}
    code = client_code(session, "http://here/")
    assert 'handle_file("llu-adapter.zip"), api_name="/open_adapter")' in code
    assert "/set_mask" not in code  # the file has them


def test_the_page_is_told_of_masks_and_of_gamma_without_end():
    session = shelving.move_sets(two_sets(), {SHELVED: (0.5, math.inf), OWN: (0.4, 4.0), "gone": (0.1, 1.0)})
    told = json.loads(explorer_payload(session))["shelf"]
    assert [(each["beta"], each["gamma"]) for each in told] == [(0.4, 4.0), (0.5, "inf")]
    assert told[0]["id"] == session.require_model().id


def test_a_saved_adapter_does_not_join_itself_by_another_name(tmp_path: Path):
    session = shelving.switch_set(two_sets(), OWN, False)
    (name, shapes), *others = read_sets(session, saving.save_adapter(session, tmp_path))
    assert (name, others) == ("llu-adapter", [])
    with pytest.raises(LluError, match=f"^llu-adapter is on the shelf already, as {SHELVED}; take it off there first$"):
        shelving.add_to_shelf(session, name, shapes)
    ((name, words),) = read_sets(session, saving.save_adapter(example(PAGE), tmp_path))
    with pytest.raises(LluError, match="llu-adapter is the set on the page already"):
        shelving.add_to_shelf(session, name, words)


def test_what_is_on_the_shelf_is_not_reopened_beside_itself(tmp_path: Path):
    session = two_sets()
    archive = saving.save_adapter(session, tmp_path)
    with pytest.raises(LluError, match=f"^{SHELVED} is on the shelf already; take it off there first$"):
        saving.open_adapter(session, archive)
    kept = shelving.put_on_shelf(example(PAGE))
    for file in (saving.save_adapter(example(PAGE), tmp_path), saving.save_project(example(PAGE), tmp_path)):
        with pytest.raises(LluError, match=f"is on the shelf already, as {PAGE}; take it off"):
            saving.open_adapter(kept, file)
