"""What the page's camera asks for: every answer is JSON with the number of its call, refusals are sentences."""

import json
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr
import pytest

from demo.hosting.encoders import SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.frames import Frames
from demo.hosting.host import Host
from demo.hosting.line import Line
from demo.hosting.store import SessionStore
from demo.page.camera import CameraActions
from demo.payloads.live import camera_limits
from demo.session import edits
from demo.session.session import Session
from demo.session.uploads import shots
from demo.settings import Limits
from support.demo_sessions import in_threads
from support.frames import frame

ADA, BOB = gr.Request(session_hash="ada"), gr.Request(session_hash="bob")


@pytest.fixture
def host(trained: Session) -> Iterator[Host]:
    shelf, examples = SharedEncoders({"toy": trained.encoder}), Examples(trained.encoder, "toy", limits=Limits())
    host = Host(SessionStore(lambda: trained), shelf, examples, Line(waiting=5), frames=Frames(100))
    yield host
    host.close()


@pytest.fixture
def camera(host: Host) -> CameraActions:
    return CameraActions(host)


def add(camera: CameraActions, *frames: str, name: str = "spotty", begins: bool = True, who: gr.Request = ADA) -> dict:
    return json.loads(camera.add_shots(5, name, list(frames), "a recording", begins, "", who))


def spotty(host: Host) -> int:
    draft = host.store.get("ada").draft
    label = draft.class_names.index("spotty")
    return sum(picture.label == label for picture in draft.train)


def test_shots_join_a_class_and_are_counted(camera: CameraActions, host: Host):
    assert add(camera, frame(1), frame(2)) == {"number": 5, "taken": 2}
    assert add(camera, frame(3), begins=False) == {"number": 5, "taken": 1}
    assert spotty(host) == 9
    assert len(host.store.get("ada").history) == len(host.store.get("bob").history) + 1


def test_a_call_with_one_frame_that_is_no_picture_adds_nothing(camera: CameraActions, host: Host):
    told = add(camera, frame(1), "bm8gcGljdHVyZQ==")
    assert "cannot be read" in told["message"]
    assert spotty(host) == 6


def test_the_last_shots_that_fit_join_and_a_sentence_ends_the_recording(trained: Session, host: Host):
    total = len(trained.draft.train) + len(trained.draft.test)
    small = host.store.update("ada", lambda session: replace(session, limits=Limits(pictures=total + 1)))
    told = add(CameraActions(host), frame(1), frame(2))
    assert told["taken"] == 1
    assert f"has {small.limits.pictures} pictures" in told["message"]
    assert "taken" not in add(CameraActions(host), frame(3), begins=False)


def test_a_page_that_was_closed_while_recording_keeps_nothing(camera: CameraActions, host: Host):
    add(camera, frame(1))
    host.forget("ada")
    assert "closed" in add(camera, frame(2), begins=False)["message"]
    assert len(host.store) == 0


def test_parts_that_arrive_at_once_are_all_there(camera: CameraActions, host: Host):
    in_threads(*(lambda n=n: add(camera, frame(n), frame(n + 50)) for n in range(8)))
    assert spotty(host) == 22
    names = [picture.name for picture in host.store.get("ada").draft.train]
    assert len([name for name in names if name.startswith("webcam")]) == len(set(names) - _old(names)) == 16


def _old(names: list[str]) -> set[str]:
    return {name for name in names if not name.startswith("webcam")}


def test_a_live_frame_is_answered_and_changes_nothing(camera: CameraActions, host: Host):
    before, held = host.store.get("ada"), host.store.held_bytes
    told = json.loads(camera.answer_frame(7, frame(1), ADA))
    assert told["number"] == 7
    assert told["id"] == before.require_model().id
    assert len(told["place"]) == 2
    assert host.store.get("ada") is before
    assert (len(host.store), host.store.held_bytes) == (0, held)


def test_frames_that_come_too_fast_are_told_to_come_again(host: Host):
    camera = CameraActions(replace(host, frames=Frames(1)))
    assert "id" in json.loads(camera.answer_frame(1, frame(1), ADA))
    assert json.loads(camera.answer_frame(2, frame(1), ADA)) == {"number": 2, "busy": True}
    assert "id" in json.loads(camera.answer_frame(1, frame(1), BOB))


def test_a_live_frame_that_is_no_picture_and_a_set_that_was_deleted_are_told(camera: CameraActions, host: Host):
    assert "cannot be read" in json.loads(camera.answer_frame(1, "bm8gcGljdHVyZQ==", ADA))["message"]
    host.store.update("ada", edits.clear)
    assert "no trained adapter yet" in json.loads(camera.answer_frame(2, frame(1), ADA))["message"]


def test_what_is_kept_is_one_more_question(camera: CameraActions, host: Host):
    assert json.loads(camera.keep_frame(3, frame(1), ADA)) == {"number": 3, "kept": True}
    model = host.store.get("ada").require_model()
    assert model.queries.names == (shots.NAME,)
    for _ in range(30):
        told = json.loads(camera.keep_frame(4, frame(1), ADA))
    assert "queries on the map; remove one" in told["message"]


def test_the_page_hears_of_its_own_limits():
    assert json.loads(camera_limits(Limits(calls_per_minute=120))) == {"limits": {"calls": 120, "frames": 4}}
