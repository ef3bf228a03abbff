"""Saving and loading: nothing is lost, and nothing wrong is taken for an adapter."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from llu_core.errors import LluError
from llu_core.method.adapter_files import FORMAT_VERSION
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.elsewhere.familiarity import familiar_from
from support.adapters import logits, trained
from support.synthetic import problem, unit_rows


def saved_and_loaded(adapter: TrainedAdapter, folder: Path) -> TrainedAdapter:
    adapter.save_pretrained(folder)
    return TrainedAdapter.from_pretrained(folder)


@pytest.mark.parametrize(
    "settings",
    [{}, {"gamma": math.inf}, {"shared": True}, {"max_anchors": 3}, {"init": "random", "beta": 1.0, "gamma": 0.0}],
)
def test_a_saved_adapter_gives_identical_logits(tmp_path: Path, settings: dict[str, Any]):
    before = trained(**settings)
    after = saved_and_loaded(before, tmp_path / "adapter")
    assert torch.equal(logits(after), logits(before))
    assert (after.adapter.beta, after.adapter.gamma) == (before.adapter.beta, before.adapter.gamma)
    assert after.adapter.shared == before.adapter.shared


def test_everything_else_survives_too(tmp_path: Path):
    before = trained(thumbnails=True)
    after = saved_and_loaded(before, tmp_path)
    assert before.anchor_thumbnails is not None
    assert after.anchor_thumbnails is not None
    assert torch.equal(after.anchor_thumbnails, before.anchor_thumbnails)
    assert torch.equal(after.anchor_labels, before.anchor_labels)
    for name in (
        "class_names",
        "trained_classes",
        "templates",
        "encoder_identity",
        "model",
        "recipe",
        "seed",
        "anchor_names",
    ):
        assert getattr(after, name) == getattr(before, name), name


def test_an_infinite_gamma_is_valid_json(tmp_path: Path):
    trained(gamma=math.inf).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(), parse_constant=pytest.fail)
    assert (config["gamma"], config["recipe"]["gamma"]) == ("inf", "inf")


def test_the_anchors_know_their_picture_and_class():
    adapter = trained()
    assert adapter.anchor_names == tuple(f"train {i}" for i in range(16))
    assert adapter.anchor_labels.tolist() == [k for k in range(4) for _ in range(4)]
    assert adapter.trained_classes == (0, 1, 2, 3)


def test_a_clustered_anchor_is_named_after_its_nearest_picture():
    adapter, shots = trained(max_anchors=2), problem(width=16)
    nearest = (adapter.adapter.image.anchors @ shots.train.embeddings.T).argmax(dim=1).tolist()
    assert adapter.anchor_names == tuple(f"train {i}" for i in nearest)


def test_only_json_and_safetensors_are_written(tmp_path: Path):
    trained().save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "adapter.safetensors", "README.md"}


def test_saving_again_replaces_the_adapter(tmp_path: Path):
    trained(thumbnails=True).save_pretrained(tmp_path)
    again = saved_and_loaded(trained(beta=0.25, shared=True), tmp_path)
    assert (again.adapter.beta, again.adapter.shared, again.anchor_thumbnails) == (0.25, True, None)


def test_another_encoder_is_refused():
    adapter = trained()
    adapter.require_encoder("toy 1", 16)
    with pytest.raises(LluError, match=r"embeddings 16 wide, the loaded model gives 512; load .* \(toy\)"):
        adapter.require_encoder("toy 1", 512)
    with pytest.raises(LluError, match="trained on another model than toy 2"):
        adapter.require_encoder("toy 2", 16)


def test_embeddings_of_unknown_origin_fit_any_encoder_of_their_width():
    replace(trained(), encoder_identity="").require_encoder("toy 2", 16)


def configured(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))

    return change


def without(key: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        del config[key]
        (folder / "config.json").write_text(json.dumps(config))

    return change


def with_tensor(name: str, tensor: Tensor | None) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        tensors = load_file(folder / "adapter.safetensors")
        del tensors[name]
        save_file(tensors | ({} if tensor is None else {name: tensor}), folder / "adapter.safetensors")

    return change


def written(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return change


def truncated(folder: Path) -> None:
    path = folder / "adapter.safetensors"
    path.write_bytes(path.read_bytes()[:-40])


WRONG = {
    "no configuration": (lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
    "no weights": (lambda folder: (folder / "adapter.safetensors").unlink(), "holds no adapter.safetensors"),
    "not JSON": (written("config.json", b"{'format': "), "cannot be read as JSON"),
    "not text": (written("config.json", b"\xff\xfe\x00"), "cannot be read as JSON"),
    "nested without end": (written("config.json", b"[" * 100_000), "cannot be read as JSON"),
    "lists without end": (
        written("config.json", b'{"format": "llu-adapter", "x": [' + b"[]," * 2**20),
        "over the limit",
    ),
    "a list": (written("config.json", b"[]"), "does not describe an adapter of this project"),
    "a foreign configuration": (written("config.json", b'{"model_type": "clip"}'), "does not describe an adapter"),
    "a newer version": (configured(format_version=FORMAT_VERSION + 1), "update LLU Explorer"),
    "no version": (configured(format_version=None), "update LLU Explorer"),
    "truncated weights": (truncated, "truncated or not a safetensors file"),
    "empty weights": (written("adapter.safetensors", b""), "truncated or not a safetensors file"),
    "pickled weights": (written("adapter.safetensors", b"\x80\x04]\x94." * 9), "truncated or not a safetensors file"),
    "a missing tensor": (with_tensor("text.weight", None), "damaged adapter.*text.weight"),
    "a wrong shape": (with_tensor("image.weight", torch.eye(8)), r"image.weight is \(8, 8\), expected \(16, 16\)"),
    "another number of anchors": (with_tensor("image.anchors", unit_rows(3, 16)), "image.anchors"),
    "no anchors": (with_tensor("text.anchors", torch.empty(0, 16)), "text.anchors"),
    "NaN": (with_tensor("text.bias", torch.full((16,), math.nan)), "text.bias holds numbers that are not finite"),
    "integers for weights": (with_tensor("image.weight", torch.eye(16, dtype=torch.int32)), "image.weight holds"),
    "half precision": (with_tensor("image.anchors", unit_rows(16, 16).half()), "image.anchors holds"),
    "fractional labels": (with_tensor("anchor_labels", torch.zeros(16)), "anchor_labels holds"),
    "a label out of range": (with_tensor("anchor_labels", torch.full((16,), 8)), "outside the class names"),
    "a negative label": (configured(trained_classes=[-1]), "outside the class names"),
    "thumbnails without colour": (
        with_tensor("anchor_thumbnails", torch.zeros(16, 8, 8, 1, dtype=torch.uint8)),
        "thumb",
    ),
    "a missing entry": (without("class_names"), "damaged adapter.*class_names"),
    "another width": (configured(width=32), "expected"),
    "beta out of range": (configured(beta=7), "beta is 7"),
    "gamma in words": (configured(gamma="large"), "damaged adapter"),
    "a scale without value": (configured(logit_scale=math.nan), "logit_scale is nan"),
    "an infinite seed": (configured(seed=math.inf), "damaged adapter"),
    "a null": (configured(class_names=None), "damaged adapter"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, wrong: str):
    damage, says = WRONG[wrong]
    trained(thumbnails=True).save_pretrained(tmp_path)
    damage(tmp_path)
    with pytest.raises(LluError, match=says) as refusal:
        TrainedAdapter.from_pretrained(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["nowhere", "no/such/folder", "/no/such/folder", "./nowhere"])
def test_a_folder_that_does_not_exist_is_refused_without_asking_the_hub(name: str):
    with pytest.raises(LluError, match="does not exist; give the folder that training wrote"):
        TrainedAdapter.from_pretrained(name)


def test_a_file_is_no_adapter(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LluError):
        TrainedAdapter.from_pretrained(tmp_path / "file")


def test_what_is_familiar_is_saved_and_older_files_are_measured_by_their_anchors(tmp_path: Path):
    kept = trained()
    kept.save_pretrained(tmp_path)
    assert kept.familiar_from is not None
    assert TrainedAdapter.from_pretrained(tmp_path).familiar_from == kept.familiar_from
    without("familiar_from")(tmp_path)
    anchors = kept.adapter.image.anchors
    assert TrainedAdapter.from_pretrained(tmp_path).familiar_from == familiar_from(anchors, anchors)


@pytest.mark.parametrize("value", ["x", 7, [0.5], float("nan")])
def test_a_saved_threshold_that_is_no_cosine_is_refused(tmp_path: Path, value: Any):
    trained().save_pretrained(tmp_path)
    configured(familiar_from=value)(tmp_path)
    with pytest.raises(LluError, match="is a damaged adapter"):
        TrainedAdapter.from_pretrained(tmp_path)


def test_a_single_shot_gives_no_verdict(tmp_path: Path):
    replace(trained(), familiar_from=None).save_pretrained(tmp_path)
    assert TrainedAdapter.from_pretrained(tmp_path).is_familiar(0.9) is None
