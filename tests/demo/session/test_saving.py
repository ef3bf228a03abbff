"""What is taken home from the page, and brought back."""

import csv
import io
import json
import math
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.payloads.snippets import library_code
from demo.session import draft as drafts
from demo.session import edits, queries, saving, training
from demo.session.session import Session
from demo.session.uploads.project import ROWS_FILE, packed_rows
from llu_core.cli.main import main
from llu_core.errors import LluError
from llu_core.method.checkpoint import load_adapter
from support.sample_pictures import picture_bytes, write_zip


def test_a_saved_adapter_reopens_with_the_sliders_where_they_were(trained: Session, tmp_path: Path):
    assert trained.model is not None
    moved = training.set_mask(trained, 0.7, math.inf)
    archive = saving.save_adapter(moved, tmp_path)
    fresh = replace(moved, model=None, beta=0.5, gamma=20.0)
    reopened = saving.open_adapter(fresh, archive)
    assert (reopened.beta, reopened.gamma) == (0.7, math.inf)
    assert reopened.model is not None
    assert torch.equal(
        reopened.model.trained.adapter.image.update.weight, trained.model.trained.adapter.image.update.weight
    )
    assert reopened.model.shots.class_names == trained.model.shots.class_names


def test_a_foreign_zip_is_no_adapter(session: Session, tmp_path: Path):
    with pytest.raises(LluError, match="not a saved adapter"):
        saving.open_adapter(session, write_zip(tmp_path / "mine.zip"))


def test_the_csv_has_a_line_per_picture(trained: Session):
    rows = list(csv.DictReader(io.StringIO(saving.predictions_csv(trained))))
    assert len(rows) == 18 + 24
    assert {row["part"] for row in rows} == {"train", "test"}
    assert all(0 <= float(row["alpha"]) <= 0.5 + 1e-6 for row in rows)


def test_a_query_has_a_line_of_its_own_without_a_truth(trained: Session, tmp_path: Path):
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    asked = queries.add_query(trained, tmp_path / "what.png")
    last = list(csv.DictReader(io.StringIO(saving.predictions_csv(asked))))[-1]
    assert (last["picture"], last["part"], last["truth"]) == ("what.png", "query", "")
    assert last["llu"] == queries.answer(asked, 0).llu_class


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_never_becomes_a_formula_of_a_spreadsheet(trained: Session, start):
    evil = f"{start}HYPERLINK(1)"
    model = trained.require_model()
    shots = replace(model.shots, class_names=(evil, *model.shots.class_names[1:]))
    named = replace(trained, model=replace(model, shots=shots))
    cells = {cell for row in csv.reader(io.StringIO(saving.predictions_csv(named), newline="")) for cell in row}
    assert f"'{evil}" in cells
    assert evil not in cells


def test_the_name_of_the_model_is_the_pages_own_not_the_files(trained, tmp_path):
    own = trained.require_model()
    stranger = replace(trained, model=replace(own, trained=replace(own.trained, model="evil")))
    reopened = saving.open_adapter(trained, saving.save_adapter(stranger, tmp_path))
    assert reopened.require_model().trained.model == "toy"
    assert "evil" not in library_code(reopened)


def test_a_large_configuration_is_not_even_unpacked(session, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b'{"format": "llu-adapter", "x": [' + b"[]," * 2**20 + b"[]]}")
        archive.writestr("adapter.safetensors", b"x")
    with pytest.raises(LluError, match="over the limit of 2 MB"):
        saving.open_adapter(session, tmp_path / "a.zip")


def test_a_wide_bundle_is_refused_by_the_page(session, tmp_path):
    rows = np.eye(4, 2049, dtype=np.float32)
    labels, names = np.arange(4), np.array(list("abcd"))
    np.savez(
        tmp_path / "b.npz", train_features=rows, train_labels=labels, test_features=rows, test_labels=labels,
        text_features=rows, class_names=names,
    )  # fmt: skip
    with pytest.raises(LluError, match="width 2,049, over the limit of 2,048"):
        edits.add_files(session, [tmp_path / "b.npz"])


@pytest.mark.parametrize("save", [saving.save_adapter, saving.save_predictions])
def test_a_process_killed_while_saving_leaves_the_older_file(trained, tmp_path, monkeypatch, save):
    path = save(trained, tmp_path)
    before, real = path.read_bytes(), os.replace

    def killed(source, target) -> None:
        if Path(target) == path:
            raise SystemExit
        real(source, target)

    monkeypatch.setattr("llu_core.files.writing.os.replace", killed)
    with pytest.raises(SystemExit):
        save(training.set_mask(trained, 0.1, 1.0), tmp_path)
    assert path.read_bytes() == before


