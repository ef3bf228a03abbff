"""An adapter in a zip, as the page packs it, as a file manager packs its folder, and as neither does."""

import zipfile
from pathlib import Path

import pytest
import torch

from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter, load_adapter
from support.adapters import trained


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    trained().save_pretrained(tmp_path / "my-adapter")
    return tmp_path / "my-adapter"


def packed(folder: Path, around: str = "", **more: str) -> Path:
    path = folder.parent / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in more.items():
            archive.writestr(name, text)
        for file in sorted(folder.iterdir()):
            archive.write(file, around + file.name)
    return path


@pytest.mark.parametrize("around", ["", "my-adapter/", "Downloads/my-adapter/", "\u732b/"])
def test_a_zip_is_read_wherever_the_files_lie_in_it(around: str, folder: Path):
    leftovers = {"__MACOSX/my-adapter/._config.json": "x", f"{around}.DS_Store": "x", f"{around}Thumbs.db": "x"}
    zipped, plain = (TrainedAdapter.from_pretrained(each) for each in (packed(folder, around, **leftovers), folder))
    assert zipped.class_names == plain.class_names
    assert torch.equal(zipped.adapter.image.update.weight, plain.adapter.image.update.weight)


def test_a_folder_around_the_folder_is_looked_through(folder: Path):
    (folder.parent / "__MACOSX").mkdir()
    assert TrainedAdapter.from_pretrained(folder.parent).class_names


def test_what_is_no_adapter_is_told_in_a_sentence(folder: Path):
    with pytest.raises(LluError, match="is neither a folder nor a zip; give the folder that training wrote, or a zip"):
        load_adapter(folder / "config.json")
    with pytest.raises(LluError, match=r"packed\.zip is not a saved adapter; give the folder"):
        load_adapter(_without_weights(folder))
    with pytest.raises(LluError, match=r"packed\.zip holds several adapters; give the folder"):
        load_adapter(packed(folder, "", **{f"b/{file.name}": "x" for file in folder.iterdir()}))
    with pytest.raises(LluError, match="over the limit of 1 MB"):
        load_adapter(packed(folder, "", big="x" * 2**21), 2**20)


def _without_weights(folder: Path) -> Path:
    path = folder.parent / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(folder / "config.json", "config.json")
    return path
