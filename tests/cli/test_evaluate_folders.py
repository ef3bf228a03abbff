"""`evaluate` on CoOp's data folders, and the embedding that comes before it."""

import json
from pathlib import Path

import pytest
import torch

from llu_core.cli.main import main
from llu_core.encoders.cache import ModelLoader
from llu_core.evaluation import inputs
from llu_core.evaluation.inputs import SourceFeatures
from support.dataset_folders import write_dataset

QUICK = ["--seeds", "1", "--shots", "2", "--device", "cpu"]


def rows_of(file: Path) -> list[dict]:
    return [row for row in json.loads(file.read_text(encoding="utf-8")) if row["seed"] is not None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("dtd", "eurosat", "imagenet", "imagenetv2", "imagenet_a"):
        write_dataset(tmp_path / "data", name)
    return tmp_path / "data"


def test_missing_folders_are_told_and_the_rest_runs(
    root: Path, tmp_path: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]
):
    file, out = tmp_path / "rows.json", tmp_path / "report"
    what = ["--root", str(root), "--datasets", "dtd,eurosat,food101", "--views", "2", "--json", str(file)]
    what += ["--out", str(out)]
    methods = ["--methods", "clip,coop,tip-adapter,llu", "--model", tiny_model, "--no-cache"]
    assert main(["evaluate", "base-to-new", *what, *methods, *QUICK]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(told) == 1
    assert "food101: expected" in told[0]
    rows = rows_of(file)
    assert [(row["source"], row["method"]) for row in rows] == [
        (source, method) for source in ("dtd", "eurosat") for method in ("clip", "coop", "tip-adapter", "llu")
    ]
    assert all(row["base"] is not None for row in rows)
    assert [row["new"] is None for row in rows] == [False, False, True, False] * 2
    report = (out / "report.md").read_text(encoding="utf-8")
    assert "unlike the published set: dtd: 3 classes, published 47" in report
    assert "could not be used: food101" in report


def test_domain_shift_goes_from_imagenet_to_its_variants(root: Path, tmp_path: Path, tiny_model: str):
    file = tmp_path / "rows.json"
    what = ["--root", str(root), "--methods", "clip,llu", "--model", tiny_model, "--no-cache", "--json", str(file)]
    assert main(["evaluate", "domain-shift", *what, *QUICK]) == 2  # two of the four variants are not there
    rows = rows_of(file)
    assert {row["source"] for row in rows} == {"imagenet"}
    assert [row["target"] for row in rows if row["method"] == "llu"] == ["imagenet", "imagenetv2", "imagenet_a"]
    assert all(row["accuracy"] is not None for row in rows)


def test_processes_embed_a_large_source_together(
    root: Path, tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inputs, "SHARDED_FROM", 1)
    alone = SourceFeatures(ModelLoader(tiny_model, "cpu"), root, ("dtd",), views=1).load("dtd", [(2, 1)])
    many = SourceFeatures(ModelLoader(tiny_model, "cpu", tmp_path / "cache"), root, ("dtd",), views=1, jobs=2)
    many._embed_together("dtd", [(2, 1)])
    assert list((tmp_path / "cache").rglob("*.safetensors"))
    together = many.load("dtd", [(2, 1)])
    for one, other in (
        (alone.problem.train.embeddings, together.problem.train.embeddings),
        (alone.problem.test.embeddings, together.problem.test.embeddings),
        (alone.views, together.views),
    ):
        assert one is not None
        assert other is not None
        torch.testing.assert_close(one, other)
