"""The files that say which picture of a data set belongs to which class and part, as CoOp lays them out.

split_zhou_*.json       {"train": [[path, label, class name], ...], "val": ..., "test": ...}, paths in the image folder
variants.txt            the class names of FGVC Aircraft, one a line; images_variant_train.txt: "picture class name"
classnames.txt          "wnid class name", one a line: the classes of ImageNet and what derives from it
"""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from llu_core.errors import LluError
from llu_core.files.leftovers import is_leftover
from llu_core.files.names import text_of
from llu_core.files.refusal import Refusal

PARTS = ("train", "val", "test")
MAX_TEXT_BYTES = 64 * 2**20
"""A picture takes about 60 bytes: room for a million."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture: its path in the image folder, with "/", and its label."""

    path: str
    label: int


@dataclass(frozen=True)
class Split:
    """Class names as they are written, label k is class_names[k], and the pictures of the three parts."""

    class_names: tuple[str, ...]
    train: tuple[Entry, ...]
    validation: tuple[Entry, ...]
    test: tuple[Entry, ...]
    class_ids: tuple[str, ...] = ()


def read_split_file(path: Path) -> Split:
    """A split_zhou_*.json. Raises LluError naming the file and the first thing in it that is not as it must be."""
    try:
        content = json.loads(list_text(path))
    except (ValueError, RecursionError) as error:
        raise LluError(f"{path} is not JSON ({str(error)[:80]}); get the split file again") from None
    if not isinstance(content, dict) or not all(isinstance(content.get(part), list) for part in PARTS):
        raise LluError(f"{path} must hold the lists train, val and test; get the split file again")
    names: dict[int, str] = {}
    train, validation, test = (tuple(listed_pictures(path, part, content[part], names)) for part in PARTS)
    trained = {entry.label for entry in train}
    gap = next((label for label in range(len(names)) if label not in trained), None)
    if gap is not None or not trained:
        raise LluError(f"{path}: train has no picture of label {gap or 0}; labels must run from 0 without a gap")
    return Split(tuple(names[label] for label in range(len(names))), train, validation, test)


def listed_pictures(path: Path, part: str, rows: Any, names: dict[int, str]) -> Iterable[Entry]:
    """The pictures of a part of a split file; `names` gathers the class name of every label.

    Raises LluError naming the file and the first row that is not as it must be.
    """
    if not isinstance(rows, list):
        raise LluError(f"{path}: {part} must be a list of [path, label, class name]")
    for number, row in enumerate(rows):
        match row:
            case [str(picture), int(label), str(name)] if label >= 0 and type(label) is int and _is_name(name):
                pass
            case _:
                raise LluError(f"{path}: {part}[{number}] must be [path, label, class name], not {str(row)[:80]}")
        picture = picture.replace("\\", "/")  # as Windows writes it
        if not inside_folder(picture):
            raise LluError(f"{path}: {part}[{number}] names no file in the image folder ({picture[:80]!r})")
        if names.setdefault(label, name) != name:
            raise LluError(f"{path}: {part}[{number}] calls label {label} {name!r}, which was {names[label]!r} before")
        yield Entry(picture, label)


