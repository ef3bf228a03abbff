"""What systems leave among people's files is left out by every reader, by one list."""

import json
import zipfile
from pathlib import Path

import pytest

from demo.payloads.cards import cards_payload
from demo.session.draft import empty_draft
from llu_core.data.coop.split_files import read_wnid_folders
from llu_core.files.leftovers import NAMES, is_leftover
from llu_core.files.listing import list_folder, list_zip

LEFT = (
    "Thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", ".DS_Store", "._a.png", "__MACOSX/a.png",
    "@eaDir/a.png", "lost+found/a.png", ".ipynb_checkpoints/a.png", "$RECYCLE.BIN/a.png",
    "System Volume Information/a.png", "Icon\r", "#recycle/a.png", ".Trash-1000/a.png",
)  # fmt: skip


@pytest.mark.parametrize("path", LEFT)
def test_no_reader_lists_it(path: str, tmp_path: Path):
    for name in (f"n01/{path}", "n01/a.png", path if "/" in path else f"n01/{path}"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for file in (tmp_path / "set").rglob("*"):
            archive.write(file, file.relative_to(tmp_path / "set"))
    for listed in (list_folder(tmp_path / "set"), list_zip(tmp_path / "set.zip")):
        assert (list(listed.sizes), listed.folders) == (["n01/a.png"], {"n01"})
    split = read_wnid_folders(tmp_path / "set", {"n01": "tench"})
    assert [entry.path for entry in split.test if "/" not in entry.path[4:]] == ["n01/a.png"]


def test_a_name_that_only_resembles_one_is_kept():
    assert not any(map(is_leftover, ("thumbs", "desktop", "lost", "new", "recycle bins", "eaDir")))


def test_the_page_leaves_out_by_the_same_list():
    assert json.loads(cards_payload(empty_draft()))["limits"]["leftovers"] == list(NAMES)
