"""A hub that breaks in every way: a sentence each, nothing half-made stays, and the next time it is whole."""

import errno
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from llu_core.cli.main import main
from llu_core.encoders import hub as hub_module
from llu_core.encoders import locating, transfer
from llu_core.encoders.backbones import parse_backbone
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.hub import LoadingStep, fetch_steps
from llu_core.encoders.locating import is_here
from llu_core.errors import LluError
from llu_core.steps import drain
from support.fake_hub import LARGE, FakeHub, Fault, copied, hub_for, kept
from support.sample_pictures import write_zip

NAME = "hf-hub:someone/clip"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def hub(tiny_model: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(transfer, "PAUSE_SECONDS", 0.01)
    with hub_for(copied(tiny_model, tmp_path / "served"), cache, monkeypatch) as hub:
        yield hub


def told(name: str = NAME) -> str:
    """What loading says, in one line."""
    with pytest.raises(LluError) as caught:
        OpenClipEncoder.load(name, device="cpu")
    message = str(caught.value)
    assert message.startswith(f"{name} cannot be loaded: ")
    assert "\n" not in message
    return message


def whole(tiny_model: str) -> None:
    """The model of the hub is the one that the hub serves."""
    encoder = OpenClipEncoder.load(NAME, device="cpu")
    assert torch.equal(encoder.encode_texts(["a"]), OpenClipEncoder.load(tiny_model, device="cpu").encode_texts(["a"]))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("drops", r"the connection broke after [\d.]+ MB of [\d.]+ MB \(.*\); try again"),
        ("stalls", r"the connection broke after [\d.]+ MB of [\d.]+ MB \(.*timed out.*\); try again"),
        ("other", r"what came \([\d.]+ MB of [\d.]+ MB\) is not what the hub announced, by its checksum; try again"),
        ("page", r"a web page came in place of its file; log in to the network"),
        ("portal", r"what answers at http://[\d.:]+ is no model hub; log in to the network"),
        ("endless", r"a file of it is larger than the [\d.]+ MB that it may have; take another model"),
    ],
)
def test_a_broken_download_is_a_sentence_leaves_nothing_and_works_the_next_time(
    hub: FakeHub, cache: Path, tiny_model: str, fault: Fault, words: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    hub.fault = fault
    assert re.search(words, told())
    assert kept(cache) == []
    assert not is_here(NAME)
    hub.fault = ""
    whole(tiny_model)
    assert is_here(NAME)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "answers 401: there is no such repository, or it is not for everyone); check the name"),
        (403, "answers 403: there is no such repository, or it is not for everyone); check the name"),
        (404, "answers 404: there is no such repository, or it is not for everyone); check the name"),
        (429, "answers 429: too many requests); try again in a few minutes"),
        (500, "answers 500: something is broken there); try again"),
        (503, "answers 503: something is broken there); try again"),
    ],
)
def test_what_the_hub_refuses_is_told_with_what_to_do(hub: FakeHub, status: int, words: str):
    hub.status = status
    assert words in told()
    assert words in told("vit-b-16")


def test_a_hub_without_the_file_is_told(hub: FakeHub):
    (hub.folder / "open_clip_model.safetensors").unlink()
    assert "which has no open_clip_model.safetensors or" in told()


def test_a_connection_that_breaks_once_goes_on_where_it_was(hub: FakeHub, tiny_model: str):
    hub.fault = "once"
    whole(tiny_model)
    size = (hub.folder / "open_clip_model.safetensors").stat().st_size
    assert hub.sent < size + LARGE


def test_an_unreachable_hub_is_told_in_a_line(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    addresses = "http://127.0.0.1:9/{repo_id}/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", addresses)
    assert re.search(r"\(.*refused.*\); check the connection and try again; or .*--model picto", told())


def test_a_disk_without_room_is_told_before_anything_is_downloaded(
    hub: FakeHub, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda folder: SimpleNamespace(free=LARGE))
    message = told()
    assert re.search(r"it takes [\d.]+ MB, and the disk of .* has 0.1 MB free; make room there", message)
    assert not any("safetensors" in path for path in hub.downloads)
    assert kept(cache) == []


def test_a_disk_that_fills_up_meanwhile_is_told_and_left_as_it_was(
    hub: FakeHub, cache: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
):
    append = transfer._Incoming.append

    def fill(incoming: transfer._Incoming, chunk: bytes) -> None:
        if incoming.transfer.done > LARGE:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(incoming, chunk)

    with monkeypatch.context() as full:
        full.setattr(transfer._Incoming, "append", fill)
        assert f"its files cannot be written to {cache} (No space left on device); make room there" in told()
    assert kept(cache) == []
    whole(tiny_model)


