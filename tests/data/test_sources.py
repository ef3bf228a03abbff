"""One reader for folders, zips, bundles and built-in sets."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from llu_core.data.built_in import _digits_file
from llu_core.data.bundles import save_bundle
from llu_core.data.fewshot import FewShotSet
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import load_source, open_source
from llu_core.errors import LluError
from support.toy_encoder import ToyEncoder
from support.written_sources import PLAIN, Write, png, reasons


def test_one_folder_per_class(write: Write):
    source = write(PLAIN)
    assert source.name == "pets"
    assert source.class_names == ("cat", "dog", "red panda")
    assert source.base_classes == 2
    assert [(picture.name, picture.label) for picture in source.train] == [
        ("cat/a.png", 0),
        ("cat/b.png", 0),
        ("dog/a.png", 1),
        ("red_panda/a.png", 2),
    ]
    assert source.train[2].read().getpixel((0, 0)) == Image.open(io.BytesIO(png(3))).getpixel((0, 0))
    assert (source.test, source.rejected) == ((), ())


def test_test_and_new_folders(write: Write):
    source = write(PLAIN | {"test/dog/t.png": png(5), "new/axolotl/n.png": png(6), "new/zebra_fish/": b""})
    assert source.class_names == ("cat", "dog", "red panda", "axolotl", "zebra fish")
    assert source.base_classes == 3
    assert [(picture.name, picture.label) for picture in source.test] == [
        ("test/dog/t.png", 1),
        ("new/axolotl/n.png", 3),
    ]
    assert len(source.train) == 4
    assert source.rejected == ()


def test_training_pictures_may_lie_in_train(write: Write):
    source = write({"train/cat/a.png": png(), "Train/dog/a.png": png(), "test/cat/b.png": png(), "new/": b""})
    assert source.class_names == ("cat", "dog")
    assert len(source.train) == 2
    assert [picture.label for picture in source.test] == [0]


def test_train_without_folders_is_a_class(write: Write):
    assert write({"bus/a.png": png(), "train/a.png": png()}).class_names == ("bus", "train")


@pytest.mark.parametrize("name", ["new/classes.txt", "new.txt"])
def test_new_classes_may_be_listed(write: Write, name: str):
    source = write(PLAIN | {name: "\ufeffaxolotl\r\n\n zebra_fish \n".encode(), "new/newt/n.png": png()})
    assert source.class_names[3:] == ("axolotl", "newt", "zebra fish")
    assert source.base_classes == 3
    assert source.rejected == ()


def test_test_pictures_of_a_listed_class(write: Write):
    source = write(PLAIN | {"new.txt": b"newt", "test/newt/n.png": png()})
    assert [picture.label for picture in source.test] == [3]


def test_what_does_not_belong_is_named_with_its_reason(write: Write):
    source = write(
        PLAIN
        | {
            "readme.md": b"hello",
            "stray.png": png(),
            "cat/notes.txt": b"hello",
            "cat/empty.png": b"",
            "cat/more/a.png": png(),
            "test/unknown/a.png": png(),
            "test/cat/b.png": png(),
            "test/a.png": png(),
            "bird/a.png": b"x",
            "fish/": b"",
        }
    )
    told = reasons(source.rejected)
    assert source.class_names == ("cat", "dog", "red panda")
    assert len(source.train) == 4
    assert "not a JPEG" in told["cat/notes.txt"]
    assert "empty" in told["cat/empty.png"]
    assert "inside a class folder" in told["cat/more/a.png"]
    assert "no training pictures" in told["test/unknown"]
    assert told["bird"] == told["fish"] == "no readable training picture; the class is left out"
    assert "not in the folder of a class" in told["stray.png"] == told["readme.md"] == told["test/a.png"]
    assert len(told) == len(source.rejected) == 10


def test_leftovers_of_file_managers_are_ignored(write: Write):
    leftovers = {".DS_Store": b"x", "cat/Thumbs.db": b"x", "__MACOSX/cat/._a.png": b"x", "cat/.a.png": b"x"}
    assert write(PLAIN | leftovers).rejected == ()


def test_a_wrapping_folder_may_hold_notes(write: Write):
    source = write({f"data/{name}": data for name, data in PLAIN.items()} | {"data/readme.md": b"hello"})
    assert source.class_names == ("cat", "dog", "red panda")
    assert "readme.md" in reasons(source.rejected)


def test_one_class_alone_is_not_taken_for_a_wrapping_folder(write: Write):
    source = write({"cat/a.png": png(), "cat/kittens/b.png": png()})
    assert (source.class_names, source.base_classes) == (("cat",), 1)


@pytest.mark.parametrize("part", ["", "test/", "new/"])
def test_two_folders_of_one_class_name_are_an_error(write: Write, part: str):
    with pytest.raises(LluError, match="both mean class 'red panda'"):
        write(PLAIN | {f"{part}red panda/a.png": png(), f"{part}red_panda/b.png": png()})


def test_class_names_that_look_the_same_are_the_same(write: Write):
    with pytest.raises(LluError, match="both mean class"):
        write({"caf\u00e9/a.png": png(), "cafe\u0301/a.png": png()})


def test_odd_file_names_stay_on_one_line(tmp_path: Path):
    folder = tmp_path / "c\nat"
    folder.mkdir()
    (folder / "a\n.png").write_bytes(png())
    (folder / "\udcff.png").write_bytes(b"x")
    source = open_source(str(tmp_path))
    assert isinstance(source, ImageSource)
    assert source.class_names == ("c at",)
    assert (source.train[0].name, source.train[0].read().size) == ("c at/a .png", (6, 4))
    assert source.rejected[0].name == "c at/?.png"


def test_a_class_both_trained_and_new_is_an_error(write: Write):
    with pytest.raises(LluError, match="class 'cat' has training pictures and is under new/"):
        write(PLAIN | {"new.txt": b"cat"})


@pytest.mark.parametrize("files", [{"cat/": b""}, {"cat/a.png": b"x"}, {"new/cat/a.png": png()}])
def test_nothing_readable_is_an_error(write: Write, files: dict[str, bytes]):
    with pytest.raises(LluError, match="pets has no readable training picture") as caught:
        write(files)
    assert "\n" not in str(caught.value)


def test_pictures_without_class_folders_are_an_error(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(png())
    with pytest.raises(LluError, match=r"left out: a\.png \(not in the folder of a class\)"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("text", ["", "nowhere", "nowhere.npz", "\0", "x" * 5000])
def test_a_source_that_is_not_there_says_what_a_source_can_be(text: str):
    with pytest.raises(LluError, match=r"a source is a folder.*\.zip.*\.npz.*picto:NAME|cannot be read"):
        open_source(text)


def test_another_kind_of_file_is_refused(tmp_path: Path):
    (tmp_path / "a.rar").write_bytes(b"x")
    with pytest.raises(LluError, match="file of another kind"):
        open_source(str(tmp_path / "a.rar"))


def test_built_in_sets_are_sources_too():
    source = open_source("picto:digits", templates=["a {}"])
    assert isinstance(source, ImageSource)
    assert (source.name, source.templates) == ("picto:digits", ("a {}",))
    assert source.train[0].read().mode == "RGB"


def test_load_makes_an_encoder_only_for_pictures(tmp_path: Path, toy_encoder: ToyEncoder):
    def no_encoder() -> ToyEncoder:
        raise AssertionError("a bundle needs no encoder")

    (tmp_path / "pets/cat").mkdir(parents=True)
    (tmp_path / "pets/cat/a.png").write_bytes(png())
    seen: list[tuple[int, int]] = []
    fewshot = load_source(str(tmp_path / "pets"), lambda: toy_encoder, progress=lambda *step: seen.append(step))
    assert seen == [(0, 1), (1, 1)]
    assert len(load_source(str(tmp_path / "pets"), toy_encoder).train) == 1
    path = tmp_path / "pets.npz"
    bundle = load_source(str(save_bundle(path, fewshot)), no_encoder)
    assert isinstance(bundle, FewShotSet)
    torch.testing.assert_close(bundle.train.embeddings, fewshot.train.embeddings)
    with pytest.raises(LluError, match="templates cannot change"):
        load_source(str(path), no_encoder, templates=["a {}"])


@pytest.mark.parametrize("name", ["x.pkl", "x.h5", "x.safetensors"])
def test_arrays_say_that_a_bundle_is_wanted(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(b"x")
    for source in (tmp_path / name, tmp_path):
        with pytest.raises(LluError, match=r"is an array; embeddings come as one feature bundle: numpy\.savez"):
            open_source(str(source))


def test_the_digits_are_scikit_learns():
    images, target = load_digits(return_X_y=True)
    table = np.loadtxt(_digits_file(), delimiter=",")
    assert np.array_equal(table[:, :-1], np.asarray(images))
    assert np.array_equal(table[:, -1], np.asarray(target))
