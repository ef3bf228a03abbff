"""Parts of a set and classes that are called like one, told from a listing alone."""

import pytest

from llu_core.data.folders.layout import ClassLayout, class_layout
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import Listing


def layout(*paths: str, folders: tuple[str, ...] = ()) -> ClassLayout:
    """Of pictures at these paths; what does not end in ".png" is none."""
    verdicts = {path: None if path.endswith(".png") else "no picture" for path in paths}
    around = {path[:end] for path in paths for end, sign in enumerate(path) if sign == "/"}

    def text(path: str) -> str:
        raise UnreadablePicture(path, "torn")

    return class_layout(Listing("pets", frozenset({*around, *folders}), verdicts, text))


def told(told: ClassLayout) -> dict[str, str]:
    return {each.name: each.reason for each in told.rejected}


@pytest.mark.parametrize("name", ["new", "test", "train", "val", "valid", "Validation", "Testing", "elsewhere", "NEW"])
def test_a_folder_of_pictures_beside_other_classes_is_a_class_whatever_its_name(name: str):
    found = layout("used/0.png", f"{name}/0.png", f"{name}/1.png")
    assert sorted(found.train) == sorted(["used", name])
    assert (found.test, found.new, found.rejected) == ({}, frozenset(), ())


@pytest.mark.parametrize("name", ["new", "test"])
def test_a_class_of_that_name_may_have_a_part_of_its_own(name: str):
    found = layout("train/used/0.png", f"train/{name}/0.png", f"test/{name}/1.png", "test/used/1.png")
    assert sorted(found.train) == sorted(["used", name])
    assert sorted(found.test) == sorted(["used", name])


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Train", "Val", "Test"),
        ("training", "validation", "testing"),
        ("Training", "valid", "Testing"),
        ("TRAIN", "Validation", "TEST"),
    ],
)
@pytest.mark.parametrize("around", ["", "archive/", "archive/pets/", "test/", "new/"])
def test_kaggles_folders_are_what_they_are_called(train: str, validation: str, test: str, around: str):
    parts = ((train, 2), (validation, 1), (test, 1))
    found = layout(
        *(f"{around}{part}/{name}/{i}.png" for part, n in parts for name in ("cat", "dog") for i in range(n))
    )
    assert {name: len(paths) for name, paths in found.train.items()} == {"cat": 2, "dog": 2}
    assert found.validation == {name: [f"{validation}/{name}/0.png"] for name in ("cat", "dog")}
    assert found.test == {name: [f"{test}/{name}/0.png"] for name in ("cat", "dog")}
    assert found.rejected == ()


def test_test_pictures_without_classes_beside_classes_in_train_are_one_line():
    found = layout("train/cat/0.png", "train/dog/0.png", *(f"test/{i}.png" for i in range(40)))
    assert sorted(found.train) == ["cat", "dog"]
    (line,) = found.rejected
    assert (line.name, line.reason.split(";")[0]) == ("test", "40 pictures in no class folder")


@pytest.mark.parametrize(
    "paths",
    [
        ("used/0.png", "new/0.png", "new/front/0.png"),
        ("used/0.png", "new/0.png", "new/classes.txt"),
        ("used/0.png", "test/0.png", "test/front/0.png"),
        ("bus/0.png", "train/0.png", "train/front/0.png"),
        ("bus/0.png", "val/0.png", "val/front/0.png"),
    ],
)
def test_what_may_be_part_or_class_is_refused_by_name(paths: tuple[str, ...]):
    name = paths[1].split("/")[0]
    with pytest.raises(LluError, match=f"pets: '{name}' holds pictures beside .* rename it if it is a class"):
        layout(*paths)


def test_a_stray_picture_makes_no_class_of_a_part_whose_classes_are_known():
    found = layout("cat/0.png", "dog/0.png", "test/cat/1.png", "test/stray.png")
    assert (sorted(found.train), found.test) == (["cat", "dog"], {"cat": ["test/cat/1.png"]})
    assert told(found) == {"test/stray.png": "not in the folder of a class"}


@pytest.mark.parametrize("parts", [("train", "test"), ("training", "testing"), ("train", "val", "test")])
def test_parts_of_pictures_that_nothing_sorts_are_refused_by_name(parts: tuple[str, ...]):
    with pytest.raises(LluError, match="hold pictures and no class folders; sort the pictures into one"):
        layout(*(f"{part}/{i}.png" for part in parts for i in range(3)))


@pytest.mark.parametrize("name", ["test", "new", "val"])
def test_a_set_that_is_called_like_a_part_says_so(name: str):
    with pytest.raises(LluError, match=f"no readable training picture; left out: {name} .read as the part .* rename"):
        layout(f"{name}/cat/0.png", f"{name}/dog/0.png")


def test_two_folders_of_one_part_may_not_hold_the_same_class():
    with pytest.raises(LluError, match="folders 'val/cat' and 'valid/cat' both mean class 'cat'; rename one"):
        layout("train/cat/0.png", "train/dog/0.png", "val/cat/0.png", "valid/cat/0.png")


def test_an_empty_folder_of_that_name_is_no_class():
    found = layout("cat/0.png", "dog/0.png", folders=("test", "new", "val"))
    assert (sorted(found.train), found.rejected) == (["cat", "dog"], ())


def test_parts_of_other_names_are_one_line_each_with_what_to_rename():
    paths = [f"{part}/{name}/{i}.png" for part in ("dev", "holdout") for name in ("cat", "dog") for i in range(9)]
    found = layout("train/cat/0.png", "train/dog/0.png", *paths)
    assert sorted(told(found)) == ["dev", "holdout"]
    assert told(found)["holdout"].startswith("18 files in folders inside it")
    assert "rename it to train, val or test" in told(found)["dev"]
    with pytest.raises(LluError, match=r"left out: dev .18 files in folders inside it.* rename it to train"):
        layout(*paths)


def test_many_files_that_lie_elsewhere_are_one_line_a_folder():
    found = layout(
        "cat/0.png", "dog/0.png", *(f"cat/more/{i}.png" for i in range(50)), *(f"{i:02}.png" for i in range(30))
    )
    assert told(found) == {
        "cat": "50 files in folders inside a class folder; put them into the class folder itself",
        "00.png and 29 more": "not in the folder of a class; put them into one",
    }


def test_pictures_of_a_part_whose_class_has_none_to_train_on_are_named():
    found = layout("train/cat/0.png", "train/dog/0.png", "val/ape/0.png", "test/bee/0.png")
    assert set(told(found)) == {"val/ape", "test/bee"}
