"""The layout of the folders and zips that labelled pictures are read from.

A folder, or a zip of it, holds one folder per class; a single folder around it all is looked through:

    CLASS/PICTURE          training pictures ("train/CLASS/PICTURE" is the same)
    test/CLASS/PICTURE     optional: test pictures of those classes
    new/CLASS/PICTURE      optional: a class without training pictures; its folder may be empty or hold test pictures
    new/classes.txt        optional: names of further classes without pictures, one a line ("new.txt" is the same)
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from llu_core.data.fewshot import Rejected, first_half
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import PictureFiles, shown

SOURCE_FORMS = "a folder with one folder per class, a .zip of that, a feature bundle (.npz), or picto:NAME"

_SECTIONS = ("train", "test", "new")
_NAME_LISTS = ("new/classes.txt", "new.txt")
_NOT_IN_A_CLASS = "not in the folder of a class"
_TOO_DEEP = "in a folder inside a class folder; put it into the class folder itself"


@dataclass
class _Layout:
    """Class folder -> paths of its pictures, by section; names of classes without folder; what lies elsewhere."""

    train: dict[str, list[str]] = field(default_factory=dict)
    test: dict[str, list[str]] = field(default_factory=dict)
    new: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def image_source(files: PictureFiles) -> ImageSource:
    """The pictures of a folder or zip in the layout that the module describes; raises LluError if none is usable."""
    files, outside = _unwrapped(files)
    layout = _layout(files)
    rejected = [*outside, *layout.rejected]
    rejected += [class_left_out(shown(folder)) for folder, pictures in layout.train.items() if not pictures]
    train = {name: pictures for name, pictures in _by_class(layout.train, files.name).items() if pictures}
    if not train:
        raise nothing_readable(files.name, rejected)
    new = {name: [] for name in layout.names} | _by_class(layout.new, files.name)
    both = next((name for name in new if name in train), None)
    if both is not None:
        raise LluError(f"{files.name}: class '{both}' has training pictures and is under new/ too; remove one of them")
    test = dict(new)
    for name, pictures in _by_class(layout.test, files.name).items():
        if name in train or name in new:
            test[name] = test.get(name, []) + pictures
        else:
            rejected.append(Rejected(f"test/{name}", "its class has no training pictures and is not under new/"))
    class_names = (*sorted(train), *sorted(new))
    return ImageSource(
        name=files.name,
        class_names=class_names,
        base_classes=len(train) if new else first_half(len(train)),
        train=_pictures(files, class_names, train),
        test=_pictures(files, class_names, test),
        rejected=tuple(rejected),
    )


def _pictures(files: PictureFiles, class_names: Sequence[str], paths: dict[str, list[str]]) -> tuple[Picture, ...]:
    return tuple(
        Picture(shown(path), label, partial(files.decode, path), stamp=partial(files.stamp, path))
        for label, name in enumerate(class_names)
        for path in paths.get(name, [])
    )


def _unwrapped(files: PictureFiles) -> tuple[PictureFiles, list[Rejected]]:
    """Step into folders that only wrap the class folders, as a zip of a folder has one; also what lay beside them."""
    outside: list[Rejected] = []
    while True:
        tops = {path for path in files.folders if "/" not in path}
        top = min(tops, default="")
        inner = files.inside(top)
        if len(tops) != 1 or top.lower() in _SECTIONS or not _holds_classes(inner):
            return files, outside
        outside += [Rejected(shown(path), _NOT_IN_A_CLASS) for path in sorted(files.sizes) if "/" not in path]
        files = inner


def _holds_classes(folder: PictureFiles) -> bool:
    """Whether class folders lie in `folder`; if not it is a class itself, even one with a folder among its pictures."""
    filled = {path.split("/")[0] for path in folder.sizes if "/" in path}
    pictures = (path for path in folder.sizes if "/" not in path and folder.why_not_a_picture(path) is None)
    return len(filled) > 1 or (bool(folder.folders) and not any(pictures))


def _layout(files: PictureFiles) -> _Layout:
    layout = _Layout()
    inner = {path.lower().split("/")[0] for path in files.folders if "/" in path}
    sections = {"test", "new"} | (inner & {"train"})  # without folders in it, "train" is a class: the vehicle
    for path in sorted(files.folders):
        section, depth = _place(path, sections)
        if depth == 1:
            getattr(layout, section)[path] = []
    for path in sorted(files.sizes):
        section, depth = _place(path, sections)
        if path.lower() in _NAME_LISTS:
            layout.names += _listed_names(files, path, layout.rejected)
        elif depth != 2:
            layout.rejected.append(Rejected(shown(path), _NOT_IN_A_CLASS if depth < 2 else _TOO_DEEP))
        elif reason := files.why_not_a_picture(path):
            layout.rejected.append(Rejected(shown(path), reason))
        else:
            getattr(layout, section)[path.rpartition("/")[0]].append(path)
    return layout


def _place(path: str, sections: set[str]) -> tuple[str, int]:
    """The section a path belongs to, and how many parts the path has within it (1: a class folder, 2: a picture)."""
    first, *rest = path.split("/")
    return (first.lower(), len(rest)) if first.lower() in sections else ("train", 1 + len(rest))


def _by_class(folders: dict[str, list[str]], source: str) -> dict[str, list[str]]:
    """Class name -> pictures; raises LluError if two folders mean one class."""
    classes: dict[str, str] = {}
    for folder in folders:
        name = _class_name(folder.rpartition("/")[2])
        if name in classes:
            raise LluError(f"{source}: folders '{classes[name]}' and '{folder}' both mean class '{name}'; rename one")
        classes[name] = folder
    return {name: folders[folder] for name, folder in classes.items()}


def _listed_names(files: PictureFiles, path: str, rejected: list[Rejected]) -> list[str]:
    try:
        text = files.read(path, 2**20).decode("utf-8-sig", errors="replace")
    except UnreadablePicture as error:
        rejected.append(Rejected(path, error.reason))
        return []
    return [_class_name(line) for line in text.splitlines() if line.strip()]


def _class_name(text: str) -> str:
    """Underscores are spaces, and a name composed by macOS equals the same name typed elsewhere."""
    return " ".join(unicodedata.normalize("NFC", shown(text)).replace("_", " ").split()) or shown(text)


def class_left_out(name: str) -> Rejected:
    """What is told about a class none of whose training pictures can be read."""
    return Rejected(name, "no readable training picture; the class is left out")


def nothing_readable(name: str, rejected: Sequence[Rejected]) -> LluError:
    """The error for a source without any training picture; it quotes the first of `rejected`, if there is one."""
    first = f"; left out: {rejected[0].name} ({rejected[0].reason})" if rejected else ""
    return LluError(f"{name} has no readable training picture{first}; a source is {SOURCE_FORMS}")
