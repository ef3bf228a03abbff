"""A project as a source: what was written is read, and what is no project, or a damaged one, is told."""

import io
import json
import zipfile
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from llu_core.data.forms.project import write_project
from llu_core.data.pictures import ControlSource, ImageSource, Picture
from llu_core.data.sources import open_source
from llu_core.errors import LluError


def pictures(colours: list[str], label: int = 0) -> tuple[Picture, ...]:
    return tuple(Picture(f"{c}.png", label, partial(Image.new, "RGB", (40, 40), c)) for c in colours)


def encoded(picture: Picture) -> tuple[str, bytes]:
    file = io.BytesIO()
    picture.read().save(file, "PNG")
    return ".png", file.getvalue()


SET = ImageSource(
    name="mine",
    class_names=("test", "a/b", "../c"),
    base_classes=2,
    train=(*pictures(["red", "teal"]), *pictures(["blue"], 1)),
    test=pictures(["green"], 2),
    validation=pictures(["pink"], 1),
    templates=("a drawing of a {}.", "{}"),
    controls=(ControlSource("other", ("x", "y"), (*pictures(["black"]), *pictures(["white"], 1))),),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path / "p.zip", SET, encoded, {"adapter/note": b"unread"})
    return tmp_path / "p.zip"


def facts(source: object) -> list:
    assert isinstance(source, ImageSource)
    parts = [source.train, source.test, source.validation, *(each.pictures for each in source.controls)]
    told = [[(p.name, p.label, p.read().getpixel((0, 0))) for p in part] for part in parts]
    names = [(each.name, each.class_names, each.templates) for each in source.controls]
    return [source.name, source.class_names, source.base_classes, source.templates, told, names]


def test_a_project_is_read_as_it_was_written_whatever_its_classes_are_called(project: Path, tmp_path: Path):
    assert facts(open_source(str(project))) == facts(SET)
    with zipfile.ZipFile(project) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert facts(open_source(str(tmp_path / "unpacked"))) == facts(SET)
    other = open_source(str(project), templates=["{}!"])
    assert other.templates == ("{}!",)


def test_a_picture_that_is_missing_is_named(project: Path, tmp_path: Path):
    with zipfile.ZipFile(project) as archive, zipfile.ZipFile(tmp_path / "less.zip", "w") as less:
        for name in archive.namelist():
            if name != "pictures/000002.png":
                less.writestr(name, archive.read(name))
    source = open_source(str(tmp_path / "less.zip"))
    assert isinstance(source, ImageSource)
    assert [(each.name, each.reason) for each in source.rejected] == [("teal.png", "its file is not in the project")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"class_names": ["a", "a", "b"]}, "damaged"),
        ({"class_names": 7}, "damaged"),
        ({"base_classes": 9}, "damaged"),
        ({"pictures": [{"file": "x", "name": "x", "class": 5, "part": "train"}]}, "the class of x is 5"),
        ({"templates": ["no place"]}, "write {} where the class name belongs"),
        ({"format_version": 2}, "later release"),
        ({"elsewhere": [{}]}, "damaged"),
    ],
)
def test_a_crafted_project_is_one_sentence(project: Path, tmp_path: Path, change: dict, says: str):
    with zipfile.ZipFile(project) as archive, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        told = json.loads(archive.read("project.json")) | change
        bad.writestr("project.json", json.dumps(told))
    with pytest.raises(LluError, match=says):
        open_source(str(tmp_path / "bad.zip"))


def test_class_folders_beside_a_file_of_that_name_are_no_project(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("project.json", '{"name": "something else"}')
        archive.writestr("cat/1.png", encoded(SET.train[0])[1])
    source = open_source(str(tmp_path / "mine.zip"))
    assert source.class_names == ("cat",)
