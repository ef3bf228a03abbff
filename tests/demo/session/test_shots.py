"""Webcam shots in a visitor's set: one step for Undo, the rules of dropped files, and frames that nothing keeps."""

import base64
from dataclasses import replace

import pytest

from demo.hosting.encoders import RecentEncoder
from demo.hosting.examples import Examples
from demo.session import draft as drafts
from demo.session import edits, queries, training
from demo.session.readers import Reader
from demo.session.session import Session
from demo.session.uploads import shots
from demo.session.uploads.question import choices_for_a_recording
from demo.settings import Limits
from llu_core.errors import LluError
from llu_core.method.prediction import predict_embeddings
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.frames import frame
from support.sample_pictures import picture_bytes
from support.toy_encoder import CountingEncoder, ToyEncoder


def record(session: Session, name: str, count: int, recording: str = "a", *, begins: bool = True) -> Session:
    frames = [frame(seed) for seed in range(count)]
    return shots.join_shots(session, shots.read_shots(session, name, frames, recording, begins))[0]


def counts(session: Session) -> dict[str, int]:
    labels = [picture.label for picture in session.draft.train]
    return {name: labels.count(label) for label, name in enumerate(session.draft.class_names)}


def test_a_recording_that_comes_in_parts_is_one_step_for_undo(session: Session):
    first = record(session, "cup", 3)
    second = record(record(first, "cup", 2, begins=False), "pen", 2, "b")
    assert counts(second) == {"cup": 5, "pen": 2}
    assert [edit.label for edit in second.history] == ["record cup", "record pen"]
    assert counts(second.undone()) == {"cup": 5}
    assert counts(second.undone().undone()) == {}


def test_an_edit_in_the_middle_of_a_recording_is_a_step_of_its_own(session: Session):
    first = record(session, "cup", 2)
    between = edits.edit(first, "add pen", drafts.add_class, "pen")
    after = record(between, "cup", 2, begins=False)
    assert [edit.label for edit in after.history] == ["record cup", "add pen", "record cup"]
    assert counts(after.undone()) == {"cup": 2, "pen": 0}


def test_shots_have_names_of_their_own_in_the_whole_set(session: Session):
    names = [picture.name for picture in record(record(session, "cup", 2), "pen", 2, "b").draft.train]
    assert names == ["webcam 1", "webcam 2", "webcam 3", "webcam 4"]


def test_a_single_shot_is_deleted_like_any_picture(session: Session):
    recorded = record(session, "cup", 3)
    key = next(iter(drafts.pictures_by_key(recorded.draft)))
    assert counts(edits.edit_picture(recorded, "delete", drafts.delete_picture, key)) == {"cup": 2}


def test_a_class_that_is_gone_ends_the_recording(session: Session):
    gone = edits.clear(record(session, "cup", 2))
    with pytest.raises(LluError, match="cup was deleted or renamed meanwhile"):
        record(gone, "cup", 2, begins=False)


def test_as_many_join_as_the_set_has_room_for(session: Session):
    small = replace(session, limits=Limits(pictures=4))
    read = shots.read_shots(small, "cup", [frame(n) for n in range(6)], "a", True)
    full, taken = shots.join_shots(small, read)
    assert (taken, counts(full)) == (4, {"cup": 4})
    with pytest.raises(LluError, match="has 4 pictures, as many as the page takes"):
        record(full, "cup", 1, begins=False)


def test_too_many_bytes_end_the_recording_and_the_set_stays(session: Session):
    small = replace(session, limits=Limits(visitor_mb=1))
    recorded = record(small, "cup", 4)
    while recorded.held_bytes < 2**20 - 200_000:
        recorded = record(recorded, "cup", 4, begins=False)
    with pytest.raises(LluError, match="the page keeps 1 MB for one visitor"):
        record(recorded, "cup", 40, begins=False)
    assert counts(recorded)["cup"] % 4 == 0


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (["no base64!"], "did not arrive whole"),
        ([base64.b64encode(b"no picture").decode()], "cannot be read"),
        ([frame(1)[:400]], "cannot be read"),
        ([frame(1, (1500, 1500))], "cannot be read"),
        ([], "one to 200 pictures at a time, not 0"),
        (["x"] * 201, "one to 200 pictures at a time, not 201"),
    ],
)
def test_what_is_no_shot_is_refused_in_a_sentence(session: Session, frames: list[str], reason: str):
    with pytest.raises(LluError, match=reason):
        shots.read_shots(session, "cup", frames, "a", True)


