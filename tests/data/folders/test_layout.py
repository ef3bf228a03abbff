"""The layout of class folders, told from a listing alone; files are in test_sources.py."""

from collections import Counter
from collections.abc import Mapping

import pytest

from llu_core.data.fewshot import Rejected
from llu_core.data.folders.layout import ClassLayout, class_layout
from llu_core.data.folders.source import image_source
from llu_core.errors import LluError
from llu_core.files.images import HEAD_BYTES, UnreadablePicture
from llu_core.files.listing import Listing, PictureFiles

PNG = b"\x89PNG\r\n\x1a\n"


def layout(verdicts: Mapping[str, str | None], folders: str = "", **texts: str) -> ClassLayout:
    """folders: besides those around the files, separated by blanks; texts: of the file "new.txt", say, as new="..."."""
    inner = {path[:end] for path in verdicts for end, sign in enumerate(path) if sign == "/"}

    def text(path: str) -> str:
        name = path.rpartition("/")[2].removesuffix(".txt")
        if name not in texts:
            raise UnreadablePicture(path, "torn")
        return texts[name]

    return class_layout(Listing("pets", frozenset({*inner, *folders.split()}), verdicts, text))


def pictures(*paths: str) -> dict[str, str | None]:
    return dict.fromkeys(paths)


def test_every_class_has_its_paths_in_order():
    told = layout(pictures("dog/b.png", "dog/a.png", "cat/a.png", "test/cat/a.png"))
    assert told.train == {"cat": ["cat/a.png"], "dog": ["dog/a.png", "dog/b.png"]}
    assert told.test == {"cat": ["test/cat/a.png"]}
    assert (told.class_names, told.base_classes, told.new) == (("cat", "dog"), 1, frozenset())


def test_new_classes_come_last_and_make_the_others_base():
    told = layout(pictures("dog/a.png", "cat/a.png", "new/ape/a.png") | {"new.txt": "no picture"}, new="bee\n\n")
    assert (told.class_names, told.base_classes) == (("cat", "dog", "ape", "bee"), 2)
    assert told.test == {"ape": ["new/ape/a.png"], "bee": []}
    assert told.rejected == ()


def test_a_list_of_names_that_cannot_be_read_is_named():
    told = layout(pictures("dog/a.png") | {"new/classes.txt": "no picture"})
    assert told.rejected == (Rejected("new/classes.txt", "torn"),)


@pytest.mark.parametrize("second", ["new/CLASSES.txt", "NEW/classes.txt", "new.txt", "New.TXT"])
def test_a_set_has_one_list_of_names(second: str):
    files = pictures("dog/a.png") | dict.fromkeys(("new/classes.txt", second), "no picture")

    def text(path: str) -> str:
        pytest.fail(f"{path} was read")

    with pytest.raises(LluError, match="both list names"):
        class_layout(Listing("pets", frozenset({"dog", "new", "NEW"}), files, text))


@pytest.mark.parametrize("names", ["qq\n" * 50_001, "q" * 1_001])
def test_a_list_of_names_is_bounded(names: str):
    with pytest.raises(LluError, match="may hold 50,000 names"):
        layout(pictures("dog/a.png") | {"new.txt": "no picture"}, new=names)


def test_paths_are_told_relative_to_the_folder_around_the_classes():
    notes = dict.fromkeys(("a/b/new.txt", "a/note.txt"), "a note")
    told = layout(pictures("a/b/dog/a.png", "a/b/cat/a.png") | notes, new="bee")
    assert told.root == "a/b/"
    assert told.train == {"cat": ["cat/a.png"], "dog": ["dog/a.png"]}
    assert told.class_names == ("cat", "dog", "bee")
    assert told.rejected == (Rejected("note.txt", "not in the folder of a class"),)


def test_a_class_of_files_that_are_no_pictures_is_left_out_and_named():
    told = layout(pictures("dog/a.png", "test/cat/a.png") | {"cat/a.txt": "a note"}, "ape")
    assert told.class_names == ("dog",)
    left_out = "no readable training picture; the class is left out"
    assert told.rejected == (
        Rejected("cat/a.txt", "a note"),
        Rejected("ape", left_out),
        Rejected("cat", left_out),
        Rejected("test/cat", "its class has no training pictures and is not under new/"),
    )


def test_no_picture_to_train_on_is_an_error():
    with pytest.raises(LluError, match=r"pets has no readable training picture; left out: cat/a\.txt \(a note\)"):
        layout({"cat/a.txt": "a note"})


def in_memory(files: Mapping[str, bytes], reads: Counter[str]) -> PictureFiles:
    def read(path: str, limit: int) -> bytes:
        assert limit == HEAD_BYTES
        reads[path] += 1
        return files[path][:limit]

    folders = {path[:end] for path in files for end, sign in enumerate(path) if sign == "/"}
    return PictureFiles("pets", {path: len(data) for path, data in files.items()}, frozenset(folders), read, str)


@pytest.mark.parametrize("wrapped", ["", "a/", "a/b/"])
def test_the_head_of_every_file_that_may_be_a_picture_is_read_once(wrapped: str):
    reads: Counter[str] = Counter()
    files = {f"{wrapped}cat/{number}.png": PNG for number in range(3)}
    files |= {f"{wrapped}cat/note.txt": b"hello", f"{wrapped}cat/more/a.png": PNG}
    source = image_source(in_memory(files, reads))
    assert [picture.name for picture in source.train] == [f"cat/{number}.png" for number in range(3)]
    assert set(reads.values()) == {1}
    assert set(reads) == set(files) - {f"{wrapped}cat/more/a.png"}  # too deep, whatever it holds


def test_a_file_over_the_limit_is_not_opened():
    reads: Counter[str] = Counter()
    files = in_memory({"cat/a.png": PNG, "cat/b.png": PNG}, reads)
    files.sizes["cat/b.png"] = 2**40
    assert "over the limit" in image_source(files).rejected[0].reason
    assert reads == {"cat/a.png": 1}
