"""Lists of pictures with their classes, and rows of parquet: what they say is the set, and what they lack is told."""

import gc
import json
import weakref
from pathlib import Path

import pytest

from llu_core.data.forms import manifest, rows
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.errors import LluError
from support.sample_pictures import picture_bytes

LINES = [("a/1.png", "cat", "train"), ("a/2.png", "dog", ""), ("3.png", "cat", "test"), ("4.png", "newt", "test"),
         ("5.png", "dog", "validation")]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    for number, (name, _, _) in enumerate(LINES):
        (tmp_path / name).write_bytes(picture_bytes(number))
    return tmp_path


def told(source: object) -> tuple:
    assert isinstance(source, ImageSource)
    parts = [[(p.name, source.class_names[p.label]) for p in part] for part in (source.train, source.test)]
    assert all(p.read().size for p in (*source.train, *source.test))
    return source.class_names, source.base_classes, *parts, len(source.validation)


EXPECTED = (
    ("cat", "dog", "newt"), 2, [("a/1.png", "cat"), ("a/2.png", "dog")], [("3.png", "cat"), ("4.png", "newt")], 1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "head", "between"),
    [("l.csv", "path,class,split", ","), ("l.tsv", "file\tlabel\tpart", "\t"), ("l.csv", "Filename;Label;Subset", ";")],
)
def test_a_table_is_read_by_the_names_of_its_columns(folder: Path, name: str, head: str, between: str):
    (folder / name).write_text("\n".join([head, *(between.join(line) for line in LINES)]), encoding="utf-16")
    assert told(open_source(str(folder / name))) == EXPECTED


def test_lines_of_json_are_read(folder: Path):
    lines = [json.dumps({"path": p, "class": c} | ({"split": s} if s else {})) for p, c, s in LINES]
    (folder / "l.jsonl").write_text("\n".join(lines) + "\n\n")
    assert told(open_source(str(folder / "l.jsonl"))) == EXPECTED


def test_a_file_that_is_missing_is_named_and_the_rest_is_read(folder: Path):
    (folder / "l.csv").write_text("path,class\na/1.png,cat\ngone.png,cat\n")
    source = open_source(str(folder / "l.csv"))
    assert isinstance(source, ImageSource)
    assert [each.name for each in source.rejected] == ["gone.png"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("l.csv", "path,kind\n1.png,cat", "line 2: no class; the columns are"),
        ("l.csv", "path,class,split\na/1.png,cat,later", "line 2: split is later; write train, test or val"),
        ("l.csv", "path,class\n", "no readable training picture"),
        ("l.jsonl", "[1]", "line 1: must be an object"),
        ("l.jsonl", "{", "line 1: no JSON"),
    ],
)
def test_what_a_list_lacks_is_one_sentence(folder: Path, name: str, text: str, says: str):
    (folder / name).write_text(text)
    with pytest.raises(LluError, match=says):
        open_source(str(folder / name))


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def missing(name: str):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(rows.importlib, "import_module", missing)
    (tmp_path / "l.parquet").write_bytes(b"PAR1")
    with pytest.raises(LluError, match=r"needs pyarrow, which is not installed .*pip install pyarrow"):
        open_source(str(tmp_path / "l.parquet"))
    with pytest.raises(LluError, match=r"needs datasets, which is not installed"):
        open_source("hf:mine")


def test_parquet_names_files_or_holds_the_pictures(folder: Path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    paths, classes, splits = map(list, zip(*LINES, strict=True))
    parquet.write_table(pyarrow.table({"path": paths, "class": classes, "split": splits}), folder / "l.parquet")
    assert told(open_source(str(folder / "l.parquet"))) == EXPECTED
    inside = [{"bytes": picture_bytes(i), "path": None} for i in range(5)]
    table = pyarrow.table({"image": inside, "label": classes, "split": splits})
    parquet.write_table(table, folder / "p.parquet", row_group_size=2)
    names, base, train, test, validation = told(open_source(str(folder / "p.parquet")))
    assert (names, base, validation) == (EXPECTED[0], 2, 1)
    assert [len(train), len(test)] == [2, 2]
    (folder / "bad.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(LluError, match="cannot be read as parquet"):
        open_source(str(folder / "bad.parquet"))


class Group(list):
    """A list that can be referred to weakly."""


def test_few_row_groups_of_a_parquet_file_are_held_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    count, read, held = 3 * manifest.GROUPS_KEPT, manifest._pictures_of, []

    def noted(file: object, columns: list[str], group: int) -> Group:
        pictures = Group(read(file, columns, group))
        held.append(weakref.ref(pictures))
        return pictures

    monkeypatch.setattr(manifest, "_pictures_of", noted)
    table = pyarrow.table({"image": [picture_bytes(each) for each in range(count)], "label": ["cat"] * count})
    parquet.write_table(table, folder / "p.parquet", row_group_size=1)
    source = open_source(str(folder / "p.parquet"))
    told(source)
    gc.collect()
    assert len(held) == count
    assert sum(each() is not None for each in held) <= manifest.GROUPS_KEPT


def test_a_saved_set_of_hugging_face_is_read(folder: Path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["dog", "cat"])})
    pictures = [{"bytes": picture_bytes(i), "path": None} for i in range(4)]
    split = datasets.Dataset.from_dict({"image": pictures, "label": [0, 1, 1, 0]}, features=features)
    datasets.DatasetDict({"train": split, "validation": split}).save_to_disk(str(folder / "saved"))
    source = open_source(str(folder / "saved"))
    assert isinstance(source, ImageSource)
    assert source.class_names == ("dog", "cat")
    assert [p.label for p in source.train] == [0, 1, 1, 0]
    assert len(source.validation) == 4
    assert source.train[0].read().width > 0
    bare = datasets.Dataset.from_dict({"text": ["a"]})
    bare.save_to_disk(str(folder / "bare"))
    with pytest.raises(LluError, match=r"no column of pictures \(Image\); it has text"):
        open_source(str(folder / "bare"))
