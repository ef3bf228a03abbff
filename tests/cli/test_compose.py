"""`compose`: adapters joined, sets taken out, and what `predict` and `evaluate` make of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llu_core.cli.main import main
from llu_core.data.bundles import save_bundle
from llu_core.method.composition.saved import TrainedComposition, load_saved
from llu_core.systems.composed.saved import saved_system
from support.sample_pictures import picture_bytes
from support.synthetic import problem


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    """Two adapters, trained on different sets."""
    for name, seed in (("birds", 5), ("tools", 50)):
        bundle = save_bundle(tmp_path / f"{name}.npz", problem(seed=seed))
        assert main(["train", str(bundle), "--out", str(tmp_path / name)]) == 0
    return str(tmp_path / "birds"), str(tmp_path / "tools")


def test_adapters_are_joined_and_taken_out(folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    both, one = str(tmp_path / "both"), str(tmp_path / "one")
    assert main(["compose", *folders, "--out", both, "--max-anchors", "100"]) == 0
    assert "2 sets, 8 classes" in capsys.readouterr().out
    assert TrainedComposition.from_pretrained(both).names == ("birds", "tools")
    assert main(["compose", both, "--without", "tools", "--out", one]) == 0
    (left,) = TrainedComposition.from_pretrained(one).sets
    before = load_saved(folders[0])
    rows = problem().test.embeddings, before.class_embeddings
    assert torch.equal(left.adapter.logits(*rows), before.adapter.logits(*rows))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--without", "fish"], "there is no set 'fish'"),
        (["--without", "birds,tools"], "no set is left"),
        (["--names", "a"], "1 names for 2 sets"),
        (["--names", "a,a"], "two sets are called 'a'"),
        (["--max-anchors", "1"], "too few"),
    ],
)
def test_what_cannot_be_joined_is_said_in_a_line(
    more: list[str], said: str, folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    capsys.readouterr()
    assert main(["compose", *folders, "--out", str(tmp_path / "x"), *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "x").exists()


def test_nothing_is_written_over_unasked(folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["compose", *folders, "--out", folders[0]]) == 2
    assert "holds an adapter already" in capsys.readouterr().err
    assert main(["compose", folders[0], folders[0], "--out", str(tmp_path / "x")]) == 2
    assert "two sets are called 'birds'" in capsys.readouterr().err
    assert main(["compose", str(tmp_path / "nowhere"), "--out", str(tmp_path / "x")]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert main(["compose", *folders, "--out", folders[0], "--force"]) == 0
    assert TrainedComposition.from_pretrained(folders[0]).names == ("birds", "tools")


def test_what_was_saved_is_evaluated_as_it_is(folders, tmp_path: Path):
    both, rows = str(tmp_path / "both"), tmp_path / "rows.json"
    assert main(["compose", *folders, "--out", both]) == 0
    names = [f"saved:{both}", f"saved:{folders[0]}", "clip"]
    command = ["evaluate", "base-to-new", str(tmp_path / "birds.npz"), "--seeds", "1", "--json", str(rows)]
    assert main([*command, "--methods", ",".join(names)]) == 0
    found = {row["method"]: row for row in json.loads(rows.read_text()) if row["seed"] == 1}
    assert list(found) == names
    assert found[names[0]]["base"] >= found["clip"]["base"]
    narrow = save_bundle(tmp_path / "narrow.npz", replace(problem(width=16), name="narrow"))
    assert main(["evaluate", "base-to-new", str(narrow), "--seeds", "1", "--methods", names[0]]) == 2
    assert main([*command, "--methods", "saved:/nowhere"]) == 2


def test_rows_of_what_was_saved_are_not_kept_when_something_else_is_saved_there(folders):
    name = f"saved:{folders[0]}"
    before = saved_system(name).identity
    assert before == saved_system(name).identity
    assert main(["compose", folders[1], "--out", folders[0], "--force"]) == 0
    assert saved_system(name).identity != before


def test_predict_names_the_set_that_a_picture_is_near(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    picture = tmp_path / "picture.png"
    picture.write_bytes(picture_bytes(7))
    for name in ("counts", "new-words"):
        assert main(["train", f"picto:{name}", "--shots", "2", "--out", str(tmp_path / name)]) == 0
    both = str(tmp_path / "both")
    assert main(["compose", str(tmp_path / "counts"), str(tmp_path / "new-words"), "--out", both]) == 0
    capsys.readouterr()
    assert main(["predict", both, str(picture), "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["set"] in ("counts", "new-words")
    assert sum(answer["llu"].values()) == pytest.approx(1, abs=1e-4)
    assert main(["predict", both, str(picture), "--classes", "dax,circle"]) == 0
    assert f"of set {answer['set']} at" in capsys.readouterr().out
