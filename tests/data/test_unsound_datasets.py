"""Data folders with unsound files: each fault is told with its file and its line."""

import json
import shutil
from pathlib import Path

import pytest

from llu_core.data.coop import split_files
from llu_core.data.coop.datasets import open_dataset
from llu_core.errors import LluError
from support.dataset_folders import SPLIT_FILES, WNIDS, write_dataset

PETS = SPLIT_FILES["oxford_pets"]
ROW = ["a.jpg", 0, "cat"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ("[1]", "lists train, val and test"),
        (json.dumps({"train": [ROW], "test": []}), "lists train, val and test"),
        (json.dumps({"train": [ROW, ["b.jpg", 1]], "val": [], "test": []}), r"train\[1\] must be"),
        (json.dumps({"train": [ROW], "val": [["b.jpg", True, "cat"]], "test": []}), r"val\[0\] must be"),
        (json.dumps({"train": [ROW], "val": [["b.jpg", -1, "cat"]], "test": []}), r"val\[0\] must be"),
        (json.dumps({"train": [ROW], "val": [["b.jpg", 0.0, "cat"]], "test": []}), r"val\[0\] must be"),
        (json.dumps({"train": [ROW], "val": [["b.jpg", 1, " "]], "test": []}), r"val\[0\] must be"),
        (
            json.dumps({"train": [ROW], "val": [], "test": [["../b.jpg", 0, "cat"]]}),
            r"test\[0\].*names no file in the image folder",
        ),
        (
            json.dumps({"train": [ROW], "val": [], "test": [["/etc/b.jpg", 0, "cat"]]}),
            r"test\[0\].*names no file in the image folder",
        ),
        (json.dumps({"train": [ROW], "val": [], "test": [["b.jpg", 0, "dog"]]}), "label 0 'dog', which was 'cat'"),
        (json.dumps({"train": [ROW, ["b.jpg", 2, "dog"]], "val": [], "test": []}), "no picture of label 1"),
        (json.dumps({"train": [ROW], "val": [], "test": [["b.jpg", 1, "dog"]]}), "no picture of label 1"),
        (json.dumps({"train": [], "val": [], "test": []}), "no picture of label 0"),
        (json.dumps({"train": [ROW], "val": [], "test": []}), "no test picture"),
        (
            json.dumps({"train": [["a\n.jpg", 0, "cat"]], "val": [], "test": []}),
            r"train\[0\].*names no file in the image folder",
        ),
        (json.dumps({"train": [["a.jpg", 0, "c\ud800t"]], "val": [], "test": []}), r"train\[0\] must be"),
        ("[" * 100_000, "is not JSON"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_an_unsound_split_file_is_named_with_its_fault(tmp_path: Path, content: str | bytes, says: str):
    file = write_dataset(tmp_path, "oxford_pets") / PETS[2]
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LluError, match=says) as caught:
        open_dataset(tmp_path, "oxford_pets")
    assert "\n" not in str(caught.value)


def test_a_split_file_of_any_size_is_not_read(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(split_files, "MAX_TEXT_BYTES", 2**20)
    (write_dataset(tmp_path, "oxford_pets") / PETS[2]).write_bytes(b" " * (2**20 + 1))
    with pytest.raises(LluError, match="over 1 MB, too large for a list of pictures"):
        open_dataset(tmp_path, "oxford_pets")


@pytest.mark.parametrize(
    ("name", "file", "content", "says"),
    [
        ("fgvc_aircraft", "images_variant_val.txt", "0034309 Concorde\n", "line 1 must be 'picture variant'"),
        ("fgvc_aircraft", "images_variant_val.txt", "../0034309 F/A-18\n", "line 1 must be 'picture variant'"),
        ("imagenet_r", "classnames.txt", "n01440764 tench\nn01484850\n", "line 2 must be 'wnid class name'"),
        ("imagenet_r", "classnames.txt", "n01440764 a\nn01440764 b\n", "line 2 has a wnid for the second time"),
        ("imagenet_r", "classnames.txt", "n01440764 tench\n", "'n01484850', which is no wnid of classnames.txt"),
        ("imagenetv2", "classnames.txt", "".join(f"n{k} name\n" for k in range(7)), "lacks folder 5"),
    ],
)
def test_an_unsound_list_is_named_with_its_fault(tmp_path: Path, name: str, file: str, content: str, says: str):
    (write_dataset(tmp_path, name) / file).write_text(content)
    with pytest.raises(LluError, match=says):
        open_dataset(tmp_path, name)


def test_imagenet_needs_the_same_classes_in_both_parts(tmp_path: Path):
    shutil.rmtree(write_dataset(tmp_path, "imagenet") / "images" / "val" / WNIDS[2])
    with pytest.raises(LluError, match=WNIDS[2]):
        open_dataset(tmp_path, "imagenet")


def test_folders_without_classes_are_named(tmp_path: Path):
    images = write_dataset(tmp_path, "imagenet_sketch") / "images"
    for wnid in WNIDS:
        shutil.rmtree(images / wnid)
    with pytest.raises(LluError, match="has no class folders"):
        open_dataset(tmp_path, "imagenet_sketch")


def test_without_its_split_file_caltech_is_not_guessed(tmp_path: Path):
    folder = write_dataset(tmp_path, "caltech101")
    (folder / "split_zhou_Caltech101.json").unlink()
    with pytest.raises(LluError, match=r"split_zhou_Caltech101\.json is missing .*random"):
        open_dataset(tmp_path, "caltech101")