@pytest.fixture(scope="module")
def example() -> Session:
    return Examples(ToyEncoder("drawn"), "drawn", own=Reader("photo", ToyEncoder("photo"))).first


def test_shots_follow_the_rule_of_dropped_photographs(example: Session, tmp_path):
    """A class of one's own begins an own set, read by its own model; a class of an example joins it and keeps its."""
    (tmp_path / "a.png").write_bytes(picture_bytes(1))
    for name in ("my cup", example.draft.class_names[0]):
        dropped, recorded = edits.add_files(example, [tmp_path / "a.png"], name), record(example, name, 1)
        assert recorded.encoder_name == dropped.encoder_name
        assert recorded.draft.class_names == dropped.draft.class_names
    assert record(example, "my cup", 1).encoder_name == "photo"
    undone = record(record(example, "my cup", 1), "my cup", 2, begins=False).undone()
    assert (undone.encoder_name, undone.preset) == ("drawn", example.preset)


def test_where_the_shots_of_a_new_class_go_is_asked_of_an_example_alone(example: Session):
    asked = {manner for manner, _, _ in choices_for_a_recording(example)}
    assert asked == {"join", "replace"}
    for manner, classes in (("join", len(example.draft.class_names) + 1), ("replace", 1)):
        begun = shots.read_shots(example, "my cup", [frame(1)], "a", True, manner)
        after = record(shots.join_shots(example, begun)[0], "my cup", 2, begins=False)
        assert (len(after.draft.class_names), counts(after)["my cup"]) == (classes, 3)
        assert choices_for_a_recording(after) == ()
        assert after.undone().preset == example.preset


@pytest.fixture
def trained(session: Session) -> Session:
    recorded = record(record(session, "cup", 4), "pen", 4, "b")
    return drain(training.train_adapter(recorded, RECIPES["fast"]))[0]


def test_a_glance_answers_as_a_question_does_and_leaves_no_trace(trained: Session):
    seen, model = shots.glance(trained, frame(99)), trained.require_model()
    asked = queries.join_query(trained, shots.encode_frame(trained, frame(99)))
    expected = queries.answer(asked, 0)
    said = seen.sweep.logits(beta=trained.beta, gamma=trained.gamma).softmax(dim=1)[0]
    assert said.tolist() == pytest.approx(expected.llu, abs=1e-5)
    clip = predict_embeddings(
        trained.trained, seen.embedding, ["x"], model.shots.class_names, model.shots.class_embeddings
    )[0].clip
    assert seen.sweep.logits(beta=0.0, gamma=0.0).softmax(dim=1)[0].tolist() == pytest.approx(clip, abs=1e-5)
    assert trained.require_model() is model
    assert not len(model.queries)


def test_a_kept_frame_is_a_question_on_the_map(trained: Session):
    kept = queries.join_query(trained, shots.encode_frame(trained, frame(99)))
    kept = queries.join_query(kept, shots.encode_frame(kept, frame(98)))
    names = kept.require_model().queries.names
    assert len(set(names)) == 2
    assert all(name.startswith("webcam") for name in names)


def test_live_frames_are_not_remembered(session: Session):
    remembering = RecentEncoder(CountingEncoder())
    recorded = record(record(replace(session, encoder=remembering), "cup", 4), "pen", 4, "b")
    ready = drain(training.train_adapter(recorded, RECIPES["fast"]))[0]
    before = [len(rows) for rows in remembering._recent]
    for seed in range(5):
        shots.glance(ready, frame(200 + seed))
    assert [len(rows) for rows in remembering._recent] == before


def test_a_frame_before_any_training_is_refused(session: Session):
    with pytest.raises(LluError, match="no trained adapter yet"):
        shots.glance(session, frame())
