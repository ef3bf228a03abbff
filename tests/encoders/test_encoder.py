import logging
import pickle
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from llu_core.encoders.backbones import parse_backbone
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.model_table import BACKBONES
from llu_core.errors import LluError

WEIGHTS = "open_clip_model.safetensors"


@pytest.fixture(scope="session")
def encoder(tiny_model: str) -> OpenClipEncoder:
    return OpenClipEncoder.load(tiny_model, device="cpu", batch_size=2)


@pytest.fixture
def folder(tiny_model: str, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may damage."""
    return Path(shutil.copytree(tiny_model.removeprefix("local-dir:"), tmp_path / "model"))


def pictures(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)) for _ in range(count)]


def test_images_and_texts_become_unit_rows_of_one_width(encoder: OpenClipEncoder):
    images, texts = encoder.encode_images(pictures(5)), encoder.encode_texts(["a cat", "a dog", "an owl"])
    assert images.shape == (5, encoder.width)
    assert texts.shape == (3, encoder.width)
    for rows in (images, texts):
        assert rows.dtype == torch.float32
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)))


def test_rows_keep_the_order_across_batches(encoder: OpenClipEncoder):
    images, texts = pictures(5), ["a cat", "a dog", "an owl"]
    one_by_one = torch.cat([encoder.encode_images([image]) for image in images])
    torch.testing.assert_close(encoder.encode_images(images), one_by_one, atol=1e-5, rtol=0)
    one_by_one = torch.cat([encoder.encode_texts([text]) for text in texts])
    torch.testing.assert_close(encoder.encode_texts(texts), one_by_one, atol=1e-5, rtol=0)


def test_rows_are_those_of_open_clip(encoder: OpenClipEncoder, tiny_model: str):
    from open_clip import create_model_from_pretrained, get_tokenizer

    model, preprocess = cast(Any, create_model_from_pretrained(tiny_model))  # its declared type leaves it open
    images, texts = pictures(3), ["a photo of a cat."]
    with torch.no_grad():
        expected = model.eval().encode_image(torch.stack([preprocess(image) for image in images]), normalize=True)
        torch.testing.assert_close(encoder.encode_images(images), expected, atol=1e-5, rtol=0)
        expected = model.encode_text(get_tokenizer(tiny_model)(texts), normalize=True)
        torch.testing.assert_close(encoder.encode_texts(texts), expected, atol=1e-5, rtol=0)


def test_nothing_gives_no_rows(encoder: OpenClipEncoder):
    assert encoder.encode_images([]).shape == (0, encoder.width)
    assert encoder.encode_texts([]).shape == (0, encoder.width)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "1"])
def test_images_of_every_mode_are_encoded(encoder: OpenClipEncoder, mode):
    assert encoder.encode_images([pictures(1)[0].convert(mode)]).shape == (1, encoder.width)


def test_the_model_is_frozen_and_its_rows_can_be_trained_on(encoder: OpenClipEncoder):
    assert not encoder.model.training
    assert not any(parameter.requires_grad for parameter in encoder.model.parameters())
    rows, matrix = encoder.encode_images(pictures(2)), torch.eye(encoder.width, requires_grad=True)
    (rows @ matrix).square().sum().backward()
    assert matrix.grad is not None


def test_half_precision_agrees_with_single(tiny_model: str, encoder: OpenClipEncoder):
    half = OpenClipEncoder.load(tiny_model, device="cpu", precision="bf16")
    similarity = (half.encode_images(pictures(3)) * encoder.encode_images(pictures(3))).sum(dim=1)
    assert similarity.min() > 0.99


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_cpu(tiny_model: str, encoder: OpenClipEncoder):
    other = OpenClipEncoder.load(tiny_model, device="cuda")
    assert (other.precision, other.identity) == ("fp16", encoder.identity)
    assert ((other.encode_images(pictures(3)) * encoder.encode_images(pictures(3))).sum(dim=1)).min() > 0.99
    assert ((other.encode_texts(["a cat"]) * encoder.encode_texts(["a cat"])).sum(dim=1)).min() > 0.99


def test_identity_names_weights_and_preprocessing(encoder: OpenClipEncoder, tiny_model: str, folder: Path):
    assert OpenClipEncoder.load(tiny_model, device="cpu").identity == encoder.identity
    weights = load_file(folder / WEIGHTS)
    save_file(weights | {"logit_scale": weights["logit_scale"] + 1}, folder / WEIGHTS)
    other = OpenClipEncoder.load(f"local-dir:{folder}", device="cpu")
    assert other.identity.split(", ")[1] != encoder.identity.split(", ")[1]
    assert other.logit_scale == pytest.approx(encoder.logit_scale * np.e, rel=1e-5)
    config = folder / "open_clip_config.json"
    config.write_text(config.read_text().replace("0.25", "0.3"))
    assert OpenClipEncoder.load(f"local-dir:{folder}", device="cpu").identity != other.identity


def test_a_checkpoint_file_replaces_the_weights_whatever_its_format(
    encoder: OpenClipEncoder, tiny_model: str, folder: Path, tmp_path: Path
):
    weights = load_file(folder / WEIGHTS)
    torch.save({"state_dict": weights}, tmp_path / "tiny.pt")
    (folder / WEIGHTS).unlink()
    loaded = OpenClipEncoder.load(f"local-dir:{folder}", device="cpu", checkpoint=tmp_path / "tiny.pt")
    assert loaded.identity.split(", ")[1:] == encoder.identity.split(", ")[1:]


def test_loading_moves_no_random_numbers_and_leaves_logging_alone(tiny_model: str):
    root = logging.getLogger()
    handlers, filters, state = list(root.handlers), list(root.filters), torch.get_rng_state()
    OpenClipEncoder.load(tiny_model, device="cpu")
    assert (root.handlers, root.filters) == (handlers, filters)
    assert torch.equal(torch.get_rng_state(), state)


def test_loading_says_nothing(tiny_model: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]):
    OpenClipEncoder.load(tiny_model, device="cpu")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def hub_cache(monkeypatch: pytest.MonkeyPatch, place: Path, *, offline: bool) -> None:
    """A hub that does not answer, and a cache of its own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(place))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("name", ["vit-b-16", "hf-hub:someone/clip", "ViT-B-32/laion400m_e32"])