def test_the_download_is_told_from_the_first_moment_on(hub: FakeHub):
    hub.fault = "slow"
    steps: list[LoadingStep] = []
    start = time.monotonic()
    with closing(fetch_steps("someone/clip", ["open_clip_model.safetensors"])) as coming:
        steps.append(next(coming))
        assert time.monotonic() - start < 1
        drain(coming, steps.append)
    size = (hub.folder / "open_clip_model.safetensors").stat().st_size
    counts = [step.done for step in steps]
    assert counts == sorted(counts)
    assert len(set(counts)) > 3
    assert {step.total for step in steps} == {None, size} or {step.total for step in steps} == {size}
    assert all(step.phase == "Downloading" for step in steps)


@pytest.mark.parametrize("fault", ["slow", "stalls"])
def test_a_download_that_is_called_off_ends_at_once_and_leaves_nothing(
    hub: FakeHub, cache: Path, tiny_model: str, fault: Fault
):
    hub.fault, hub.pause = fault, 0.05
    steps = fetch_steps("someone/clip", ["open_clip_model.safetensors"])
    while next(steps).done < LARGE:
        pass
    start = time.monotonic()
    steps.close()
    assert time.monotonic() - start < 1
    assert kept(cache) == []
    assert not any(thread.name == "download" for thread in threading.enumerate())
    sent = hub.sent
    time.sleep(0.3)
    assert hub.sent <= sent + 2 * 65_536  # what was on its way
    hub.fault = ""
    whole(tiny_model)


def test_a_name_that_is_none_and_a_folder_that_is_no_model_are_told(hub: FakeHub, tmp_path: Path):
    assert "someone//x" not in hub.downloads
    assert "is no name of a repository; check the name" in told("hf-hub:some one/-x-")
    (tmp_path / "empty").mkdir()
    for name in (f"local-dir:{tmp_path / 'empty'}", f"local-dir:{tmp_path / 'nowhere'}"):
        assert "there is no open_clip_config.json in the folder" in told(name)
    with pytest.raises(LluError, match=r"There is no backbone 'vit-b-61'; choose one of picto, photo"):
        OpenClipEncoder.load("vit-b-61", device="cpu")


@pytest.mark.parametrize("fault", ["drops", "portal"])
def test_the_command_line_ends_with_the_sentence(
    hub: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, fault: Fault
):
    monkeypatch.setenv("LLU_CACHE", str(tmp_path / "rows"))
    hub.fault = fault
    source = str(write_zip(tmp_path / "mine.zip"))
    assert main(["train", source, "--out", str(tmp_path / "adapter"), "--model", NAME]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"error: {NAME} cannot be loaded: ")
    assert not (tmp_path / "adapter").exists()


def serve_tokenizer(hub: FakeHub) -> None:
    for name in ("tokenizer_config.json", "tokenizer.json"):
        (hub.folder / name).write_text("{}")


def borrowed() -> Path | None:
    backbone, _ = parse_backbone("siglip-vit-b-16")
    return drain(locating.tokenizer_steps(backbone, backbone.model, {"hf_tokenizer_name": "someone/tokens"}))


def test_a_borrowed_tokenizer_is_fetched_into_a_folder(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    serve_tokenizer(hub)
    folder = borrowed()
    assert folder is not None
    assert {path.name for path in folder.iterdir()} == {"tokenizer_config.json", "tokenizer.json"}
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert borrowed() == folder


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_borrowed_tokenizer_of_any_size_is_not_fetched(
    hub: FakeHub, cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    serve_tokenizer(hub)
    monkeypatch.setattr(locating, "MAX_TOKENIZER_BYTES", 2 * LARGE)
    monkeypatch.setattr(locating, "MAX_TOKENIZER_JSON_BYTES", 2 * LARGE)
    (hub.folder / name).write_bytes(bytes(2 * LARGE + 1))
    with pytest.raises(LluError, match=r"larger than the 0.2 MB that it may have"):
        borrowed()
    assert kept(cache) == []


def test_a_borrowed_tokenizer_may_not_ask_for_code(hub: FakeHub):
    serve_tokenizer(hub)
    (hub.folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["tok.Evil", null]}}')
    with pytest.raises(LluError, match="asks for auto_map"):
        borrowed()


def test_a_repository_without_a_tokenizer_is_told(hub: FakeHub):
    with pytest.raises(LluError, match="someone/tokens, whose tokenizer it uses, has none"):
        borrowed()


def test_a_hub_that_is_asked_for_nothing_is_not_asked(hub: FakeHub):
    for name in ("photo", "picto", "vit-b-16", NAME):
        is_here(name)
    for name in ("photo", "picto"):
        OpenClipEncoder.load(name, device="cpu")
    assert hub.downloads == []
    assert hub_module.cached("someone/clip", ["open_clip_config.json"]) is None
