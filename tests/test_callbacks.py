"""The page's actions without a page: real pictures, real training, a toy encoder."""

import csv
import io
import math
from dataclasses import replace

import pytest
import torch
from PIL import Image
from sample_pictures import CLASSES, UNSEEN, picture_bytes, write_zip

from demo import callbacks, saving
from demo.draft import stored_bytes
from demo.session import Session, SessionStore
from demo.summary import accuracies, status_line, summary
from llu_core.errors import LluError
from llu_core.training import RECIPES


def drain(steps):
    phases = []
    while True:
        try:
            phases.append(next(steps).phase)
        except StopIteration as finished:
            return finished.value, phases


@pytest.fixture
def session(toy_encoder):
    return Session(toy_encoder, "toy")


@pytest.fixture
def zipped(session, tmp_path):
    return callbacks.add_files(session, [write_zip(tmp_path / "mine.zip")])


@pytest.fixture
def trained(zipped):
    return drain(callbacks.train_adapter(zipped, RECIPES["fast"]))[0]


def test_a_zip_becomes_classes_with_counts(zipped):
    classes = {row["name"]: (row["train"], row["test"]) for row in summary(zipped)["classes"]}
    assert classes == {**dict.fromkeys(CLASSES, (6, 6)), **dict.fromkeys(UNSEEN, (0, 6))}


def test_the_upload_may_be_deleted_after_it_was_added(session, tmp_path):
    path = write_zip(tmp_path / "mine.zip")
    added = callbacks.add_files(session, [path])
    path.unlink()
    assert drain(callbacks.train_adapter(added, RECIPES["fast"]))[0].model is not None


def test_a_broken_picture_is_named_and_the_rest_is_used(session, tmp_path):
    added = callbacks.add_files(session, [write_zip(tmp_path / "mine.zip", broken=True)])
    assert [row["name"] for row in summary(added)["rejected"]] == ["spotty/broken.png"]
    assert len(added.draft.train) == 18


def test_loose_pictures_need_a_class_name(session, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    with pytest.raises(LluError, match="no name"):
        callbacks.add_files(session, [path])
    assert callbacks.add_files(session, [path], "thing").draft.class_names == ("thing",)


def test_own_pictures_replace_an_example_and_then_add_up(session, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    example = callbacks.load_preset(session, next(iter(callbacks.PRESETS)))
    own = callbacks.add_files(example, [path], "thing")
    assert own.draft.class_names == ("thing",)
    assert len(callbacks.add_files(own, [path], "thing").draft.train) == 2


def test_nothing_readable_is_one_error_and_changes_nothing(session, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(b"no picture")
    with pytest.raises(LluError, match="no picture could be read"):
        callbacks.add_files(session, [path], "thing")


def test_training_reports_its_phases_in_order(zipped):
    _, phases = drain(callbacks.train_adapter(zipped, RECIPES["fast"]))
    assert list(dict.fromkeys(phases)) == ["Reading pictures", "Training", "Drawing the map"]


def test_a_set_of_one_class_says_why_it_cannot_be_trained(session, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    alone = callbacks.add_files(session, [path], "thing")
    assert "second class" in status_line(alone)
    with pytest.raises(LluError, match="second class"):
        drain(callbacks.train_adapter(alone, RECIPES["fast"]))


def test_abandoned_training_leaves_the_session_alone(zipped):
    steps = callbacks.train_adapter(zipped, RECIPES["fast"])
    next(steps)
    steps.close()
    assert zipped.model is None


def test_an_edit_after_training_raises_the_badge(trained):
    assert not trained.changed_since_training
    edited = callbacks.rename_class(trained, "spotty", "dotty")
    assert edited.changed_since_training
    assert "Changed since training" in status_line(edited)


def test_unchanged_unseen_classes_are_no_edit(trained):
    assert callbacks.set_unseen_classes(trained, "") is trained
    assert callbacks.set_unseen_classes(trained, "newt, ibis").changed_since_training


def test_beta_zero_is_clip_in_every_tile(trained):
    still = summary(callbacks.set_mask(trained, 0.0, 20.0))["trained"]
    assert still["llu"] == still["clip"]


def test_accuracies_tell_seen_from_unseen(trained):
    labels = torch.cat([trained.model.shots.train.labels, trained.model.shots.test.labels])
    assert accuracies(trained.model, labels) == {"seen": 100.0, "unseen": 100.0}


def test_umap_moves_the_same_model(trained):
    drawn = callbacks.draw_umap(trained)
    assert drawn.model.id == trained.model.id
    assert drawn.model.projection.name == "UMAP"
    assert drawn.model.projection.points.shape == trained.model.projection.points.shape


def test_a_saved_adapter_reopens_with_the_sliders_where_they_were(trained, tmp_path):
    moved = callbacks.set_mask(trained, 0.7, math.inf)
    archive = saving.save_adapter(moved, tmp_path)
    (tmp_path / "opened").mkdir()
    fresh = replace(moved, model=None, beta=0.5, gamma=20.0)
    reopened = saving.open_adapter(fresh, archive, tmp_path / "opened")
    assert (reopened.beta, reopened.gamma) == (0.7, math.inf)
    assert torch.equal(
        reopened.model.trained.adapter.image.update.weight, trained.model.trained.adapter.image.update.weight
    )
    assert reopened.model.shots.class_names == trained.model.shots.class_names


def test_a_foreign_zip_is_no_adapter(session, tmp_path):
    (tmp_path / "opened").mkdir()
    with pytest.raises(LluError, match="not a saved adapter"):
        saving.open_adapter(session, write_zip(tmp_path / "mine.zip"), tmp_path / "opened")


def test_the_csv_has_a_line_per_picture(trained):
    rows = list(csv.DictReader(io.StringIO(saving.predictions_csv(trained))))
    assert len(rows) == 18 + 24
    assert {row["part"] for row in rows} == {"train", "test"}
    assert all(0 <= float(row["alpha"]) <= 0.5 + 1e-6 for row in rows)


def test_visitors_do_not_see_each_other(session, zipped):
    store = SessionStore(session)
    store.put("ada", zipped)
    assert store.get("ada") is zipped
    assert store.get("ben") is session
    store.drop("ada")
    assert store.get("ada") is session


def test_the_store_is_bounded_by_the_memory_that_pictures_take(session, zipped):
    store = SessionStore(session, max_bytes=stored_bytes(zipped.draft) + 1)
    store.put("ada", zipped)
    store.put("ben", zipped)
    assert store.get("ada") is session
    assert store.get("ben") is zipped


def test_a_large_photograph_is_kept_small(session, tmp_path):
    path = tmp_path / "large.jpg"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(path)
    added = callbacks.add_files(session, [path], "noise")
    assert max(added.draft.train[0].read().size) == 672
    assert stored_bytes(added.draft) < 1_000_000


def test_the_store_forgets_the_oldest_visitor_first(session, zipped):
    store = SessionStore(session, capacity=2)
    for visitor in ("ada", "ben", "cyd"):
        store.put(visitor, zipped)
    assert store.get("ada") is session
    assert store.get("cyd") is zipped