def test_unreachable_weights_are_one_line_with_the_remedies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, offline
):
    hub_cache(monkeypatch, tmp_path, offline=offline)
    with pytest.raises(LluError) as caught:
        OpenClipEncoder.load(name, device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    for part in (name, str(tmp_path), f"--model {name}@", "--model picto"):
        assert part in message


def test_a_hub_model_in_the_cache_needs_no_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_model: str, encoder: OpenClipEncoder
):
    hub_cache(monkeypatch, tmp_path, offline=False)
    repository = tmp_path / "models--someone--clip"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("c0ffee")
    shutil.copytree(tiny_model.removeprefix("local-dir:"), repository / "snapshots" / "c0ffee")
    loaded = OpenClipEncoder.load("hf-hub:someone/clip", device="cpu")
    assert torch.equal(loaded.encode_images(pictures(1)), encoder.encode_images(pictures(1)))


def failure(name: str, *, device: str = "cpu", **options: Any) -> str:
    with pytest.raises(LluError) as caught:
        OpenClipEncoder.load(name, device=device, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_folder_configuration_or_weights_file_is_named(folder: Path, tmp_path: Path):
    assert "open_clip_config.json" in failure(f"local-dir:{tmp_path / 'nowhere'}")
    (folder / WEIGHTS).unlink()
    assert WEIGHTS in failure(f"local-dir:{folder}")
    assert "no weights file" in failure("vit-b-32@nowhere.safetensors")
    assert "not a weights file" in failure("vit-b-32", checkpoint="weights.npz")


def test_a_damaged_configuration_is_named(folder: Path):
    for text in ("{", "[]", "{}", '{"model_cfg": {"embed_dim": 1, "vision_cfg": {}, "text_cfg": {}}}'):
        (folder / "open_clip_config.json").write_text(text)
        assert "configuration" in failure(f"local-dir:{folder}")


def test_damaged_weights_are_named(folder: Path, tmp_path: Path):
    whole = (folder / WEIGHTS).read_bytes()
    for content in (b"", b"no weights", whole[: len(whole) // 2]):
        (folder / WEIGHTS).write_bytes(content)
        assert "damaged" in failure(f"local-dir:{folder}")
        (tmp_path / "weights.pt").write_bytes(content)
        assert "damaged" in failure(f"local-dir:{folder}", checkpoint=tmp_path / "weights.pt")


def test_weights_of_another_model_do_not_fit(folder: Path, tmp_path: Path):
    weights = load_file(folder / WEIGHTS)
    for content in ({}, {"anything": torch.ones(2)}, weights | {"text_projection": torch.ones(3, 3)}):
        save_file(content, tmp_path / WEIGHTS)
        assert "architecture" in failure(f"local-dir:{folder}", checkpoint=tmp_path / WEIGHTS)


class RunsCode:
    def __reduce__(self):
        return Path.touch, (Path("code-has-run"),)


def test_a_weights_file_never_runs_code(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("plain.pt").write_bytes(pickle.dumps({"weights": RunsCode()}))
    torch.save({"weights": RunsCode()}, "zipped.bin")
    for file in ("plain.pt", "zipped.bin"):
        assert "more than weights" in failure(f"local-dir:{folder}", checkpoint=file)
    with zipfile.ZipFile("script.pt", "w") as archive:
        archive.writestr("model/constants.pkl", b"")
    assert "TorchScript" in failure(f"local-dir:{folder}", checkpoint="script.pt")
    assert not Path("code-has-run").exists()


def test_weights_that_are_no_numbers_are_refused_when_they_show(folder: Path):
    weights = load_file(folder / WEIGHTS)
    save_file(weights | {"text_projection": torch.full((16, 16), torch.nan)}, folder / WEIGHTS)
    with pytest.raises(LluError, match="no numbers"):
        OpenClipEncoder.load(f"local-dir:{folder}", device="cpu").encode_texts(["a cat"])


def test_an_unknown_device_is_named(tiny_model: str):
    for device in ("gpu", "cuda:99", "meta"):
        assert device in failure(tiny_model, device=device)


def test_an_installation_without_open_clip_is_explained(monkeypatch: pytest.MonkeyPatch, tiny_model: str):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    assert "requirements.txt" in failure(tiny_model)


def test_an_unknown_name_lists_the_known_ones():
    for name in ("nonsense", "hf-hub:", "local-dir:", "ViT-B-32/none"):
        assert "picto, photo, vit-b-16" in failure(name)
    assert "NAME@my.safetensors" in failure("my.safetensors")


def test_a_checkpoint_can_be_part_of_the_name(tmp_path: Path):
    file = tmp_path / "weights.safetensors"
    file.touch()
    assert parse_backbone(f"vit-b-16@{file}") == (BACKBONES["vit-b-16"], file)
    assert parse_backbone("vit-b-16", file) == (BACKBONES["vit-b-16"], file)
    with pytest.raises(LluError, match="name one"):
        parse_backbone(f"vit-b-16@{file}", "other.safetensors")
    assert parse_backbone("local-dir:/a@b")[0].model == "local-dir:/a@b"


def test_the_embedded_models_say_what_they_do_not_know():
    assert "Photographs want photo, or a real CLIP" in BACKBONES["picto"].note
    assert "knows no actions, colours, counts, scenes or writing; a real CLIP does" in BACKBONES["photo"].note
