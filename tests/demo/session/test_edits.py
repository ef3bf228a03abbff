"""The visitor's own set: adding, editing, undoing; bad input loses nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.payloads.explorer import explorer_payload
from demo.payloads.summary import summary
from demo.session import draft as drafts
from demo.session import edits, training
from demo.session.presets import PRESETS, load_preset
from demo.session.session import Session
from llu_core.data.bundles import save_bundle
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import CLASSES, UNSEEN, picture_bytes, write_zip
from support.synthetic import problem


def test_a_zip_becomes_classes_with_counts(zipped: Session):
    classes = {row["name"]: (row["train"], row["test"]) for row in summary(zipped)["classes"]}
    assert classes == {**dict.fromkeys(CLASSES, (6, 6)), **dict.fromkeys(UNSEEN, (0, 6))}


def test_the_upload_may_be_deleted_after_it_was_added(session: Session, tmp_path: Path):
    path = write_zip(tmp_path / "mine.zip")
    added = edits.add_files(session, [path])
    path.unlink()
    assert drain(training.train_adapter(added, RECIPES["fast"]))[0].model is not None


def test_a_broken_picture_is_named_and_the_rest_is_used(session: Session, tmp_path: Path):
    added = edits.add_files(session, [write_zip(tmp_path / "mine.zip", broken=True)])
    assert [row["name"] for row in summary(added)["rejected"]] == ["spotty/broken.png"]
    assert len(added.draft.train) == 18


def test_loose_pictures_need_a_class_name(session: Session, tmp_path: Path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    with pytest.raises(LluError, match="no name"):
        edits.add_files(session, [path])
    assert edits.add_files(session, [path], "thing").draft.class_names == ("thing",)


def test_own_pictures_replace_an_example_and_then_add_up(session: Session, tmp_path: Path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    example = load_preset(session, next(iter(PRESETS)))
    own = edits.add_files(example, [path], "thing")
    assert own.draft.class_names == ("thing",)
    assert len(edits.add_files(own, [path], "thing").draft.train) == 2


def test_nothing_readable_is_one_error_and_changes_nothing(session: Session, tmp_path: Path):
    path = tmp_path / "one.png"
    path.write_bytes(b"no picture")
    with pytest.raises(LluError, match="no picture could be read"):
        edits.add_files(session, [path], "thing")


def test_unchanged_unseen_classes_are_no_edit(trained: Session):
    assert edits.set_unseen_classes(trained, "") is trained
    with_newt = edits.set_unseen_classes(trained, "newt, ibis")
    assert edits.set_unseen_classes(with_newt, "ibis").changed_since_training


def test_a_large_photograph_is_kept_small(session: Session, tmp_path: Path):
    path = tmp_path / "large.jpg"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(path)
    added = edits.add_files(session, [path], "noise")
    assert max(added.draft.train[0].read().size) == 672
    assert added.stored_bytes < 1_000_000


def test_pictures_for_a_class_of_the_example_join_the_example(session: Session, tmp_path: Path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    example = load_preset(session, next(iter(PRESETS)))
    name = example.draft.class_names[0]
    grown = edits.add_files(example, [path], name)
    assert len(grown.draft.train) == len(example.draft.train) + 1


@pytest.mark.parametrize(
    "edit",
    [
        lambda session: edits.edit(session, "rename", drafts.rename_class, "spotty", "dotty"),
        lambda session: edits.edit(session, "delete", drafts.delete_class, "spotty"),
        lambda session: edits.edit(session, "add", drafts.add_class, "newt"),
        lambda session: edits.set_templates(session, "a drawing of a {}"),
        lambda session: edits.set_unseen_classes(session, "newt"),
    ],
)
def test_every_edit_can_be_undone_and_training_is_up_to_date_again(trained: Session, edit):
    edited = edit(trained)
    assert edited.draft is not trained.draft
    back = edited.undone()
    assert back.source is trained.source
    assert back.history == trained.history


def test_an_undone_addition_brings_the_example_back(session: Session, tmp_path: Path):
    example = load_preset(session, next(iter(PRESETS)))
    own = edits.add_files(example, [write_zip(tmp_path / "mine.zip")])
    assert own.preset is None
    assert own.undone().preset == example.preset


def test_leaving_the_templates_as_they_are_is_no_edit(zipped: Session):
    assert edits.set_templates(zipped, "\n".join(zipped.draft.templates)) is zipped


@pytest.mark.parametrize("name", ["<b>bold</b>", 'it\'s "quoted"', "🦕 dino", "x" * 80])
def test_any_name_is_just_text(zipped: Session, name: str):
    renamed = edits.edit(zipped, "rename", drafts.rename_class, "spotty", name)
    assert name in renamed.draft.class_names


@pytest.mark.parametrize("name", ["", "   ", "x" * 300, "stripy"])
def test_empty_long_and_taken_names_are_refused(zipped: Session, name: str):
    with pytest.raises(LluError):
        edits.edit(zipped, "rename", drafts.rename_class, "spotty", name)


def test_a_feature_bundle_is_trained_without_an_encoder(session: Session, tmp_path: Path):
    bundle = problem(base=3, new=2, shots=20, tests=4)
    opened = edits.add_files(session, [save_bundle(tmp_path / "features.npz", bundle)])
    trained, phases = drain(training.train_adapter(opened, RECIPES["fast"]))
    assert "Reading pictures" not in phases
    assert trained.model is not None
    assert len(trained.model.shots.train) == 3 * 16
    assert [row["name"] for row in summary(trained)["rejected"]] == ["12 training rows"]
    assert '"thumbnails": null' in explorer_payload(trained)
    with pytest.raises(LluError, match="cannot be edited"):
        edits.edit(trained, "rename", drafts.rename_class, "class 0", "zero")


def test_a_large_bundle_is_cut_to_what_the_page_can_show(session: Session, tmp_path: Path):
    bundle = problem(base=2, new=2, shots=2, tests=600)
    opened = edits.add_files(session, [save_bundle(tmp_path / "features.npz", bundle)])
    assert opened.features is not None
    assert len(opened.features.train) + len(opened.features.test) == session.limits.pictures
    assert [row["name"] for row in summary(opened)["rejected"]] == ["404 test rows"]


def test_a_bundle_of_too_many_classes_names_the_way_out(session: Session, tmp_path: Path):
    bundle = problem(base=150, new=150, shots=1, tests=1)
    with pytest.raises(LluError, match="300 classes; the page takes 200"):
        edits.add_files(session, [save_bundle(tmp_path / "features.npz", bundle)])


def test_a_bundle_with_pickles_is_refused(session: Session, tmp_path: Path):
    np.savez(tmp_path / "bad.npz", class_names=np.array([{"a": 1}], dtype=object))
    with pytest.raises(LluError):
        edits.add_files(session, [tmp_path / "bad.npz"])


@pytest.mark.parametrize("text", ["", "\n  \n", " a photo of a {}. "])
def test_what_changes_nothing_is_no_step_to_undo(text: str, session: Session, tmp_path: Path):
    own = edits.add_files(session, [write_zip(tmp_path / "mine.zip", shots=1, tests=0)])
    assert edits.set_templates(own, text) is own
    name = own.draft.class_names[0]
    assert edits.edit(own, "rename", drafts.rename_class, name, name) is own
    assert edits.change_unseen_classes(own, ", ".join(drafts.unseen_without_pictures(own.draft)) + " ,  ") is own


def test_every_picture_that_is_read_is_told(session: Session, tmp_path: Path):
    told: list[tuple[int, int]] = []
    zipped = write_zip(tmp_path / "mine.zip", shots=2, tests=1)
    edits.read_upload(session, [zipped], told=lambda done, total: told.append((done, total)))
    count = told[-1][1]
    assert count > 2
    assert told == [(done, count) for done in range(1, count + 1)]
