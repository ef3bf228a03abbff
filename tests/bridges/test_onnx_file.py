"""ONNX files: onnxruntime gives the adapter's own logits, for any number of pictures."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from llu_core.bridges.onnx_file import export_onnx
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.synthetic import problem, random_adapter

P = problem(base=5, new=4, shots=5, width=24)
IMAGES, TEXTS, NAMES = torch.cat([P.test.embeddings, P.train.embeddings]), P.class_embeddings, P.class_names
ADAPTERS = {
    "plain": fit(P),
    "best": fit(P, RECIPES["best"]),
    "statistics at a sharp mask": fit(P, RECIPES["best"]).with_mask(beta=0.1, gamma=30),
    "only at the anchors": random_adapter(24, beta=1, gamma=math.inf),
    "everywhere": random_adapter(24, beta=1, gamma=0),
    "nowhere": random_adapter(24, beta=0, shared=True),
}


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)
def test_another_runtime_gives_the_same_logits(adapter: LocalizedAdapter, tmp_path: Path):
    path = export_onnx(tmp_path / "adapter.onnx", adapter, TEXTS, NAMES)
    onnx.checker.check_model(onnx.load(path))
    ran = session(path)
    images = torch.cat([IMAGES, adapter.image.anchors])
    expected = adapter.logits(images, TEXTS)
    for rows in (images, images[:1], images[:3] * 9, images[:0]):
        logits, probabilities = map(np.asarray, ran.run(["logits", "probabilities"], {"embeddings": rows.numpy()}))
        np.testing.assert_allclose(logits, expected[: len(rows)].numpy(), atol=3e-4)
        np.testing.assert_allclose(probabilities, expected[: len(rows)].softmax(dim=1).numpy(), atol=1e-4)


def test_the_file_says_what_it_answers_and_nothing_of_this_machine(tmp_path: Path):
    path = export_onnx(tmp_path / "adapter.onnx", ADAPTERS["best"], TEXTS, ["Käfer", *NAMES[1:]])
    ran = session(path)
    told = ran.get_modelmeta().custom_metadata_map
    assert json.loads(told["class_names"]) == ["Käfer", *NAMES[1:]]
    assert (float(told["beta"]), float(told["gamma"])) == RECIPES["best"].mask
    assert [(each.name, each.shape) for each in ran.get_inputs()] == [("embeddings", ["n", 24])]
    assert [(each.name, each.shape) for each in ran.get_outputs()] == [
        ("logits", ["n", 9]),
        ("probabilities", ["n", 9]),
    ]
    content = path.read_bytes()
    assert not any(part in content for part in (b".py", str(Path(__file__).parents[2]).encode(), b"stack_trace"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"path": "adapter.pb"}, r"must end in \.onnx"),
        ({"path": "nowhere/adapter.onnx"}, "cannot be written .* choose another place"),
        ({"class_names": NAMES[:3]}, "there are 3 names for 9 class embeddings"),
        ({"class_names": ["a"] * 9}, "class 'a' is there twice"),
        ({"class_embeddings": TEXTS[:, :5]}, "class embeddings are 5 wide but the adapter was trained on 24"),
        ({"class_embeddings": TEXTS * math.nan}, "class embeddings have NaN"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(changes: dict[str, Any], says: str, tmp_path: Path):
    given = {"path": "adapter.onnx", "class_embeddings": TEXTS, "class_names": NAMES} | changes
    with pytest.raises(LluError, match=says):
        export_onnx(tmp_path / given.pop("path"), ADAPTERS["plain"], **given)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(LluError, match="pip install onnx onnxscript"):
        export_onnx(tmp_path / "adapter.onnx", ADAPTERS["plain"], TEXTS, NAMES)
