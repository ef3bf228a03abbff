"""The command line, run in process on real files with a tiny model."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from llu_core.cli import predict
from llu_core.cli.main import main
from llu_core.data.bundles import save_bundle
from llu_core.method.checkpoint import TrainedAdapter
from support.synthetic import problem

COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200), "grey": (128, 128, 128)}
COLUMNS = {"protocol", "source", "method", "shots", "seed", "base", "new", "h", "train_seconds", "reason"}


def write_pictures(folder: Path, colour: str, count: int) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(len(colour))
    for i in range(count):
        pixels = np.clip(COLOURS[colour] + random.integers(-30, 30, (32, 32, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trained classes and two new ones, all with test pictures."""
    root = tmp_path_factory.mktemp("data") / "colours"
    for colour in ("red", "green"):
        write_pictures(root / colour, colour, 3)
        write_pictures(root / "test" / colour, colour, 2)
    for colour in ("blue", "grey"):
        write_pictures(root / "new" / colour, colour, 2)
    return root


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(tmp_path_factory.mktemp("bundle") / "numbers.npz", replace(problem(), logit_scale=50.0))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory, pictures: Path, tiny_model: str) -> Path:
    out = tmp_path_factory.mktemp("trained") / "adapter"
    model = ["--model", tiny_model, "--no-cache", "--device", "cpu"]
    assert (
        main(["train", str(pictures), "--out", str(out), "--shots", "2", "--seed", "5", "--gamma", "inf", *model]) == 0
    )
    return out


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The only line on standard error of a command that must fail with exit status 2."""
    assert main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_train_saves_an_adapter_with_its_settings(adapter: Path, tiny_model: str):
    trained = TrainedAdapter.from_pretrained(adapter)
    assert trained.class_names == ("green", "red", "blue", "grey")
    assert trained.trained_classes == (0, 1)
    assert len(trained.anchor_names) == 4
    assert (trained.model, trained.seed, trained.adapter.gamma) == (tiny_model, 5, float("inf"))


def test_train_reports_the_test_pictures(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["train", str(bundle), "--out", str(tmp_path / "a"), "--recipe", "fast", "--lam", "0"]) == 0
    output = capsys.readouterr()
    assert "16 pictures of 4 classes; adapter saved to" in output.out
    assert "test pictures: CLIP" in output.out
    assert output.err == ""


def test_predict_prints_both_models(adapter: Path, pictures: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]):
    assert main(["predict", str(adapter), str(pictures / "red" / "0.png"), "--no-cache", "--model", tiny_model]) == 0
    text = capsys.readouterr().out
    for word in ("0.png: CLIP", "LLU", "alpha", "nearest anchor red/", "(red)", "familiar: ", "grey"):
        assert word in text


def test_predict_as_json(adapter: Path, pictures: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]):
    images = [str(pictures / "red" / "0.png"), str(pictures / "new" / "blue" / "1.png")]
    options = ["--json", "--no-cache", "--classes", "red, blue", "--model", tiny_model]
    assert main(["predict", str(adapter), *images, *options]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["image"] for row in rows] == images
    for row in rows:
        assert list(row["clip"]) == list(row["llu"]) == ["red", "blue"]
        assert sum(row["llu"].values()) == pytest.approx(1)
        assert {row["clip_class"], row["llu_class"]} <= {"red", "blue"}
        assert 0 <= row["alpha"] <= 0.5
        assert row["familiar"] in (True, False)
        assert row["nearest_anchor"]["class"] in {"red", "green"}


def test_an_unreadable_image_does_not_keep_the_others_from_their_prediction(
    adapter: Path, pictures: Path, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    broken, missing = tmp_path / "broken.png", tmp_path / "missing.png"
    broken.write_bytes((pictures / "red" / "0.png").read_bytes()[:80])
    images = [broken, pictures / "green" / "0.png", missing]
    assert main(["predict", str(adapter), *map(str, images), "--json", "--no-cache", "--model", tiny_model]) == 2
    output = capsys.readouterr()
    assert [row["image"] for row in json.loads(output.out)] == [str(pictures / "green" / "0.png")]
    (line,) = output.err.splitlines()
    assert str(broken) in line
    assert str(missing) in line


def test_evaluate_writes_its_rows(pictures: Path, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "rows.json"
    model = ["--model", tiny_model, "--no-cache"]
    arguments = ["base-to-new", str(pictures), "--shots", "2", "--seeds", "1,2", "--json", str(file), *model]
    assert main(["evaluate", *arguments]) == 0
    rows = json.loads(file.read_text())
    assert all(set(row) >= COLUMNS for row in rows)
    assert [(row["method"], row["seed"]) for row in rows[-2:]] == [("clip", None), ("llu", None)]
    assert {(row["protocol"], row["source"], row["shots"]) for row in rows} == {("base-to-new", "colours", 2)}
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1 + len(rows)
    assert printed[-1].split()[:3] == ["colours", "llu", "mean"]


def test_evaluate_takes_several_sources_and_methods(bundle: Path, tmp_path: Path):
    file = tmp_path / "rows.json"
    other = save_bundle(tmp_path / "other.npz", problem(seed=9))
    sources = [str(bundle), str(other)]
    options = ["--methods", "clip, llu-linear", "--seeds", "1", "--json", str(file)]
    assert main(["evaluate", "base-to-new", *sources, *options]) == 0
    rows = json.loads(file.read_text())
    assert [(row["source"], row["method"]) for row in rows if row["seed"] is None] == [
        ("numbers", "clip"),
        ("numbers", "llu-linear"),
        ("other", "clip"),
        ("other", "llu-linear"),
    ]


def test_pictures_left_out_are_named(
    pictures: Path, tmp_path: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]
):
    for i in range(2):
        write_pictures(tmp_path / "set" / f"class {i}", "red", 2)
    (tmp_path / "set" / "class 0" / "notes.txt").write_text("not a picture")
    arguments = ["train", str(tmp_path / "set"), "--out", str(tmp_path / "out"), "--model", tiny_model, "--no-cache"]
    assert main(arguments) == 0
    assert capsys.readouterr().err.splitlines() == [
        "left out: class 0/notes.txt: not a JPEG, PNG, WebP, GIF, BMP or TIFF picture"
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--recipe", "slow"], "unknown recipe 'slow'; choose one of: fast, full, paper"),
        (["--beta", "2"], "beta is 2"),
        (["--gamma", "-1"], "gamma is -1"),
        (["--lam", "nan"], "lambda is nan"),
        (["--device", "tpu9"], "no device 'tpu9'"),
        (["--device", "cuda:99"], "not available on this machine"),
    ],
)
def test_bad_settings_are_one_line(
    bundle: Path, tmp_path: Path, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
):
    assert says in refused(["train", str(bundle), "--out", str(tmp_path / "a"), *options], capsys)
    assert not (tmp_path / "a").exists()


def test_a_bad_source_is_one_line(tmp_path: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]):
    out = ["--out", str(tmp_path / "a"), "--model", tiny_model, "--no-cache"]
    assert "does not exist" in refused(["train", str(tmp_path / "nothing"), *out], capsys)
    (tmp_path / "set" / "cat").mkdir(parents=True)
    (tmp_path / "set" / "cat" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "set" / "dog").mkdir()
    assert "no readable training picture" in refused(["train", str(tmp_path / "set"), *out], capsys)


def test_a_bad_model_is_one_line(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["train", str(pictures), "--out", str(tmp_path), "--model", "local-dir:/nowhere", "--no-cache"]
    assert "local-dir:/nowhere" in refused(arguments, capsys)


def test_an_output_that_is_a_file_is_one_line(bundle: Path, capsys: pytest.CaptureFixture[str]):
    assert str(bundle) in refused(["train", str(bundle), "--out", str(bundle)], capsys)


def test_a_bad_method_is_one_line(bundle: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["evaluate", "base-to-new", str(bundle), "--methods", "coup"]
    assert "unknown method coup; choose from: clip, coop, cocoop" in refused(arguments, capsys)


def test_a_bad_adapter_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "holds no config.json" in refused(["predict", str(tmp_path), "a.png"], capsys)


def test_no_class_to_choose_from_is_one_line(
    adapter: Path, pictures: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]
):
    command = ["predict", str(adapter), str(pictures / "red" / "0.png"), "--no-cache", "--model", tiny_model]
    assert "no class name" in refused([*command, "--classes", ","], capsys)


def test_an_adapter_chooses_no_model_that_was_not_asked_for(
    adapter: Path, pictures: Path, tiny_model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(predict, "model_loader", lambda *_: pytest.fail("a model was loaded"))
    line = refused(["predict", str(adapter), str(pictures / "red" / "0.png"), "--no-cache"], capsys)
    assert f"ask for it: --model {tiny_model}" in line


def test_an_adapter_trained_on_a_bundle_asks_for_its_model(
    bundle: Path, pictures: Path, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["train", str(bundle), "--out", str(tmp_path / "a")]) == 0
    capsys.readouterr()
    command = ["predict", str(tmp_path / "a"), str(pictures / "red" / "0.png"), "--no-cache"]
    assert "name it with --model" in refused(command, capsys)
    assert "32 wide, the loaded model gives 16" in refused([*command, "--model", tiny_model], capsys)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["evaluate", "base-to-new", "x", "--shots", "0"], "'0' is not a whole number of at least 1"),
        (["evaluate", "base-to-new", "x", "--shots", "many"], "'many' is not a whole number of at least 1"),
        (["evaluate", "base-to-new", "x", "--seeds", "1,b"], "'1,b' is not a comma-separated list"),
        (["train", "x"], "--out"),
        (["bake"], "invalid choice: 'bake'"),
        ([], "required"),
    ],
)
def test_misuse_is_told_with_the_usage(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "predict", "evaluate"])
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "examples:" in capsys.readouterr().out


HOSTILE = "\x1b]0;owned\x07\u202e\ud800"


def with_name(adapter: Path, folder: Path, name: str) -> Path:
    shutil.copytree(adapter, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["class_names"] = [f"{name} {number}" for number, _ in enumerate(config["class_names"])]
    config["anchor_names"] = [name for _ in config["anchor_names"]]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_a_foreign_adapter_sends_no_codes_to_the_terminal(
    adapter: Path, pictures: Path, tmp_path: Path, tiny_model: str, capsys
):
    folder, picture = with_name(adapter, tmp_path / "foreign", HOSTILE), next((pictures / "red").iterdir())
    for more in ([], ["--json"]):
        assert main(["predict", str(folder), str(picture), "--no-cache", "--model", tiny_model, *more]) == 0
        printed = capsys.readouterr()
        assert (printed.out + printed.err).replace("\n", "").isprintable()
        assert "\\ud800" not in printed.out


def test_a_foreign_bundle_sends_no_codes_to_the_terminal(tmp_path: Path, capsys):
    hostile = problem(seed=5)
    hostile = replace(hostile, class_names=tuple(f"{HOSTILE} {name}" for name in hostile.class_names))
    file = save_bundle(tmp_path / "b\x1bad.npz", hostile)
    assert main(["train", str(file), "--out", str(tmp_path / "out"), "--device", "cpu"]) == 0
    assert main(["evaluate", "base-to-new", str(file), "--methods", "clip", "--seeds", "1", "--shots", "2"]) == 0
    printed = capsys.readouterr()
    assert (printed.out + printed.err).replace("\n", "").replace("\r", "").replace(str(tmp_path), "").isprintable()


def test_a_terminal_that_lacks_a_character_gets_another(adapter: Path, pictures: Path, tmp_path: Path, tiny_model: str):
    folder, picture = with_name(adapter, tmp_path / "foreign", "синий"), next((pictures / "red").iterdir())
    command = [sys.executable, "-m", "llu_core", "predict", folder, picture, "--no-cache", "--model", tiny_model]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"nearest anchor" in done.stdout


@pytest.mark.parametrize("more", [[], ["--no-cache"]])
def test_without_a_home_one_line_says_what_to_set(
    adapter: Path, pictures: Path, tiny_model: str, monkeypatch, capsys, more: list[str]
):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("LLU_CACHE", raising=False)
    picture = next((pictures / "red").iterdir())
    assert main(["predict", str(adapter), str(picture), "--model", tiny_model, *more]) == (0 if more else 2)
    assert ("no home folder" in capsys.readouterr().err) is not bool(more)
