"""The 15 data folders of CoOp, each as a miniature copy: classes, parts, templates and draws."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from llu_core.data.coop.datasets import (
    BASE_TO_NEW,
    DATASETS,
    SHIFTED,
    datasets_named,
    missing,
    open_dataset,
    unlike_published,
)
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from support.dataset_folders import PER_CLASS, SPLIT_FILES, VARIANTS, WNIDS, picture, write_cached_shots, write_dataset

TEMPLATES = {
    "imagenet": "a photo of a {}.",
    "caltech101": "a photo of a {}.",
    "oxford_pets": "a photo of a {}, a type of pet.",
    "stanford_cars": "a photo of a {}.",
    "oxford_flowers": "a photo of a {}, a type of flower.",
    "food101": "a photo of {}, a type of food.",
    "fgvc_aircraft": "a photo of a {}, a type of aircraft.",
    "sun397": "a photo of a {}.",
    "dtd": "{} texture.",
    "eurosat": "a centered satellite photo of {}.",
    "ucf101": "a photo of a person doing {}.",
    "imagenetv2": "a photo of a {}.",
    "imagenet_sketch": "a photo of a {}.",
    "imagenet_a": "a photo of a {}.",
    "imagenet_r": "a photo of a {}.",
}
CLASSES = {
    **{name: tuple(each.replace("_", " ") for each in names) for name, (*_, names) in SPLIT_FILES.items()},
    "fgvc_aircraft": VARIANTS,
    "imagenet": ("tench", "goldfish", "great white shark", "maillot", "maillot"),
    "imagenetv2": ("tench", "goldfish", "great white shark", "maillot", "maillot"),
    "imagenet_sketch": ("tench", "goldfish", "great white shark", "maillot", "maillot"),
    "imagenet_a": ("goldfish", "great white shark", "maillot"),
    "imagenet_r": ("tench", "great white shark", "maillot"),
}


def opened(root: Path, name: str) -> ImageSource:
    write_dataset(root, name)
    return open_dataset(root, name)


def test_the_table_has_the_eleven_and_the_four():
    assert {*BASE_TO_NEW, *SHIFTED} == set(DATASETS) == set(TEMPLATES)
    assert (len(BASE_TO_NEW), len(SHIFTED)) == (11, 4)


@pytest.mark.parametrize("name", DATASETS)
def test_classes_and_template_are_the_published_ones(tmp_path: Path, name: str):
    source = opened(tmp_path, name)
    assert source.name == name
    assert source.class_names == CLASSES[name]
    assert source.templates == (TEMPLATES[name],)
    assert source.base_classes == (len(CLASSES[name]) + 1) // 2
    assert source.rejected == ()
    assert missing(tmp_path, [name]) == []


@pytest.mark.parametrize("name", DATASETS)
def test_every_listed_picture_is_the_file_of_that_name(tmp_path: Path, name: str):
    folder = write_dataset(tmp_path, name)
    source = open_dataset(tmp_path, name)
    files = {path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")}
    pictures = source.train + source.validation + source.test
    assert len(pictures) == len(files)
    images = folder / DATASETS[name].image_dir
    assert {images / picture.name for picture in pictures} == files
    for each in (pictures[0], pictures[-1]):
        expected = Image.open(images / each.name).convert("RGB")
        np.testing.assert_array_equal(np.asarray(each.read()), np.asarray(expected))


@pytest.mark.parametrize("name", SPLIT_FILES)
def test_a_split_file_is_followed_picture_by_picture(tmp_path: Path, name: str):
    source = opened(tmp_path, name)
    folder, _, file, _ = SPLIT_FILES[name]
    split = json.loads((tmp_path / folder / file).read_text())
    for part, pictures in (("train", source.train), ("val", source.validation), ("test", source.test)):
        assert [[each.name, each.label] for each in pictures] == [row[:2] for row in split[part]]


def test_aircraft_labels_follow_the_list_of_variants(tmp_path: Path):
    source = opened(tmp_path, "fgvc_aircraft")
    assert [each.label for each in source.train[:5]] == [2, 0, 3, 1, 2]
    assert source.train[0].name == "0034310.jpg"
    assert [len(part) for part in (source.train, source.validation, source.test)] == [
        4 * PER_CLASS[part] for part in ("train", "val", "test")
    ]


def test_imagenet_is_listed_in_order_and_tests_on_val(tmp_path: Path):
    source = opened(tmp_path, "imagenet")
    assert source.class_ids == WNIDS
    assert [each.name for each in source.train] == sorted(each.name for each in source.train)
    assert len(source.train) == 30
    assert source.validation == ()
    assert [(each.name, each.label) for each in source.test[:3]] == [
        ("val/n01440764/n01440764_0.JPEG", 0),
        ("val/n01440764/n01440764_1.JPEG", 0),
        ("val/n01443537/n01443537_0.JPEG", 1),
    ]


@pytest.mark.parametrize("name", SHIFTED)
def test_shifted_sets_have_test_pictures_only_and_tell_classes_by_wnid(tmp_path: Path, name: str):
    source = opened(tmp_path, name)
    assert (source.train, source.validation) == ((), ())
    assert {each.label for each in source.test} == set(range(len(source.class_names)))
    assert len(source.class_ids) == len(source.class_names)
    assert set(source.class_ids) <= set(WNIDS)


def test_numbered_folders_are_labels_not_sorted_texts(tmp_path: Path):
    folder = tmp_path / "imagenetv2"
    folder.mkdir()
    (folder / "classnames.txt").write_text("".join(f"n{k:08} class {k}\n" for k in range(12)))
    for label in range(12):
        picture(folder / "imagenetv2-matched-frequency-format-val" / str(label) / "a.jpeg", label)
    source = open_dataset(tmp_path, "imagenetv2")
    assert [each.name for each in source.test] == [f"{label}/a.jpeg" for label in range(12)]
    assert source.class_names[11] == "class 11"


def test_what_derives_from_imagenet_may_borrow_its_class_names(tmp_path: Path):
    write_dataset(tmp_path, "imagenet")
    (write_dataset(tmp_path, "imagenet_a") / "classnames.txt").unlink()
    assert open_dataset(tmp_path, "imagenet_a").class_names == CLASSES["imagenet_a"]


def coops_draw(train: list, validation: list, shots: int, seed: int) -> list[list]:
    """The draw written anew: the module's own generator, one dict of classes, the parts one after the other."""
    random.seed(seed)
    parts = []
    for pool, wanted in ((train, shots), (validation, min(shots, 4))):
        by_label: dict[int, list] = {}
        for item in pool:
            by_label[item[1]] = [*by_label.get(item[1], []), item]
        parts.append([])
        for items in by_label.values():
            parts[-1].extend(random.sample(items, wanted) if len(items) >= wanted else items)
    return parts


