"""A model's folder or repository brings numbers and names: what asks for more is refused before anything is built."""

import json
import resource
import shutil
from pathlib import Path
from typing import Any

import open_clip
import pytest

from llu_core.encoders import configuration
from llu_core.encoders.configuration import check_tokenizer_files, read_configuration
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.errors import LluError


@pytest.fixture
def folder(tiny_model: str, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may change."""
    return Path(shutil.copytree(tiny_model.removeprefix("local-dir:"), tmp_path / "model"))


def change(folder: Path, **changes: dict[str, Any]) -> None:
    """Put settings into the configuration: of the model itself by "model_cfg", or of one of its sections."""
    path = folder / "open_clip_config.json"
    content = json.loads(path.read_text())
    for section, settings in changes.items():
        place = content if section in content else content["model_cfg"]
        place.setdefault(section, {}).update(settings)
    path.write_text(json.dumps(content))


def refusal(folder: Path) -> str:
    with pytest.raises(LluError) as caught:
        OpenClipEncoder.load(f"local-dir:{folder}", device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert "pip install" not in message  # refused for what it asks, not for what is not installed
    return message


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("text_cfg", {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"trust_remote_code": True}}),
        ("text_cfg", {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"clean": "lower", "subfolder": "b"}}),
        ("text_cfg", {"tokenizer_kwargs": "trust_remote_code"}),
        ("text_cfg", {"hf_tokenizer_name": "../elsewhere"}),
        ("text_cfg", {"hf_tokenizer_name": "/tmp/elsewhere"}),
        ("text_cfg", {"hf_model_name": "stranger/model"}),
        ("text_cfg", {"act_kwargs": {"inplace": True}}),
        ("text_cfg", {"width": [[[1]]]}),
        ("text_cfg", {"hf_model_config": {"trust_remote_code": True}}),
        ("vision_cfg", {"timm_model_name": "hf-hub:stranger/model"}),
        ("vision_cfg", {"timm_model_name": "local-dir:/tmp/elsewhere"}),
        ("vision_cfg", {"timm_kwargs": {}}),
        ("vision_cfg", {"width": 10**9}),
        ("vision_cfg", {"layers": float("inf")}),
        ("vision_cfg", {"layers": 1000}),
        ("vision_cfg", {"layers": [1, 1, 1, 1000]}),
        ("vision_cfg", {"layers": [1] * 100}),
        ("vision_cfg", {"pool_type": "x" * 1000}),
        ("multimodal_cfg", {"hf_model_name": "stranger/model"}),
        ("model_cfg", {"cast_dtype": "float16"}),
        ("model_cfg", {"embed_dim": 10**6}),
        ("preprocess_cfg", {"interpolation": "os.system('x')"}),
        ("preprocess_cfg", {"transform": "x"}),
    ],
)
def test_what_is_no_number_and_no_known_name_is_refused(
    folder: Path, section: str, settings: dict[str, Any], monkeypatch
):
    monkeypatch.setattr(open_clip, "create_model_and_transforms", lambda *_, **__: pytest.fail("it was built"))
    change(folder, **{section: settings})
    assert f"asks for {section}" in refusal(folder)


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("text_cfg", {"width": 16_384, "layers": 256}),
        ("text_cfg", {"mlp_ratio": 10**6}),
        ("text_cfg", {"context_length": 16_384}),
        ("vision_cfg", {"image_size": 16_384, "patch_size": 1}),
    ],
)
def test_a_model_larger_than_its_weights_is_refused_before_it_takes_memory(
    folder: Path, section: str, settings: dict[str, Any]
):
    change(folder, **{section: settings})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "numbers, and its weights have" in refusal(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KB


def test_code_beside_a_tokenizer_is_refused_without_running(folder: Path):
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": ["tok.Evil", None]}}))
    with pytest.raises(LluError, match="own code"):
        check_tokenizer_files(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json", "spiece.model"])
def test_a_tokenizer_of_any_size_is_not_read(folder: Path, name: str, monkeypatch):
    monkeypatch.setattr(configuration, "MAX_TOKENIZER_BYTES", 1000)
    monkeypatch.setattr(configuration, "MAX_TOKENIZER_JSON_BYTES", 1000)
    (folder / name).write_bytes(bytes(1001))
    with pytest.raises(LluError, match="over the limit"):
        check_tokenizer_files(folder)


def test_a_configuration_is_bounded_before_it_is_parsed(folder: Path):
    (folder / "open_clip_config.json").write_text('{"model_cfg": [' + "[]," * 2**15 + "[]]}")
    assert "over the limit of 64 KB" in refusal(folder)
    (folder / "open_clip_config.json").write_text("[" * 60_000)
    assert "cannot be read" in refusal(folder)


def test_every_configuration_of_open_clip_would_be_taken_from_a_stranger(tmp_path: Path):
    for name in open_clip.list_models():
        content = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {"size": 224, "mode": "RGB"}}
        (tmp_path / "open_clip_config.json").write_text(json.dumps(content))
        assert read_configuration(tmp_path) == content["model_cfg"]


def test_a_tokenizer_of_a_folder_is_told_not_to_run_code(monkeypatch, folder: Path):
    asked: dict[str, Any] = {}

    def tokenizer(name: str, **settings: Any) -> None:
        asked.update(settings, name=name)

    monkeypatch.setattr("open_clip.tokenizer.HFTokenizer", tokenizer)
    monkeypatch.setattr("llu_core.encoders.loading.find_spec", lambda name: name)
    change(folder, text_cfg={"hf_tokenizer_name": "x", "tokenizer_kwargs": {"clean": "canonicalize"}})
    OpenClipEncoder.load(f"local-dir:{folder}", device="cpu")
    assert asked == {
        "name": str(folder), "context_length": 16, "tokenizer_mode": None, "clean": "canonicalize",
        "trust_remote_code": False,
    }  # fmt: skip
