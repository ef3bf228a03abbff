"""The running app as a program sees it, through gradio_client."""

import json
import zipfile

import pytest
from gradio_client import Client, handle_file
from sample_pictures import write_zip

from llu_core.checkpoint import TrainedAdapter


@pytest.fixture
def client(app_address: str):
    client = Client(app_address, verbose=False)
    yield client
    client.close()


def test_every_public_action_has_a_named_endpoint(client):
    named = client.view_api(print_info=False, return_format="dict")["named_endpoints"]
    assert {
        "/load_example", "/add_pictures", "/rename_class", "/delete_class", "/set_unseen_classes", "/set_templates",
        "/train", "/set_mask", "/summary", "/save_adapter", "/save_predictions", "/open_adapter", "/load_model",
        "/clear",
    } == set(named)  # fmt: skip


def test_a_program_trains_and_takes_the_adapter_home(client, tmp_path):
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


def test_two_visitors_have_two_sets(client, app_address, tmp_path):
    client.predict([handle_file(write_zip(tmp_path / "mine.zip"))], "", api_name="/add_pictures")
    other = Client(app_address, verbose=False)
    assert other.predict(api_name="/summary")["set"] != client.predict(api_name="/summary")["set"]
    other.close()


def test_an_answer_is_plain_json(client):
    json.dumps(client.predict(api_name="/summary"))


def test_an_example_comes_trained(client):
    summary = client.predict("Handwritten digits", api_name="/load_example")
    assert len(summary["classes"]) == 10
    assert summary["trained"] is not None
    assert not summary["changed_since_training"]
