"""A set of Hugging Face `datasets`: a name on the Hub or a folder that `save_to_disk` wrote, read by that library.

A column of pictures and one of classes are needed; splits called train, test, val(idation) are taken. Datasets that
bring code of their own are not run.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from llu_core.data.forms.rows import Row, library, listed_source, part_called
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError, one_line, shown
from llu_core.files.images import UnreadablePicture, decode

MARKS = ("dataset_dict.json", "state.json")
"""Files by which a folder of `save_to_disk` is known."""
_CLASS_COLUMNS = ("label", "labels", "class", "fine_label", "class_name", "category")


def is_saved_dataset(folder: Path) -> bool:
    """Whether `save_to_disk` wrote the folder."""
    return any((folder / name).is_file() for name in MARKS)


def read_saved_dataset(folder: Path) -> ImageSource:
    """The set in a folder that `save_to_disk` wrote."""
    return _source(folder.name, partial(_datasets().load_from_disk, str(folder)))


def read_hub_dataset(text: str) -> ImageSource:
    """The set NAME or NAME:CONFIG of the Hub; it is fetched unless it is in the library's cache."""
    name, _, config = text.partition(":")
    return _source(name, partial(_datasets().load_dataset, name, config or None))


def _datasets() -> Any:
    return library("datasets", "a set of Hugging Face datasets")


def _source(name: str, load: Any) -> ImageSource:
    try:
        loaded = load()
    except Exception as error:  # of the Hub, of the file system and of the library: nearly every type there is
        raise LluError(
            f"the data set {shown(name)} cannot be had ({type(error).__name__}: {one_line(error)})"
        ) from None
    splits: Mapping[str, Any] = loaded if isinstance(loaded, dict) else {str(loaded.split or "train"): loaded}
    found = {split: part for split in splits if (part := part_called(split)) is not None}
    if not found:
        raise LluError(f"{shown(name)} has the splits {', '.join(splits)}, of which none is called train, test or val")
    names = _class_names(next(iter(splits.values())))
    rows = [row for split, part in found.items() for row in _rows(name, split, part, splits[split])]
    return listed_source(name, rows, class_names=names)


def _columns(name: str, features: Mapping[str, Any]) -> tuple[str, str]:
    """The column of pictures and that of classes."""
    kinds = {column: type(feature).__name__ for column, feature in features.items()}
    pictures = [column for column, kind in kinds.items() if kind == "Image"]
    classes = [column for column, kind in kinds.items() if kind == "ClassLabel"]
    classes += [column for column in _CLASS_COLUMNS if column in kinds and column not in classes]
    for what, there in (("pictures (Image)", pictures), ("classes (ClassLabel, or a text called label)", classes)):
        if not there:
            raise LluError(f"{shown(name)} has no column of {what}; it has {', '.join(map(shown, kinds))}")
    return pictures[0], classes[0]


def _class_names(split: Any) -> Sequence[str]:
    """As the set itself orders them, none where its classes are plain texts."""
    labels = [feature for feature in split.features.values() if type(feature).__name__ == "ClassLabel"]
    return tuple(labels[0].names) if labels else ()


def _rows(name: str, split: str, part: str, table: Any) -> Iterator[Row]:
    pictures, classes = _columns(name, table.features)
    names = getattr(table.features[classes], "names", None)
    stored = table.cast_column(pictures, _datasets().Image(decode=False))
    for at, label in enumerate(table[classes]):
        told = names[label] if names and isinstance(label, int) and 0 <= label < len(names) else label
        if told is None or (names and told is label):
            raise LluError(f"{shown(name)}, {split} {at}: has no class")
        where = f"{split} {at}"
        yield Row(where, shown(str(told)), part, partial(_picture, stored, pictures, at, where))


def _picture(stored: Any, column: str, at: int, name: str) -> Image.Image:
    value = stored[at][column] or {}
    if value.get("bytes"):
        return decode(value["bytes"], name)
    if value.get("path"):
        return decode(Path(value["path"]), name)
    raise UnreadablePicture(name, "the row holds no picture")
