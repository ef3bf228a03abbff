"""Another model for the page: told before it is loaded, shared on its way, and nothing lost where it does not come."""

import errno
import html
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
import torch

from demo.hosting import loads
from demo.hosting.encoders import RecentEncoder, SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.host import Host
from demo.hosting.line import Line
from demo.hosting.store import SessionStore
from demo.page.model_loading import ModelLoading
from demo.payloads.models import facts_panel, offers_payload
from demo.session import edits, models, saving
from demo.session.session import Session
from demo.settings import Limits
from llu_core.data.bundles import save_bundle
from llu_core.encoders import transfer
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.model_table import BACKBONES
from llu_core.errors import LluError
from support.demo_sessions import in_threads
from support.fake_hub import FakeHub, Fault, copied, hub_for, kept
from support.later import later_toy, slow_toy
from support.synthetic import problem
from support.toy_encoder import ToyEncoder

ADA, BOB = gr.Request(session_hash="ada"), gr.Request(session_hash="bob")
NAME = "hf-hub:someone/clip"


@pytest.fixture
def hub(tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(transfer, "PAUSE_SECONDS", 0.01)
    with hub_for(copied(tiny_model, tmp_path / "served"), tmp_path / "hub", monkeypatch) as hub:
        yield hub


def host_of(session: Session) -> Host:
    shelf, examples = SharedEncoders({"picto": session.encoder}), Examples(session.encoder, "toy", limits=Limits())
    return Host(SessionStore(lambda: session), shelf, examples, Line(waiting=5))


@pytest.fixture
def host(trained: Session) -> Iterator[Host]:
    """An app whose visitors begin with a trained set of their own, and sliders that they have moved."""
    host = host_of(replace(trained, beta=0.25, gamma=7.0))
    yield host
    host.close()


def load(host: Host, request: gr.Request = ADA, name: str = NAME, checkpoint: str = "") -> list[str]:
    """The words of every step."""
    return [words(shown) for shown, _ in ModelLoading(host).load_model(name, checkpoint, request)]


def words(panel: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", panel))


def as_it_was(host: Host, before: Session) -> bool:
    now = host.store.get("ada")
    same = now.model is before.model and now.draft is before.draft and now.encoder is before.encoder
    return same and (now.beta, now.gamma) == (before.beta, before.gamma) and now.readers is before.readers


def test_a_model_comes_with_its_progress_and_reads_the_set_again(host: Host, hub: FakeHub):
    hub.fault = "slow"
    start = time.monotonic()
    steps = ModelLoading(host).load_model(NAME, "", ADA)
    first = words(next(steps)[0])
    assert time.monotonic() - start < 1
    assert first == "Downloading: 0 bytes"
    told = [words(shown) for shown, _ in steps]
    assert any(re.fullmatch(r"Downloading: \d\.\d MB of \d\.\d MB", each) for each in told)
    assert "Reading the set again: 42 of 42 pictures" in told
    assert told[-1] == "someone/clip reads everything now; train to see it on the map."
    after = host.store.get("ada")
    assert (after.encoder_name, after.model, after.draft) == (NAME, None, host.store.get("bob").draft)


@pytest.mark.parametrize("fault", ["drops", "other", "page", "portal"])
def test_where_it_does_not_come_everything_is_as_it_was_and_a_sentence_says_why(host: Host, hub: FakeHub, fault: Fault):
    before = host.store.get("ada")
    hub.fault = fault
    shown: list[str] = []
    with pytest.raises(LluError) as told:
        shown.extend(words(step) for step, _ in ModelLoading(host).load_model(NAME, "", ADA))
    assert shown[-1] == f"{told.value}."
    assert shown[-1].startswith(f"{NAME} cannot be loaded: ")
    assert shown[-1].endswith("; everything is as it was.")
    assert "--model" not in shown[-1]
    assert as_it_was(host, before)
    hub.fault = ""
    assert load(host)[-1].startswith("someone/clip reads everything now")


@pytest.mark.parametrize(
    ("name", "checkpoint", "told"),
    [
        ("vit-b-61", "", "There is no backbone 'vit-b-61'; choose one of picto"),
        ("local-dir:/nowhere", "", "no open_clip_config.json in the folder /nowhere; check the path"),
        ("vit-b-16", "/nowhere/weights.safetensors", "no weights file /nowhere/weights.safetensors; check the path"),
        ("hf-hub:a/b c", "", "a/b c is no name of a repository; check the name"),
    ],
)
def test_names_that_mean_nothing_are_told(host: Host, hub: FakeHub, name: str, checkpoint: str, told: str):
    before = host.store.get("ada")
    with pytest.raises(LluError, match=re.escape(told)):
        load(host, name=name, checkpoint=checkpoint)
    assert as_it_was(host, before)
    assert hub.downloads == []


def test_a_full_disk_is_told(host: Host, hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = host.store.get("ada")
    monkeypatch.setattr(transfer._Incoming, "append", full)
    with pytest.raises(LluError, match=r"No space left on device\); make room there, .*; everything is as it was"):
        load(host)
    assert as_it_was(host, before)
    assert kept(tmp_path / "hub") == []


@pytest.mark.parametrize("fault", ["slow", "stalls"])
def test_cancel_ends_the_download_at_once_and_leaves_everything_as_it_was(
    host: Host, hub: FakeHub, tmp_path: Path, fault: Fault
):
    before, work = host.store.get("ada"), ModelLoading(host)
    hub.fault, hub.pause = fault, 0.05
    steps = work.load_model(NAME, "", ADA)
    while not re.search("[1-9] MB of", words(next(steps)[0])):
        pass
    start = time.monotonic()
    assert work.cancel_model(ADA)
    assert words(list(steps)[-1][0]) == "Called off; everything is as it was."
    while kept(tmp_path / "hub") or any(thread.name == "download" for thread in threading.enumerate()):
        assert time.monotonic() - start < 5
        time.sleep(0.02)
    assert as_it_was(host, before)
    assert not work.cancel_model(ADA)
    hub.fault = ""
    assert load(host)[-1].startswith("someone/clip reads everything now")


def test_a_closed_page_ends_its_download_also_where_nobody_asks_how_far_it_is(host: Host, hub: FakeHub):
    hub.fault = "stalls"
    steps = ModelLoading(host).load_model(NAME, "", ADA)
    while not re.search("[1-9] MB of", words(next(steps)[0])):
        pass
    host.forget("ada")
    end = time.monotonic() + 5
    while any(thread.name in ("download", "load") for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_who_asks_for_the_same_model_shares_its_download_and_goes_on_when_the_other_leaves(host: Host, hub: FakeHub):
    hub.fault, hub.pause = "slow", 0.03
    work, both = ModelLoading(host), threading.Barrier(2)

    def ada() -> None:
        steps = work.load_model(NAME, "", ADA)
        while not re.search("[1-9] MB of", words(next(steps)[0])):
            pass
        both.wait(30)
        both.wait(30)
        work.cancel_model(ADA)
        assert words(list(steps)[-1][0]).startswith("Called off")

    def bob() -> None:
        both.wait(30)
        steps = work.load_model(NAME, "", BOB)
        assert any(re.search("[1-9] MB of", words(next(steps)[0])) for _ in range(5))
        both.wait(30)
        assert words(list(steps)[-1][0]).startswith("someone/clip reads everything now")

    in_threads(ada, bob)
    assert sum("safetensors" in path for path in hub.downloads) == 1
    assert (host.store.get("ada").encoder_name, host.store.get("bob").encoder_name) == ("toy", NAME)


def test_others_are_not_held_up_by_a_download(host: Host, hub: FakeHub, tiny_model: str):
    hub.fault = "stalls"
    work = ModelLoading(host)
    steps = work.load_model(NAME, "", ADA)
    next(steps)
    next(steps)
    assert load(host, BOB, tiny_model)[-1].endswith("reads everything now; train to see it on the map.")
    assert load(host, BOB, "picto")[-1].startswith("Toy encoder reads everything now")
    work.cancel_model(ADA)
    list(steps)


def test_one_model_at_a_time_for_a_visitor_and_a_few_for_all(host: Host, hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    hub.fault = "stalls"
    monkeypatch.setattr(loads, "MAX_LOADS", 1)
    work = ModelLoading(host)
    steps = work.load_model(NAME, "", ADA)
    next(steps)
    next(steps)
    with pytest.raises(LluError, match="your last model is still being loaded; wait for it, or cancel it"):
        load(host)
    with pytest.raises(LluError, match="1 other models are being loaded; try again in a few minutes"):
        load(host, BOB, "hf-hub:someone/other")
    work.cancel_model(ADA)
    list(steps)


def test_an_adapter_whose_model_is_loaded_again_stays(host: Host, tiny_model: str):
    load(host, name="picto")
    assert host.store.get("ada").model is not None
    load(host, name=tiny_model)
    assert host.store.get("ada").model is None


def test_a_set_of_embeddings_that_the_model_cannot_add_to_is_kept(session: Session, tmp_path: Path, tiny_model: str):
    opened = edits.add_files(session, [save_bundle(tmp_path / "rows.npz", problem())])
    host = host_of(opened)
    wide = problem().width
    with pytest.raises(LluError, match=rf"the open set holds embeddings {wide} wide, and .* gives 16; open a set of"):
        load(host, name=tiny_model)
    assert as_it_was(host, opened)
    host.close()


def test_what_does_not_fit_is_told_before_it_is_downloaded(session: Session, tmp_path: Path, hub: FakeHub):
    host = host_of(edits.add_files(session, [save_bundle(tmp_path / "rows.npz", problem())]))
    with pytest.raises(LluError, match="and OpenAI CLIP ViT-L/14 gives 768"):
        load(host, name="vit-l-14")
    assert hub.downloads == []
    host.close()


@pytest.mark.parametrize("other", [True, False])
def test_a_reopened_adapter_is_kept(trained: Session, tmp_path: Path, tiny_model: str, other: bool):
    path = saving.save_adapter(trained, tmp_path)
    opened = saving.open_adapter(edits.clear(trained), path)
    host = host_of(opened)
    if other:
        told = r"adapter works on embeddings of another model than tiny_clip\d*, .*; download the adapter if you"
        with pytest.raises(LluError, match=told):
            load(host, name=tiny_model)
        assert as_it_was(host, opened)
    else:
        load(host, name="picto")
        assert host.store.get("ada").model is opened.model
    host.close()


def test_embeddings_of_equal_width_of_another_model_are_not_mixed_up(session: Session):
    bundle = replace(problem(), encoder_identity="another")
    opened = session.with_features(bundle)
    with pytest.raises(LluError, match="of another model than ViT, which cannot be compared; open a set of pictures"):
        models.require_fits(opened, "ViT", bundle.width, "some identity")


def test_a_model_is_told_before_it_is_loaded(hub: FakeHub, tiny_model: str):
    told = words(facts_panel("mobileclip2-s0"))
    assert told.startswith("MobileCLIP2-S0 · 300 MB to download · fast on a CPU")
    assert "Licence: Apple AMLR (research only)." in told
    assert words(facts_panel("photo")).startswith("Embedded photograph model · already here · fast on a CPU")
    assert "size told when the download begins" in facts_panel(NAME)
    assert "already here" in facts_panel(tiny_model)
    assert "There is no backbone '<b>'" in words(facts_panel("<b>"))
    assert "<b>'" not in facts_panel("<b>")
    assert hub.downloads == []
    OpenClipEncoder.load(NAME, device="cpu")
    assert "already here" in facts_panel(NAME)


def test_better_models_are_offered_where_an_embedded_one_reads():
    offered = offers_payload("photo")
    for name in ("mobileclip2-s0", "vit-b-32", "vit-b-16"):
        assert f"{BACKBONES[name].megabytes} MB" in offered
    assert "MobileCLIP2-S0 \\u00b7 300 MB" in offered
    assert offers_payload("picto") == offered
    assert offers_payload("vit-b-16") == "[]"


def test_the_rows_after_a_load_are_the_models_own(host: Host, hub: FakeHub, tiny_model: str):
    load(host)
    rows = host.store.get("ada").encoder.encode_texts(["a"])
    assert torch.equal(rows, OpenClipEncoder.load(tiny_model, device="cpu").encode_texts(["a"]))


def test_models_that_were_left_for_later_are_loaded_once_pictures_are_about_to_come(host: Host):
    later = later_toy()
    host = replace(host, encoders=SharedEncoders({"toy": RecentEncoder(later)}))
    ModelLoading(host).load_ahead(ADA)
    host.encoders.close()
    assert later.is_loaded


def test_a_model_that_was_left_for_later_can_be_chosen(trained: Session):
    host = host_of(replace(trained, encoder=ToyEncoder("another"), encoder_name="another"))
    host.encoders._encoders["photo"] = chosen = slow_toy()
    assert load(host, name="photo")[1] == "Loading"
    assert host.store.get("ada").encoder is chosen
    host.close()