def test_two_saves_at_once_both_give_a_whole_adapter(trained, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        archives = list(pool.map(lambda _: saving.save_adapter(trained, tmp_path), range(16)))
    assert saving.open_adapter(trained, archives[0]).model is not None
    assert not list(tmp_path.glob(".*"))


def test_a_damaged_adapter_is_told_without_the_place_where_it_was_unpacked(trained, tmp_path):
    archive = saving.save_adapter(trained, tmp_path)
    with zipfile.ZipFile(archive) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for name, content in (("config.json", b"{"), ("config.json", b"{}"), ("adapter.safetensors", b"x" * 99)):
        write_members(archive, members | {name: content})
        with pytest.raises(LluError) as told:
            saving.open_adapter(trained, archive)
        assert str(tmp_path) not in str(told.value)


def write_members(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def test_names_of_a_foreign_adapter_carry_no_codes_of_a_terminal(trained, tmp_path):
    archive = saving.save_adapter(trained, tmp_path)
    with zipfile.ZipFile(archive) as file:
        members = {name: file.read(name) for name in file.namelist()}
    config = json.loads(members["config.json"])
    config["class_names"][0] = "\x1b]0;owned\x07\ud800\u202e"
    config["anchor_names"][0] = "a\rb.png"
    write_members(archive, members | {"config.json": json.dumps(config).encode()})
    opened = saving.open_adapter(trained, archive).require_model().trained
    assert opened.class_names[0] == " ]0;owned ? "
    assert opened.anchor_names[0] == "a b.png"


def test_a_spreadsheet_reads_the_csv_as_utf_8(trained: Session, tmp_path: Path):
    path = saving.save_predictions(trained, tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfpicture,")
    assert path.read_bytes().decode("utf-8-sig") == saving.predictions_csv(trained)


def test_the_page_saves_pictures_of_the_shots_only_when_asked(trained: Session, tmp_path: Path):
    plain = saving.open_adapter(trained, saving.save_adapter(trained, tmp_path)).require_model()
    assert plain.shots.train.thumbnails is None
    kept = saving.open_adapter(trained, saving.save_adapter(trained, tmp_path, pictures=True)).require_model()
    assert kept.shots.train.thumbnails is not None


def test_the_card_has_the_pages_scores_at_its_settings(trained: Session, tmp_path: Path):
    with zipfile.ZipFile(saving.save_adapter(training.set_mask(trained, 0.0, 5.0), tmp_path)) as archive:
        text = archive.read("README.md").decode()
    assert "Measured in the app" in text
    rows = [line.split("|")[3:5] for line in text.splitlines() if "test pictures of taught classes" in line]
    assert len(rows) == 1
    assert rows[0][0] == rows[0][1]  # beta is 0


def test_a_project_reopens_with_its_pictures_its_adapter_and_its_sliders(trained: Session, tmp_path: Path):
    templated = replace(trained, draft=replace(trained.draft, templates=("{}",)))
    assert templated.changed_since_training
    moved = training.set_mask(trained, 0.7, math.inf)
    reopened = saving.open_adapter(moved, saving.save_project(moved, tmp_path))
    model, before = reopened.require_model(), moved.require_model()
    assert not reopened.changed_since_training
    assert (reopened.beta, reopened.gamma) == (0.7, math.inf)
    assert reopened.draft.class_names == moved.draft.class_names
    assert [p.name for p in (*reopened.draft.train, *reopened.draft.test)] == list(before.row_names)
    now, then = (each.sweep.logits(beta=0.7, gamma=math.inf) for each in (model, before))
    assert torch.allclose(now, then, atol=1e-4)
    assert edits.edit(reopened, "x", drafts.delete_class, "spotty").changed_since_training


def test_a_project_whose_set_was_changed_since_keeps_the_set_alone(trained: Session, tmp_path: Path):
    renamed = edits.edit(trained, "rename", drafts.rename_class, "spotty", "polka/dots")
    reopened = saving.open_adapter(renamed, saving.save_project(renamed, tmp_path))
    assert reopened.model is None
    assert "polka/dots" in reopened.draft.class_names
    assert len(reopened.draft.train) == len(renamed.draft.train)


def test_a_class_that_joined_by_its_name_is_in_the_project(trained: Session, tmp_path: Path):
    grown = queries.join_classes(trained, queries.encode_classes(trained, ["zigzag"]))
    reopened = saving.open_adapter(grown, saving.save_project(grown, tmp_path))
    assert reopened.require_model().answers == grown.require_model().answers


def test_a_set_of_embeddings_is_no_project(trained: Session, tmp_path: Path):
    features = replace(trained, features=trained.require_model().shots)
    with pytest.raises(LluError, match="came as embeddings"):
        saving.save_project(features, tmp_path)
    with pytest.raises(LluError, match="nothing to save yet"):
        saving.save_project(replace(trained, draft=drafts.empty_draft(), model=None), tmp_path)


@pytest.mark.parametrize("rows", [b"", b"\xff" * 64, None])
def test_rows_that_do_not_fit_are_one_sentence(trained: Session, tmp_path: Path, rows: bytes | None):
    shots = trained.require_model().shots
    lie = packed_rows(replace(shots, test=shots.test.select([0]))) if rows is None else rows
    with (
        zipfile.ZipFile(saving.save_project(trained, tmp_path)) as whole,
        zipfile.ZipFile(tmp_path / "b.zip", "w") as bad,
    ):
        for name in whole.namelist():
            bad.writestr(name, lie if name == ROWS_FILE else whole.read(name))
    with pytest.raises(LluError, match=r"rows.safetensors does not fit the pictures"):
        saving.open_adapter(trained, tmp_path / "b.zip")


def test_the_command_line_trains_and_predicts_with_a_project(trained: Session, tmp_path: Path, capsys):
    path = saving.save_project(trained, tmp_path)
    assert main(["train", str(path), "--model", "picto", "--out", str(tmp_path / "again")]) == 0
    assert "18 pictures of 3 classes" in capsys.readouterr().out
    assert load_adapter(path).class_names == trained.require_model().trained.class_names
