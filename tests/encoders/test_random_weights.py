"""Architectures with random weights: the same every time, and never taken for a model that knows something."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from llu_core.cli.predict import _known_model
from llu_core.encoders import loading
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.errors import LluError

NAME = "random:ViT-S-32-alt"


@pytest.fixture(scope="module")
def encoder() -> OpenClipEncoder:
    return OpenClipEncoder.load(NAME, device="cpu")


def test_they_are_the_same_every_time_and_move_no_random_numbers(encoder: OpenClipEncoder):
    torch.manual_seed(7)
    state = torch.get_rng_state()
    again = OpenClipEncoder.load(NAME, device="cpu")
    assert torch.equal(torch.get_rng_state(), state)
    assert again.identity == encoder.identity
    pictures = [Image.new("RGB", (32, 32), "red")]
    assert torch.equal(again.encode_images(pictures), encoder.encode_images(pictures))


def test_branches_that_cannot_be_merged_are_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch):
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("shapes\ndiffer")

    monkeypatch.setattr("timm.utils.reparameterize_model", failing)
    with pytest.raises(
        LluError,
        match=r"branches of its towers cannot be merged \(.*shapes differ.*\); take another model, such as",
    ):
        OpenClipEncoder.load(NAME, device="cpu")


def test_they_say_that_their_answers_mean_nothing(encoder: OpenClipEncoder):
    assert encoder.title == "ViT-S-32-alt with random weights"
    assert "answers mean nothing" in encoder.note


def test_their_identity_is_no_real_models_even_of_the_same_weights(encoder: OpenClipEncoder, tmp_path: Path):
    import open_clip

    folder = tmp_path / NAME
    folder.mkdir()
    config = {"model_cfg": open_clip.get_model_config(NAME.removeprefix("random:"))}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    weights = {key: value.contiguous() for key, value in encoder.model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    real = OpenClipEncoder.load(f"local-dir:{folder}", device="cpu")
    assert encoder.identity == f"{real.identity}, random weights"


@pytest.mark.parametrize(
    "name", ["random:", "random:nothing", "random:hf-hub:a/b", "random:local-dir:/tmp", "random:picto"]
)
def test_only_architectures_of_open_clip_are_built(name: str):
    with pytest.raises(LluError, match=r"^open_clip knows no architecture .*list_models"):
        OpenClipEncoder.load(name, device="cpu")


def test_they_are_not_mixed_with_a_weights_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "weights.safetensors"
    file.touch()
    monkeypatch.setattr(loading, "_create", lambda *_: pytest.fail("built"))
    with pytest.raises(LluError, match=r"its weights are random, so that .* cannot take their place"):
        OpenClipEncoder.load(f"{NAME}@{file}", device="cpu")


def test_an_adapter_that_names_them_does_not_load_them_unasked():
    with pytest.raises(LluError, match=f"--model {NAME}"):
        _known_model("an adapter", NAME)
