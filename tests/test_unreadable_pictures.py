"""One rule for pictures that cannot be read, whoever meets them: `train`, `evaluate` and the page."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.session import edits, training
from demo.session.session import Session
from llu_core.cli import evaluate
from llu_core.cli.main import main
from llu_core.data.fewshot import Rejected
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes

CUT = picture_bytes(1)[:60]
CLASSES = ("ant", "bee", "cat", "dog")
QUICK = ["--shots", "3", "--device", "cpu", "--no-cache"]

Told = tuple[tuple[str, ...], list[str]]
"""Class names and rejected lines."""


def write(folder: Path, broken: Callable[[str], bool]) -> Path:
    """`pets` in `folder`: three pictures to train on and one to test of every class, and what lies there besides."""
    for name in CLASSES:
        for index, path in enumerate([f"{name}/{index}.png" for index in range(3)] + [f"test/{name}/0.png"]):
            (folder / "pets" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "pets" / path).write_bytes(CUT if broken(path) else picture_bytes(index))
    (folder / "pets" / "new" / "yak").mkdir(parents=True)
    (folder / "pets" / "new" / "yak" / "0.png").write_bytes(picture_bytes(9))
    (folder / "pets" / "readme.md").write_bytes(b"hello")
    return folder / "pets"


def left_out(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out: ")]


def trained(source: Path, model: str, capsys: pytest.CaptureFixture[str]) -> Told:
    out = source.parent / "adapter"
    assert main(["train", str(source), "--out", str(out), "--model", model, *QUICK]) == 0
    return TrainedAdapter.from_pretrained(out).class_names, left_out(capsys)


def evaluated(source: Path, model: str, capsys: pytest.CaptureFixture[str]) -> Told:
    classes = []

    def cells(plan, features, setting):
        classes.append(features[str(source)].problem.class_names)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "cells", cells)
        assert main(["evaluate", "base-to-new", str(source), "--model", model, *QUICK]) == 0
    return classes[0], left_out(capsys)


def on_the_page(source: Path, session: Session) -> Told:
    archive = shutil.make_archive(str(source), "zip", source)
    added = edits.add_files(session, [archive])
    done, _ = drain(training.train_adapter(added, RECIPES["fast"]))
    assert done.model is not None
    assert done.model.shots.rejected == done.draft.rejected
    return done.model.shots.class_names, [f"left out: {each.name}: {each.reason}" for each in done.draft.rejected]


def test_a_class_and_a_picture_are_left_out_alike(
    tmp_path: Path, tiny_model: str, session: Session, capsys: pytest.CaptureFixture[str]
):
    source = write(tmp_path, lambda path: path.startswith("cat/") or path in ("bee/1.png", "test/dog/0.png"))
    told = trained(source, tiny_model, capsys)
    assert told == evaluated(source, tiny_model, capsys) == on_the_page(source, session)
    classes, lines = told
    assert classes == ("ant", "bee", "dog", "yak")
    assert [line.split(": ")[1] for line in lines] == [
        *("readme.md", "bee/1.png", "cat/0.png", "cat/1.png", "cat/2.png", "test/dog/0.png", "cat")
    ]
    assert lines[-1] == "left out: cat: no readable training picture; the class is left out"


def test_no_training_picture_at_all_is_one_sentence(
    tmp_path: Path, tiny_model: str, session: Session, capsys: pytest.CaptureFixture[str]
):
    source = write(tmp_path, lambda path: not path.startswith("test/"))
    said = []
    for command in (["train", "--out", str(tmp_path / "adapter")], ["evaluate", "base-to-new"]):
        assert main([*command, str(source), "--model", tiny_model, *QUICK]) == 2
        said += [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    with pytest.raises(LluError) as caught:
        edits.add_files(session, [shutil.make_archive(str(source), "zip", source)])
    assert said == [f"error: {caught.value}"] * 2
    assert "pets has no readable training picture; left out: ant/0.png (damaged" in said[0]


def test_one_shot_of_a_class_is_always_one_that_can_be_read(
    tmp_path: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]
):
    source = write(tmp_path, lambda path: path in ("ant/0.png", "ant/2.png", "bee/1.png"))
    for seed in range(4):
        arguments = ["evaluate", "base-to-new", str(source), "--model", tiny_model, "--methods", "llu", *QUICK]
        assert main([*arguments, "--shots", "1", "--seeds", str(seed)]) == 0
        assert "error" not in capsys.readouterr().err


def test_a_zip_that_loses_a_class_leaves_the_one_that_is_there(tmp_path: Path, session: Session):
    whole = shutil.make_archive(str(tmp_path / "whole"), "zip", write(tmp_path / "a", lambda path: False))
    less = shutil.make_archive(str(tmp_path / "less"), "zip", write(tmp_path / "b", lambda path: "cat/" in path))
    both = edits.add_files(edits.add_files(session, [whole]), [less])
    assert both.draft.class_names == (*CLASSES, "yak")
    assert both.draft.rejected[-1] == Rejected("cat", "no readable training picture; the class is left out")
