"""What a visitor does while something slow is under way: it stays, and what was deleted stays deleted."""

import json
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr
import pytest
import torch

from demo.hosting.encoders import SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.host import Host
from demo.hosting.line import Cancelled, Line
from demo.hosting.maps.maps import Maps
from demo.hosting.store import SessionStore
from demo.page.actions import Actions
from demo.page.long_work import LongWork
from demo.page.rendering import Drawing, Rendering
from demo.page.wiring import build_app
from demo.session import edits, queries, saving, training
from demo.session.session import Session
from demo.settings import Limits, Settings
from llu_core.errors import LluError
from support import drawers
from support.drawers import InProcess
from support.requests import run_apart
from support.sample_pictures import picture_bytes

ADA = gr.Request(session_hash="ada")


@pytest.fixture
def host(trained: Session) -> Iterator[Host]:
    """An app whose visitors begin with a trained set of their own."""
    shelf, examples = SharedEncoders({"toy": trained.encoder}), Examples(trained.encoder, "toy", limits=Limits())
    host = Host(SessionStore(lambda: trained), shelf, examples, Line(waiting=5), Maps(InProcess()))
    yield host
    host.close()


@pytest.fixture
def picture(tmp_path) -> str:
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    return str(path)


@pytest.fixture
def meanwhile(monkeypatch):
    """meanwhile(module, name, act): `act` is done once `module.name` has done its slow work, and before it returns."""

    def arrange(module, name: str, act) -> None:
        slow, acts = getattr(module, name), [act]

        def work(*args, **kwargs):
            result = slow(*args, **kwargs)
            if acts:
                acts.pop()()
            return result

        monkeypatch.setattr(module, name, work)

    return arrange


def classes(host: Host) -> tuple[str, ...]:
    return host.store.get("ada").draft.class_names


def test_pictures_deleted_during_an_upload_stay_deleted(host, picture, meanwhile):
    actions = Actions(host)
    meanwhile(edits, "read_upload", lambda: actions.clear(ADA))
    with pytest.raises(LluError, match="deleted or replaced meanwhile"):
        actions.add_pictures([picture], "thing", "", ADA)
    assert classes(host) == ()


def test_two_uploads_at_once_both_arrive(host, picture, meanwhile):
    actions = Actions(host)
    meanwhile(edits, "read_upload", lambda: actions.add_pictures([picture], "first", "", ADA))
    actions.add_pictures([picture], "second", "", ADA)
    assert {"first", "second"} < set(classes(host))


def test_an_edit_during_an_upload_stays(host, picture, meanwhile):
    actions = Actions(host)
    old = classes(host)[0]
    meanwhile(edits, "read_upload", lambda: actions.rename_class(old, "renamed", ADA))
    actions.add_pictures([picture], "thing", "", ADA)
    assert {"renamed", "thing"} < set(classes(host))
    assert old not in classes(host)


def test_an_upload_of_a_closed_page_is_not_kept(host, picture, meanwhile):
    meanwhile(edits, "read_upload", lambda: host.forget("ada"))
    with pytest.raises(LluError, match="this page was closed"):
        Actions(host).add_pictures([picture], "thing", "", ADA)
    assert len(host.store) == 0


def test_a_rename_during_the_choice_of_the_mask_stays(host, meanwhile):
    old = classes(host)[0]
    meanwhile(training, "tune", lambda: Actions(host).rename_class(old, "renamed", ADA))
    *_, (_, told) = LongWork(host).choose_mask(ADA)
    assert "renamed" in classes(host)
    assert told["trained"]["beta"] == host.store.get("ada").beta


def test_a_mask_is_not_chosen_for_an_adapter_that_is_gone(host, meanwhile):
    meanwhile(training, "tune", lambda: Actions(host).clear(ADA))
    with pytest.raises(LluError):
        list(LongWork(host).choose_mask(ADA))
    assert host.store.get("ada").model is None


def test_what_was_deleted_during_a_training_stays_deleted(host, meanwhile):
    meanwhile(training, "build_model", lambda: Actions(host).clear(ADA))
    with pytest.raises(LluError, match="deleted or replaced meanwhile"):
        list(LongWork(host).train("fast", ADA))
    assert host.store.get("ada").model is None


def test_a_picture_asked_about_during_a_training_is_answered_by_the_new_adapter(host, picture, meanwhile):
    meanwhile(training, "build_model", lambda: Actions(host).ask(picture, ADA))
    *_, (_, told) = LongWork(host).train("fast", ADA)
    assert told["trained"]["queries"] == ["one.png"]


