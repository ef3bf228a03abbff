"""`train`: the mask that is asked under, what is left elsewhere, and the guard of the tuning."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llu_core.cli.main import main
from llu_core.data.bundles import save_bundle
from llu_core.data.fewshot import Control
from llu_core.method.checkpoint import TrainedAdapter
from support.synthetic import problem, rows, unit_rows


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return save_bundle(tmp_path / "numbers.npz", problem())


def guarded_bundle(folder: Path) -> Path:
    control = Control("others", ("p", "q"), unit_rows(2, 32), rows(unit_rows(12, 32, 3), torch.arange(12) % 2, "x"))
    return save_bundle(folder / "guarded.npz", replace(problem(base=8), controls=(control,)))


def test_train_says_what_is_left_elsewhere_and_a_guard_what_it_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    command = ["train", str(guarded_bundle(tmp_path)), "--out", str(tmp_path / "a"), "--tune"]
    assert main([*command, "--keep-elsewhere", "99"]) == 0
    output = capsys.readouterr().out
    assert re.search(r"over 8 folds \d+\.\d % of the held-out shots", output)
    assert "99 % of CLIP's" in output
    assert re.search(r"elsewhere: CLIP \d+\.\d %, LLU \d+\.\d % \(1 problem, 12 pictures\)", output)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--keep-elsewhere", "99"], "--keep-elsewhere guards what --tune chooses; give both"),
        (["--tune", "--keep-elsewhere", "120"], "120 % of CLIP's accuracy elsewhere cannot be kept"),
        (["--tune", "--keep-elsewhere", "99"], "brings no controls to guard"),
    ],
)
def test_a_guard_that_cannot_be_is_refused(
    options: list[str], said: str, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["train", str(bundle), "--out", str(tmp_path / "a"), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_beta_and_gamma_are_set_after_training_like_sliders(bundle: Path, tmp_path: Path):
    for name, options in (("own", []), ("moved", ["--beta", "1", "--gamma", "0"])):
        assert main(["train", str(bundle), "--out", str(tmp_path / name), *options]) == 0
    own, moved = (TrainedAdapter.from_pretrained(tmp_path / name).adapter for name in ("own", "moved"))
    assert torch.equal(own.image.update.weight, moved.image.update.weight)
    assert ((own.beta, own.gamma), (moved.beta, moved.gamma)) == ((0.5, 20), (1, 0))


def test_an_adapter_of_a_bundle_names_the_model_that_the_bundle_names(tmp_path: Path):
    bundle = save_bundle(tmp_path / "named.npz", problem(), model="vit-b-16")
    assert main(["train", str(bundle), "--out", str(tmp_path / "named")]) == 0
    assert TrainedAdapter.from_pretrained(tmp_path / "named").model == "vit-b-16"
    assert "the embeddings of OpenAI CLIP ViT-B/16" in (tmp_path / "named" / "README.md").read_text(encoding="utf-8")
