"""The running app as a program sees it, through gradio_client."""

import contextlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from demo.payloads.snippets import client_code, library_code
from demo.session.presets import NO_EXAMPLE, load_preset
from demo.session.session import Session
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.model_table import BACKBONES
from llu_core.method.checkpoint import TrainedAdapter
from support.sample_pictures import picture_bytes, write_zip


@pytest.fixture
def client(app_address: str) -> Iterator[Client]:
    client = Client(app_address, verbose=False)
    yield client
    client.close()


def test_every_public_action_has_a_named_endpoint(client: Client):
    api = client.view_api(print_info=False, return_format="dict")
    assert isinstance(api, dict)
    named = api["named_endpoints"]
    assert {
        "/load_example", "/add_pictures", "/rename_class", "/delete_class", "/create_class", "/move_picture",
        "/delete_picture", "/undo", "/pictures", "/set_unseen_classes", "/set_templates", "/train", "/set_mask",
        "/set_statistics", "/ask", "/remove_query", "/add_class", "/remove_answer", "/summary",
        "/save_adapter", "/save_predictions", "/save_page", "/save_project", "/open_adapter",
        "/load_model", "/cancel_model", "/clear", "/compare_methods", "/choose_mask", "/cancel", "/ask_photograph",
        "/put_on_shelf", "/add_example_to_shelf", "/add_file_to_shelf", "/take_off_shelf", "/switch_set",
    } == set(named)  # fmt: skip


def test_models_are_offered_with_their_size_and_speed(client: Client):
    fields = [each["props"] for each in client.config["components"] if each["type"] == "dropdown"]
    (choices,) = [field["choices"] for field in fields if field["label"] == "CLIP model"]
    offers = {name: offer for offer, name in choices}
    assert list(offers) == list(BACKBONES)
    assert offers["mobileclip2-s0"] == "MobileCLIP2-S0 · 300 MB · fast"
    assert offers["pe-core-b-16"] == "Perception Encoder B/16 · 1,791 MB · slow"


