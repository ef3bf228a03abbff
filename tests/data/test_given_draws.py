"""Shots that somebody listed: the published draws as JSON lines, and a split file of one's own."""

import json
from pathlib import Path

import pytest

from llu_core.data.coop.datasets import open_dataset
from llu_core.data.coop.given_draws import contents_of, listing_of, with_split
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.errors import LluError
from support.dataset_folders import picture, write_dataset


def write_lines(folder: Path, shots: int, seed: int, part: str, rows: list[tuple[str, int]]) -> None:
    """A draw as the authors of 2SFS publish it; paths begin at the folder of all data sets."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [{"_impath": path, "_label": label, "_classname": "any", "_domain": 0} for path, label in rows]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / f"shot_{shots}-seed_{seed}_{part}.jsonl").write_text(text)


@pytest.fixture
def pets(tmp_path: Path) -> ImageSource:
    write_dataset(tmp_path, "oxford_pets")
    return open_dataset(tmp_path, "oxford_pets")


def last(source: ImageSource, pool: str) -> list[tuple[str, int]]:
    """The last picture of every class, which the random draw of this seed does not take for all."""
    found = {each.label: f"oxford_pets/images/{each.name}" for each in getattr(source, pool)}
    return [(found[label], label) for label in sorted(found)]


def names(source: ImageSource, shots: int = 1, seed: int = 1) -> tuple[list[str], list[str]]:
    drawn = source.draw(shots, seed)
    return [source.train[at].name for at in drawn.train], [source.validation[at].name for at in drawn.validation]


def tails(rows: list[tuple[str, int]]) -> list[str]:
    return [path.removeprefix("oxford_pets/images/") for path, _ in rows]


@pytest.mark.parametrize("given", ["beside the data", "a folder", "a folder of data sets"])
def test_the_published_draws_are_taken_as_they_are(tmp_path: Path, pets: ImageSource, given: str):
    train, validation = last(pets, "train"), last(pets, "validation")
    assert names(pets)[0] != tails(train)
    root = tmp_path if given == "beside the data" else tmp_path / "splits"
    folder = root / "split_fewshot" if given == "a folder" else root / "oxford_pets" / "split_fewshot"
    write_lines(folder, 1, 1, "train", train)
    write_lines(folder, 1, 1, "val", validation)
    source = pets if given == "beside the data" else with_split(pets, listing_of(pets, root))
    assert names(source) == (tails(train), tails(validation))


def test_a_draw_that_is_not_listed_is_drawn_beside_the_data_and_refused_where_it_was_asked_for(tmp_path: Path, pets):
    random = names(pets, 2)
    write_lines(tmp_path / "oxford_pets" / "split_fewshot", 1, 1, "train", last(pets, "train"))
    assert names(pets, 2) == random
    with pytest.raises(LluError, match=r"has no shot_2-seed_1_train.jsonl; ask for --shots and --seeds"):
        names(with_split(pets, listing_of(pets, tmp_path, ("oxford_pets",))), 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{}", "line 1 must be an object with _impath and _label"),
        ("nonsense", "line 1 must be an object"),
        ('{"_impath": "cat.jpg", "_label": 0}', "cat.jpg is not one of the source's pictures"),
    ],
)
def test_a_damaged_list_is_named_with_its_line(tmp_path: Path, pets: ImageSource, line: str, says: str):
    folder = tmp_path / "oxford_pets" / "split_fewshot"
    folder.mkdir()
    (folder / "shot_1-seed_1_train.jsonl").write_text(line)
    with pytest.raises(LluError, match=says):
        pets.draw(1, 1)


def test_a_listed_picture_of_another_class_is_refused(tmp_path: Path, pets: ImageSource):
    ((path, label), *_) = last(pets, "train")
    write_lines(tmp_path / "oxford_pets" / "split_fewshot", 1, 1, "train", [(path, label + 1)])
    with pytest.raises(LluError, match="is of class 1 there, and of 0 in the source"):
        pets.draw(1, 1)


@pytest.fixture
def animals(tmp_path: Path) -> ImageSource:
    """Two classes of four pictures and no split."""
    for number, name in enumerate(("cat", "wild_dog")):
        for each in range(4):
            picture(tmp_path / "animals" / name / f"{each}.jpg", seed=10 * number + each)
    return open_source(str(tmp_path / "animals"))  # type: ignore[return-value]


def split(tmp_path: Path, **parts: list) -> Path:
    path = tmp_path / "animals.json"
    path.write_text(json.dumps(parts))
    return path


TRAIN = [["cat/3.jpg", 0, "cat"], ["cat/1.jpg", 0, "cat"], ["animals/wild_dog/2.jpg", 1, "wild dog"]]


def test_a_split_of_ones_own_says_what_is_trained_validated_and_tested(tmp_path: Path, animals: ImageSource):
    path = split(tmp_path, train=TRAIN, val=[["cat/0.jpg", 0, "cat"]], test=[["wild_dog/0.jpg", 1, "wild dog"]])
    for given in (path, tmp_path):
        source = with_split(animals, listing_of(animals, given))
        assert [each.name for each in source.train] == ["cat/3.jpg", "cat/1.jpg", "wild_dog/2.jpg"]
        assert [each.name for each in source.validation] == ["cat/0.jpg"]
        assert [(each.name, each.label) for each in source.test] == [("wild_dog/0.jpg", 1)]
        assert source.draw(2, 1) == source.draw(2, 2)  # all that there are, whatever the seed
        assert len(source.draw(1, 1).train) == 2


def test_without_a_list_of_test_pictures_no_trained_one_is_tested(tmp_path: Path, animals: ImageSource):
    whole = [[f"{name}/{each}.jpg", label, name] for label, name in enumerate(("cat", "wild_dog")) for each in range(3)]
    source = with_split(animals, split(tmp_path, train=whole))
    assert not {each.name for each in source.test} & {each.name for each in source.train}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({}, "must hold the list train"),
        ({"train": []}, "must hold the list train"),
        ({"train": [["cat/3.jpg", 0]]}, r"train\[0\] must be \[path, label, class name\]"),
        ({"train": TRAIN, "test": 7}, "test must be a list"),
        ({"train": TRAIN, "test": [["cat/3.jpg", 0, "cat"]]}, "cat/3.jpg for test and for training or validation"),
        ({"train": [["bird/1.jpg", 0, "bird"]]}, "bird/1.jpg is not one of the source's pictures"),
        ({"train": [["cat/1.jpg", 0, "bird"]]}, "is of class 'bird' there, and of 'cat' in the source"),
    ],
)
def test_a_split_that_does_not_fit_ends_in_one_line(tmp_path: Path, animals: ImageSource, parts: dict, says: str):
    with pytest.raises(LluError, match=says):
        with_split(animals, split(tmp_path, **parts))


def test_a_folder_that_lists_nothing_of_the_source_is_refused(tmp_path: Path, animals: ImageSource):
    with pytest.raises(LluError, match=r"lists no shots of animals; put animals.json or shot_K-seed_S_train.jsonl"):
        with_split(animals, listing_of(animals, tmp_path))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path, animals: ImageSource):
    (tmp_path / "animals.json").write_text("{")
    with pytest.raises(LluError, match="is not JSON"):
        with_split(animals, listing_of(animals, tmp_path))


def test_two_listings_are_told_apart_by_what_they_list(tmp_path: Path):
    for number, seed in enumerate((1, 1, 2)):
        write_lines(tmp_path / str(number), 1, seed, "train", [("cat/1.jpg", 0)])
    first, same, other = (contents_of(tmp_path / str(number)) for number in range(3))
    assert first == same != other
