"""`evaluate --split`: the shots are those that a file lists, and what cannot be chosen from ends in one line."""

import json
from pathlib import Path

import pytest

from llu_core.cli.main import main
from llu_core.data.bundles import save_bundle
from support.dataset_folders import picture
from support.synthetic import problem


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    for number, name in enumerate(("cat", "dog")):
        for each in range(3):
            picture(tmp_path / "animals" / name / f"{each}.png", seed=10 * number + each)
    listed = [[f"{name}/0.png", label, name] for label, name in enumerate(("cat", "dog"))]
    tested = [[f"{name}/2.png", label, name] for label, name in enumerate(("cat", "dog"))]
    (tmp_path / "animals.json").write_text(json.dumps({"train": listed, "test": tested}))
    return tmp_path / "animals"


def test_what_the_file_lists_is_trained_and_tested(animals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    given = ["evaluate", "few-shot", str(animals), "--model", "picto", "--methods", "clip", "--no-cache"]
    asked = [*given, "--shots", "1", "--seeds", "1", "--out", str(tmp_path / "report")]
    assert main([*asked, "--split", str(tmp_path / "animals.json")]) == 0
    assert f"animals: shots as listed in {tmp_path / 'animals.json'}" in (tmp_path / "report/report.md").read_text()
    assert "animals" in capsys.readouterr().out


def test_listed_and_random_shots_are_not_averaged(animals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    draws = tmp_path / "draws"
    draws.mkdir()
    picture(animals / "test" / "cat" / "0.png", seed=30)
    (animals / "train").mkdir()
    for name in ("cat", "dog"):
        (animals / name).rename(animals / "train" / name)
    lines = [{"_impath": f"train/{name}/1.png", "_label": label} for label, name in enumerate(("cat", "dog"))]
    (draws / "shot_1-seed_1_train.jsonl").write_text("\n".join(map(json.dumps, lines)))
    given = ["evaluate", "few-shot", str(animals), "--model", "picto", "--methods", "clip", "--no-cache"]
    asked = [*given, "--shots", "1", "--out", str(tmp_path / "report")]
    assert main([*asked, "--seeds", "2"]) == 0
    assert main([*asked, "--seeds", "1", "--split", str(draws)]) == 0
    report = (tmp_path / "report/report.md").read_text()
    assert "left out: 1 rows of few-shot animals that were made of other data" in report
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("sources", "split", "says"),
    [
        (("animals",), "nowhere", "does not exist; --split names a JSON file or a folder"),
        (("animals", "picto:digits"), "animals.json", "is one file for 2 sources; name a folder that holds NAME.json"),
        (("picto:digits",), "animals.json", "is not one of the source's pictures"),
        (("bundle.npz",), "animals.json", "a feature bundle does not name its pictures"),
    ],
)
def test_a_split_that_cannot_be_used_ends_in_one_line(
    animals: Path, tmp_path: Path, capsys, sources: tuple[str, ...], split: str, says: str
):
    save_bundle(tmp_path / "bundle.npz", problem())
    named = [source if source.startswith("picto:") else str(tmp_path / source) for source in sources]
    given = ["--model", "picto", "--methods", "clip", "--shots", "1", "--seeds", "1", "--no-cache"]
    assert main(["evaluate", "few-shot", *named, *given, "--split", str(tmp_path / split)]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert says in line