def test_an_edit_while_the_map_is_drawn_stays(host, meanwhile):
    old = classes(host)[0]
    meanwhile(drawers, "project_umap", lambda: Actions(host).rename_class(old, "renamed", ADA))
    drawn = Rendering(Actions(host).visitors, host.maps).draw_umap(ADA)
    assert json.loads(drawn)
    assert "renamed" in classes(host)
    model = host.store.get("ada").model
    assert model is not None
    assert model.projection.name == "UMAP"


def test_edits_stay_while_a_picture_or_a_class_is_encoded(host, picture, meanwhile):
    actions, old = Actions(host), classes(host)
    meanwhile(queries, "encode_query", lambda: actions.rename_class(old[0], "renamed", ADA))
    actions.ask(picture, ADA)
    meanwhile(queries, "encode_classes", lambda: actions.set_mask(0.125, 3.0, ADA))
    told = actions.add_class("newt", ADA)
    assert "renamed" in classes(host)
    assert told["trained"]["beta"] == 0.125
    assert told["trained"]["queries"] == ["one.png"]
    assert "newt" in told["trained"]["asked_classes"]


def test_a_class_is_not_asked_of_an_adapter_that_is_gone(host, meanwhile):
    actions = Actions(host)
    meanwhile(queries, "encode_classes", lambda: actions.clear(ADA))
    with pytest.raises(LluError, match="no trained adapter"):
        actions.add_class("newt", ADA)
    assert classes(host) == ()


def test_an_adapter_is_not_opened_on_a_page_that_was_cleared(host, tmp_path, meanwhile):
    actions = Actions(host)
    archive = saving.save_adapter(host.store.get("ada"), tmp_path)
    meanwhile(saving, "open_adapter", lambda: actions.clear(ADA))
    with pytest.raises(LluError, match="deleted or replaced meanwhile"):
        actions.open_adapter(str(archive), ADA)
    assert host.store.get("ada").model is None


class CalledOff:
    """An encoder that is told, while it encodes, that its visitor has called the work off."""

    def __init__(self, encoder, host: Host):
        self.encoder, self.host = encoder, host

    def __getattr__(self, name: str):
        return getattr(self.encoder, name)

    def encode_texts(self, texts):
        assert self.host.line.cancel("ada")
        torch.ones(1)
        pytest.fail("the encoder went on")


def test_cancel_reaches_the_encoding_of_texts(host, zipped):
    host.store.update("ada", lambda _: replace(zipped, encoder=CalledOff(zipped.encoder, host)))
    *_, (words, _) = LongWork(host).train("fast", ADA)
    assert "called off" in words


def test_cancel_reaches_the_choice_of_the_mask_and_the_comparison(host, monkeypatch):
    def work(*args, **kwargs):
        assert host.line.cancel("ada")
        torch.ones(1)
        pytest.fail("the work went on")

    monkeypatch.setattr(training, "tune", work)
    with pytest.raises(Cancelled):
        list(LongWork(host).choose_mask(ADA))
    monkeypatch.setattr("demo.session.comparison._compared", work)
    *_, last = LongWork(host).compare(1, ADA)
    assert "called off" in last


def test_no_drawing_is_sent_of_a_set_that_changed_while_it_was_made_ready(host, monkeypatch):
    """Of two drawings by two events the older may be ready last, and the page would keep it."""
    made, changes = gr.Blocks.process_api, []

    async def changed_meanwhile(*args, **kwargs):
        sent = await made(*args, **kwargs)
        if changes:
            changes.pop()()
        return sent

    async def draw_all() -> None:
        app = build_app(host, Settings())
        drawings = [fn for fn in app.fns.values() if isinstance(fn.fn, Drawing)]
        parts = {component.elem_id for fn in drawings for component in fn.outputs}
        assert {"explorer", "cards", "client-code"} <= parts
        for number, drawing in enumerate(drawings):
            changes.append(lambda name=f"newt {number}": Actions(host).create_class(name, ADA))
            sent = await app.process_api(drawing, [], request=ADA)
            assert f"newt {number}" in classes(host)
            assert sent["data"] == (await app.process_api(drawing, [], request=ADA))["data"]

    monkeypatch.setattr(gr.Blocks, "process_api", changed_meanwhile)
    run_apart(draw_all())
