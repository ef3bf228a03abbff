"""Trained sets that are kept and act together: what can be done with them, and what nobody loses by it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from demo.payloads.explorer import explorer_payload
from demo.payloads.shelf import sets_payload, shelf_line, shelf_summary
from demo.payloads.snippets import library_code
from demo.payloads.summary import summary
from demo.session import edits, queries, saving, training
from demo.session.projection import project_pca
from demo.session.session import Session
from demo.session.shelf import shelving
from demo.session.shelf.members import OWN, answering, masks_of
from demo.session.shelf.together import _kept, draw_map, together
from demo.session.uploads.joining import read_sets
from demo.settings import Limits
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.saved import TrainedComposition, load_saved
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes, write_zip
from support.shelves import SHELVED, example, picto, two_sets
from support.toy_encoder import ToyEncoder


def another(session: Session, path: Path) -> Session:
    """The same visitor with a further set on the page, trained; what was there before can be undone."""
    begun = edits.add_files(session, [write_zip(path, shots=5)], manner="replace")
    return drain(training.train_adapter(begun, RECIPES["fast"]))[0]


def titles(session: Session) -> list[str]:
    return [each["title"] for each in sets_payload(session) or []]


def test_a_kept_set_acts_together_with_the_next_one(trained: Session, tmp_path: Path):
    kept = shelving.put_on_shelf(trained, "first")
    assert sets_payload(kept) is None
    assert "open another one" in shelf_line(kept)
    both = another(kept, tmp_path / "more.zip")
    assert titles(both) == ["my pictures", "first"] or titles(both)[1] == "first"
    joined = together(both)
    assert joined is not None
    assert set(joined.shots.class_names) == set(trained.require_model().shots.class_names)
    assert len(joined.shots.train) == 11 * len(trained.require_model().shots.train) / 6
    assert isinstance(answering(both), TrainedComposition)
    assert len(set(joined.row_names)) == len(joined.row_names)


def test_without_others_on_the_shelf_the_page_is_told_what_it_always_was(trained: Session):
    alone = explorer_payload(trained)
    assert explorer_payload(shelving.put_on_shelf(trained)) == alone
    assert '"shelf": null' in alone


def test_taking_a_set_off_restores_the_numbers_to_the_last_sign():
    before = replace(example("New words"), beta=1.0, gamma=5.0)
    alone = explorer_payload(before)
    off = shelving.take_off_shelf(two_sets(), SHELVED)
    assert explorer_payload(off) == alone


def test_undo_takes_a_set_off_the_shelf_and_puts_it_back():
    session = two_sets()
    assert session.history[-1].label == f"put {SHELVED} on the shelf"
    assert session.undone().shelf.entries == ()
    off = shelving.take_off_shelf(session, SHELVED)
    assert [each.name for each in off.undone().shelf.entries] == [SHELVED]


def test_a_set_is_there_once_and_only_so_many_are():
    session = two_sets()
    with pytest.raises(LluError, match="is on the shelf already"):
        shelving.add_to_shelf(session, SHELVED, session.shelf.entries[0].model)
    kept = shelving.put_on_shelf(session)
    with pytest.raises(LluError, match="on the shelf already"):
        shelving.put_on_shelf(kept)
    few = replace(session, limits=Limits(sets=1))
    with pytest.raises(LluError, match="1 sets, as many as the page takes"):
        shelving.put_on_shelf(few)


def test_a_set_of_another_model_is_refused_in_one_sentence(trained: Session):
    with pytest.raises(
        LluError, match=r"New words cannot join: it was read by another model than the set on the page$"
    ):
        shelving.add_to_shelf(trained, "New words", example("New words").require_model())


def test_a_set_of_another_model_rests_and_is_not_lost(tmp_path: Path):
    other = another(replace(two_sets(), encoder=ToyEncoder(), encoder_name="toy", readers=None), tmp_path / "more.zip")
    (_, resting) = sets_payload(other) or [{}, {}]
    assert (resting["title"], resting["on"]) == (SHELVED, False)
    assert "another model" in resting["why"]
    assert "another model" in shelf_line(other)
    assert together(other) is None
    assert summary(other)["shelf"]["sets"][1]["why"] == resting["why"]


def test_too_many_classes_together_are_refused():
    page = replace(example("New words"), limits=Limits(classes=50))
    with pytest.raises(LluError, match="52 classes, and the page takes 50"):
        shelving.add_to_shelf(page, SHELVED, example(SHELVED).require_model())


def test_a_switch_is_a_setting_that_nothing_forgets():
    session = shelving.switch_set(two_sets(), OWN, False)
    answer = answering(session)
    assert isinstance(answer, TrainedAdapter)
    assert answer.adapter.image is session.shelf.entries[0].model.trained.adapter.image
    kept = shelving.put_on_shelf(session)  # it goes by another name from here on
    assert answering(kept).adapter.image is answer.adapter.image
    nobody = shelving.switch_set(session, SHELVED, False)
    assert answering(nobody).adapter.beta == 0.0  # type: ignore[union-attr]
    with pytest.raises(LluError, match="there is no set called x"):
        shelving.switch_set(session, "x", True)


def test_the_summary_tells_every_sets_accuracy():
    told = shelf_summary(two_sets())
    assert told is not None
    words, shapes = told["sets"]
    assert words["llu"]["seen"] > words["clip"]["seen"]
    assert shapes["llu"]["seen"] > shapes["clip"]["seen"]
    off = shelf_summary(shelving.switch_set(two_sets(), SHELVED, False))
    assert off is not None
    assert off["sets"][1]["llu"]["seen"] < shapes["llu"]["seen"]


def test_what_acts_is_saved_and_comes_back(tmp_path: Path):
    session = two_sets()
    archive = saving.save_adapter(session, tmp_path)
    saved = load_saved(archive)
    assert isinstance(saved, TrainedComposition)
    assert saved.names == ("New words", SHELVED)
    assert [(each.adapter.beta, each.adapter.gamma) for each in saved.sets] == [(1.0, 5.0), (0.2, 0.0)]
    assert "TrainedComposition" in library_code(session)
    fresh = Session(picto(), "picto")
    opened = saving.join_adapter(fresh, fresh, saving.open_adapter(fresh, archive))
    assert titles(opened) == ["New words", SHELVED]
    assert [edit.label for edit in opened.history] == []
    one = saving.save_adapter(shelving.switch_set(session, SHELVED, False), tmp_path)
    assert isinstance(load_saved(one), TrainedAdapter)
    nobody = shelving.set_resting(session, [OWN, SHELVED])
    with pytest.raises(LluError, match="switch one on"):
        saving.save_adapter(nobody, tmp_path)


def test_a_saved_adapter_a_project_and_a_composition_join_the_shelf(tmp_path: Path, trained: Session):
    (alone,) = read_sets(trained, saving.save_adapter(trained, tmp_path))
    assert alone[0] == "llu-adapter"
    assert len(alone[1].shots.test) == 0
    (project,) = read_sets(trained, saving.save_project(trained, tmp_path))
    assert len(project[1].shots.test) == len(trained.require_model().shots.test)
    bare = saving.save_project(replace(trained, model=None), tmp_path)
    with pytest.raises(LluError, match="a project without an adapter"):
        read_sets(trained, bare)
    session = two_sets()
    assert [name for name, _ in read_sets(session, saving.save_adapter(session, tmp_path))] == ["New words", SHELVED]


def test_a_picture_is_asked_of_all_sets(tmp_path: Path):
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    session = queries.add_query(two_sets(), tmp_path / "what.png")
    answer = queries.answer(session, 0)
    joined = together(session)
    assert joined is not None
    assert answer.class_names == joined.shots.class_names
    assert answer.set_name in ("New words", SHELVED)
    wanted = joined.sweep.logits(masks_of(session), (True, True))[-1].softmax(dim=0)
    torch.testing.assert_close(torch.tensor(answer.llu), wanted, atol=1e-4, rtol=0)


def test_the_map_of_all_stays_when_a_picture_is_asked(tmp_path: Path):
    session = shelving.put_on_shelf(two_sets())  # a shelf of this test alone
    draw_map(session, lambda rows: replace(project_pca(rows), name="UMAP"))
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    joined = together(queries.add_query(session, tmp_path / "what.png"))
    assert joined is not None
    assert joined.projection.name == "UMAP"


def test_what_is_about_one_set_says_so():
    with pytest.raises(LluError, match="take the others off"):
        queries.sweep_arc(two_sets(), 0, "image", 0)


def test_what_is_on_the_shelf_counts_as_held_and_is_forgotten_with_all_else():
    session = two_sets()
    assert session.held_bytes > example("New words").held_bytes
    assert not session.untouched
    cleared = edits.clear(session)
    assert cleared.shelf.entries == ()
    assert cleared.untouched


def test_another_example_leaves_the_shelf_as_it_is():
    session = two_sets()
    opened = replace(example("New words"), shelf=session.shelf).replacing(session, "open New words")
    assert titles(opened) == ["New words", SHELVED]
    assert titles(opened.undone()) == ["New words", SHELVED]


def test_what_is_kept_of_sets_put_together_is_bounded_by_its_bytes(monkeypatch: pytest.MonkeyPatch):
    first, second = (shelving.put_on_shelf(two_sets(), name) for name in ("first", "second"))  # shelves of their own
    for session in (first, second):
        together(session)
    assert together(first) is together(first)
    monkeypatch.setattr("demo.session.shelf.together.MOST_BYTES", 1)
    kept = together(draw_anew(second))
    assert together(second) is kept  # the newest one, whatever its size
    assert first.shelf not in _kept


def draw_anew(session: Session) -> Session:
    """The session, with another map of all its sets, which is kept anew."""
    draw_map(session, project_pca)
    return session