@pytest.mark.parametrize("name", BASE_TO_NEW)
@pytest.mark.parametrize(("shots", "seed"), [(1, 1), (2, 3), (5, 2), (16, 1)])
def test_draws_are_coops(tmp_path: Path, name: str, shots: int, seed: int):
    source = opened(tmp_path, name)
    train, validation = ([(each.name, each.label) for each in pool] for pool in (source.train, source.validation))
    state = random.getstate()
    try:
        expected = coops_draw(train, validation, shots, seed)
    finally:
        random.setstate(state)
    drawn = source.sample(shots, seed)
    assert [(each.name, each.label) for each in drawn.train] == expected[0]
    assert [(each.name, each.label) for each in drawn.validation] == expected[1]
    assert drawn.test == source.test


def cached_rows(pictures, prefix: str) -> list[tuple[str, int, str]]:
    return [(prefix + each.name, each.label, "whatever") for each in pictures]


@pytest.mark.parametrize("name", BASE_TO_NEW)
def test_a_draw_kept_beside_the_data_is_used(tmp_path: Path, name: str):
    folder = write_dataset(tmp_path, name)
    source = open_dataset(tmp_path, name)
    chosen, checked = source.train[::-5], source.validation[3:5]
    image_dir = DATASETS[name].image_dir
    prefix = f"/home/writer/my data/{folder.name}/" + ("" if image_dir == "." else f"{image_dir}/")
    parts = {"train": cached_rows(chosen, prefix)} | ({"val": cached_rows(checked, prefix)} if checked else {})
    write_cached_shots(folder, 2, 1, parts)
    drawn = source.sample(2, 1)
    assert (drawn.train, drawn.validation) == (chosen, checked)
    assert source.sample(2, 2).train != chosen
    assert drawn.sample(1, 1).train, "a sampled source draws from what it has"