def _is_name(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def inside_folder(path: str) -> bool:
    """Whether a path from a file stays in the folder it is meant for."""
    pure = PurePosixPath(path)
    absolute = pure.is_absolute() or re.match("[A-Za-z]:", path)
    return bool(pure.parts) and not absolute and ".." not in pure.parts and path.isprintable()


def read_variants(folder: Path) -> Split:
    """FGVC Aircraft: variants.txt and images_variant_{train,val,test}.txt in `folder`, pictures by number."""
    names = tuple(_lines(folder / "variants.txt"))
    label_of = {name: label for label, name in enumerate(names)}
    train, validation, test = (_variant_entries(folder / f"images_variant_{part}.txt", label_of) for part in PARTS)
    return Split(names, train, validation, test)


def _variant_entries(file: Path, label_of: dict[str, int]) -> tuple[Entry, ...]:
    entries = []
    for number, line in enumerate(_lines(file), start=1):
        picture, _, name = line.replace("\\", "/").partition(" ")
        if name not in label_of or not inside_folder(picture):
            raise LluError(f"{file}: line {number} must be 'picture variant', a variant of variants.txt: {line[:80]!r}")
        entries.append(Entry(f"{picture}.jpg", label_of[name]))
    return tuple(entries)


def read_class_names(path: Path) -> dict[str, str]:
    """classnames.txt: folder name (wnid) -> class name, in the file's order."""
    names: dict[str, str] = {}
    for number, line in enumerate(_lines(path), start=1):
        folder, _, name = line.partition(" ")
        if not _is_name(name) or folder in names:
            what = "has a wnid for the second time" if folder in names else "must be 'wnid class name'"
            raise LluError(f"{path}: line {number} {what}: {line[:80]!r}")
        names[folder] = name.strip()
    return names


def read_train_and_val(images: Path, names: dict[str, str]) -> Split:
    """ImageNet: the folders train/WNID and val/WNID. Val is the test part; there is no validation part.

    Labels follow the sorted wnids. So do the pictures their names: CoOp takes them as the disk lists them, so that its
    shots depend on the file system; these do not, and equal CoOp's only where its cached split_fewshot files are there.
    """
    train, test = _class_folders(images / "train", names), _class_folders(images / "val", names)
    if train != test:
        odd = min(set(train) ^ set(test))
        raise LluError(f"{images}: class folder {odd} is in one of train and val only; both need all classes")
    return Split(
        class_names=tuple(names[wnid] for wnid in train),
        train=_listed(images, [f"train/{wnid}" for wnid in train]),
        validation=(),
        test=_listed(images, [f"val/{wnid}" for wnid in test]),
        class_ids=tuple(train),
    )


def read_wnid_folders(images: Path, names: dict[str, str]) -> Split:
    """A test set with one folder a wnid (sketch, -a, -r); its classes are those that have a folder, sorted by wnid."""
    wnids = _class_folders(images, names)
    return Split(tuple(names[wnid] for wnid in wnids), (), (), _listed(images, wnids), tuple(wnids))


def read_numbered_folders(images: Path, names: dict[str, str]) -> Split:
    """ImageNetV2: folder "12" holds the pictures of the class on the 13th line of classnames.txt."""
    folders = [str(label) for label in range(len(names))]
    there = set(_folders(images))
    gone = next((folder for folder in folders if folder not in there), None)
    if gone is not None:
        raise LluError(f"{images} lacks folder {gone}; it must hold folders 0 to {len(names) - 1}, one a class")
    return Split(tuple(names.values()), (), (), _listed(images, folders), tuple(names))


def _class_folders(images: Path, names: dict[str, str]) -> list[str]:
    folders = _folders(images)
    stranger = next((folder for folder in folders if folder not in names), None)
    if stranger is not None or not folders:
        what = f"has a folder {stranger!r}, which is no wnid of classnames.txt" if stranger else "has no class folders"
        raise LluError(f"{images} {what}; it must hold one folder a class, named by wnid")
    return folders


def _folders(images: Path) -> list[str]:
    return sorted(entry.name for entry in _scan(images) if entry.is_dir() and not is_leftover(entry.name))


def _listed(images: Path, folders: Sequence[str]) -> tuple[Entry, ...]:
    """The visible files of each folder, sorted by name; folder number k has label k."""
    return tuple(
        Entry(f"{folder}/{name}", label)
        for label, folder in enumerate(folders)
        for name in sorted(entry.name for entry in _scan(images / folder))
        if not is_leftover(name)
    )


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise LluError(f"{folder} cannot be read ({error.strerror or error})") from None


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in list_text(path).splitlines() if line.strip()]


def list_text(path: Path) -> str:
    """The text of a list of pictures; raises LluError for a file that cannot be read as one."""
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise LluError(f"{path} is over {MAX_TEXT_BYTES >> 20} MB, too large for a list of pictures; get it again")
        return text_of(path.read_bytes())
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None
    except Refusal as refusal:
        raise LluError(f"{path} is {refusal}") from None