def test_a_program_trains_and_takes_the_adapter_home(client: Client, tmp_path: Path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    client.predict("spotty", "dots", api_name="/rename_class")
    status, trained = client.predict("fast", api_name="/train")
    assert "18 pictures of 3 classes" in status
    assert trained["trained"]["train_seconds"] > 0
    still = client.predict(0.0, 20.0, api_name="/set_mask")["trained"]
    assert still["llu"] == still["clip"] == trained["trained"]["clip"]
    moved = client.predict(0.25, "inf", api_name="/set_mask")
    assert (moved["trained"]["beta"], moved["trained"]["gamma"]) == (0.25, "inf")
    with zipfile.ZipFile(client.predict(api_name="/save_adapter")) as archive:
        archive.extractall(tmp_path / "adapter")
    adapter = TrainedAdapter.from_pretrained(tmp_path / "adapter")
    assert "dots" in adapter.class_names
    assert (adapter.adapter.beta, adapter.adapter.gamma) == (0.25, float("inf"))


def test_a_program_switches_class_statistics(client: Client, tmp_path: Path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    _, without = client.predict("fast", api_name="/train")
    assert without["trained"]["statistics"] is None
    with pytest.raises(AppError, match="no class statistics; train with the recipe best"):
        client.predict(False, api_name="/set_statistics")
    _, told = client.predict("best", api_name="/train")
    assert [told["trained"][part] for part in ("beta", "gamma", "statistics")] == [0.2, 0.0, True]
    off = client.predict(False, api_name="/set_statistics")["trained"]
    assert off["statistics"] is False
    with zipfile.ZipFile(client.predict(api_name="/save_adapter")) as archive:
        archive.extractall(tmp_path / "adapter")
    assert TrainedAdapter.from_pretrained(tmp_path / "adapter").adapter.statistics is None


def test_a_program_has_beta_and_gamma_chosen(client: Client):
    client.predict("Handwritten digits", api_name="/load_example")
    before = client.predict(api_name="/summary")["trained"]
    reason, after = client.predict(api_name="/choose_mask")
    assert "held-out" in reason
    assert f"beta {after['trained']['beta']:g}, gamma {after['trained']['gamma']:g}" in reason
    assert after["trained"]["clip"] == before["clip"]
    assert client.predict(api_name="/summary") == after


def test_a_program_compares_the_methods_on_its_set(client: Client):
    client.predict("Handwritten digits", api_name="/load_example")
    tiles = client.predict(0.5, 20, api_name="/set_mask")["trained"]  # where the recipe has LLU
    rows = {row["method"]: row for row in client.predict(api_name="/compare_methods")}
    assert {"clip", "rla", "llu"} <= set(rows)
    assert rows["clip"]["seen"] == tiles["clip"]["seen"]
    assert rows["llu"]["seen"] == tiles["llu"]["seen"]


def test_two_visitors_have_two_sets(client: Client, app_address: str, tmp_path: Path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    other = Client(app_address, verbose=False)
    assert other.predict(api_name="/summary")["set"] != client.predict(api_name="/summary")["set"]
    other.close()


def test_the_line_for_another_set_in_the_list_of_examples_changes_nothing(client: Client, tmp_path: Path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    before = client.predict(api_name="/summary")
    assert client.predict(NO_EXAMPLE, api_name="/load_example") == before


def test_an_answer_is_plain_json(client: Client):
    json.dumps(client.predict(api_name="/summary"))


def test_an_example_comes_trained(client: Client):
    summary = client.predict("Handwritten digits", api_name="/load_example")
    assert len(summary["classes"]) == 10
    assert summary["trained"] is not None
    assert not summary["changed_since_training"]


def test_a_program_asks_about_a_picture(client: Client, tmp_path: Path):
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    answer = client.predict(handle_file(tmp_path / "what.png"), api_name="/ask")
    assert answer["picture"] == "what.png"
    assert 0 <= answer["alpha"] <= 1
    assert answer["llu"][0]["probability"] >= answer["llu"][1]["probability"]
    assert client.predict(api_name="/summary")["trained"]["queries"] == ["what.png"]


def test_a_program_asks_about_a_photograph_of_the_installation(client: Client):
    assert client.predict("lion", api_name="/ask_photograph")["picture"] == "lion.jpg"
    with pytest.raises(AppError, match=r"there is no photograph '\.\./lion'; choose one of: lion, cheetah"):
        client.predict("../lion", api_name="/ask_photograph")


def test_a_program_edits_a_set_and_takes_it_back(client: Client, tmp_path: Path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    picture = next(p for p in client.predict(api_name="/pictures") if p["class"] == "spotty" and p["part"] == "train")
    moved = client.predict(picture["key"], "stripy", api_name="/move_picture")
    assert {row["name"]: row["train"] for row in moved["classes"]}["stripy"] == 7
    assert moved["can_undo"][0] == f"move {picture['name'].split('/')[-1]} (spotty)"
    undone = client.predict(api_name="/undo")
    assert {row["name"]: row["train"] for row in undone["classes"]}["stripy"] == 6


def test_the_code_that_the_page_offers_runs(
    client: Client, app_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Both, as the page fills them in: the library's with the downloaded adapter, the client's with the app."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_bytes(picture_bytes(7))
    client.predict("Handwritten digits", api_name="/load_example")
    shutil.copy(client.predict(api_name="/save_adapter"), tmp_path / "llu-adapter.zip")
    session = load_preset(Session(OpenClipEncoder.load("picto"), "picto"), "Handwritten digits")
    for code in (library_code(session), client_code(session, app_address)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})
        assert "llu" in printed.getvalue().lower()


def test_data_of_the_wrong_type_is_refused_in_a_sentence_and_no_set_takes_harm(client, tmp_path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    before = client.predict(api_name="/summary")
    for name, args in (("add_class", [{"a": "b"}]), ("rename_class", [5, ["x"]]), ("train", [["fast"]])):
        with pytest.raises(AppError, match="must be a text"):
            client.predict(*args, api_name=f"/{name}")
    assert client.predict(api_name="/summary") == before


def test_half_a_character_in_a_name_harms_no_later_call(client, tmp_path, app_address):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    for name in ("create_class", "rename_class"):
        data = ["spotty", "dots\ud800"] if name == "rename_class" else ["new\ud800"]
        body = json.dumps({"data": data, "session_hash": client.session_hash})
        headers = {"content-type": "application/json"}
        event = httpx.post(f"{app_address}gradio_api/call/{name}", content=body, headers=headers, timeout=60).json()
        answer = httpx.get(f"{app_address}gradio_api/call/{name}/{event['event_id']}", timeout=60).text
        assert answer.startswith("event: complete")
    names = {row["name"] for row in client.predict(api_name="/summary")["classes"]}
    assert {"new?", "dots?"} <= names


def test_an_upload_that_is_gone_is_told_in_a_sentence(app_address):
    uploads = httpx.post(f"{app_address}gradio_api/upload", files={"files": ("a.png", picture_bytes(7))}).json()
    Path(uploads[0]).unlink()
    body = {"data": [[{"path": uploads[0], "meta": {"_type": "gradio.FileData"}}], "cat"], "session_hash": "gone"}
    event = httpx.post(f"{app_address}gradio_api/call/add_pictures", json=body, timeout=60).json()
    answer = httpx.get(f"{app_address}gradio_api/call/add_pictures/{event['event_id']}", timeout=60).text
    assert "is no longer there; choose it again" in answer


def test_a_program_takes_a_project_home_and_opens_it_again(client: Client, tmp_path: Path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    _, trained = client.predict("fast", api_name="/train")
    shutil.copy(client.predict(api_name="/save_project"), tmp_path / "project.zip")
    client.predict(api_name="/clear")
    opened = client.predict(handle_file(tmp_path / "project.zip"), api_name="/open_adapter")
    assert opened["classes"] == trained["classes"]
    assert opened["trained"]["llu"] == trained["trained"]["llu"]
    assert not opened["changed_since_training"]