def test_a_cached_draw_of_another_data_set_is_refused(tmp_path: Path):
    folder = write_dataset(tmp_path, "oxford_pets")
    source = open_dataset(tmp_path, "oxford_pets")
    name, label = source.train[0].name, source.train[0].label
    write_cached_shots(folder, 1, 1, {"train": [(f"/x/oxford_pets/images/{name}", label + 1, "")]})
    write_cached_shots(folder, 1, 2, {"train": [("/x/oxford_pets/images/unknown.jpg", 0, "")]})
    write_cached_shots(folder, 1, 3, {"train": [(f"/x/elsewhere/{name}", label, "")]})
    with pytest.raises(LluError, match=r"shot_1-seed_1\.pkl.*label"):
        source.draw(1, 1)
    for seed in (2, 3):
        with pytest.raises(LluError, match="is not one of the data set's"):
            source.draw(1, seed)


def test_a_picture_that_is_not_on_the_disk_shows_when_it_is_read(tmp_path: Path):
    source = opened(tmp_path, "dtd")
    gone = tmp_path / "dtd" / "images" / source.test[0].name
    gone.unlink()
    with pytest.raises(UnreadablePicture, match="No such file"):
        source.test[0].read()


def test_pictures_are_not_turned(tmp_path: Path):
    source = opened(tmp_path, "dtd")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (16, 12)).save(tmp_path / "dtd" / "images" / source.test[0].name, exif=exif)
    assert source.test[0].read().size == (16, 12)


def test_a_missing_folder_is_listed_with_what_is_expected(tmp_path: Path):
    write_dataset(tmp_path, "dtd")
    listed = missing(tmp_path, ["dtd", "fgvc_aircraft", "imagenet"])
    assert [each.name for each in listed] == ["fgvc_aircraft", "imagenet"]
    assert str(tmp_path / "fgvc_aircraft") in listed[0].expected
    for part in ("images/", "variants.txt", "images_variant_train.txt", "images_variant_val.txt"):
        assert part in listed[0].expected
    for part in ("images/train/", "images/val/", "classnames.txt"):
        assert part in listed[1].expected


@pytest.mark.parametrize("name", DATASETS)
def test_each_thing_that_lacks_is_named(tmp_path: Path, name: str):
    folder = write_dataset(tmp_path, name)
    for part in DATASETS[name].expected:
        moved = shutil.move(folder / part, tmp_path / "aside")
        ((_, said),) = missing(tmp_path, [name])
        assert f"{part} is missing" in said
        assert str(folder) in said
        with pytest.raises(LluError) as caught:
            open_dataset(tmp_path, name)
        assert str(caught.value) == said
        assert "\n" not in said
        shutil.move(moved, folder / part)
    open_dataset(tmp_path, name)


def test_an_unknown_name_lists_the_known(tmp_path: Path):
    for ask in (
        lambda: open_dataset(tmp_path, "cifar"),
        lambda: missing(tmp_path, ["cifar"]),
        lambda: datasets_named([]),
    ):
        with pytest.raises(LluError, match=r"choose from: .*oxford_pets.*imagenet_r"):
            ask()


def test_groups_stand_for_their_members_and_come_once():
    assert [row.name for row in datasets_named(["dtd", "all"])][:3] == ["dtd", "imagenet", "caltech101"]
    assert len(datasets_named(["all", "dtd", "shifted"])) == 15


def test_numbers_unlike_the_published_are_remarked(tmp_path: Path):
    remarks = unlike_published(opened(tmp_path, "dtd"))
    assert remarks[0] == "dtd: 3 classes, published 47"
    assert len(remarks) == 4
