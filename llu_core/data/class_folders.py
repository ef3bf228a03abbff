"""The layout of the folders and zips that labelled pictures are read from.

A folder, or a zip of it, holds one folder per class; a single folder around it all is looked through:

    CLASS/PICTURE          training pictures ("train/CLASS/PICTURE" is the same)
    test/CLASS/PICTURE     optional: test pictures of those classes
    new/CLASS/PICTURE      optional: a class without training pictures; its folder may be empty or hold test pictures
    new/classes.txt        optional: names of further classes without pictures, one a line ("new.txt" is the same);
                           one list at most
    elsewhere/NAME/CLASS/PICTURE    optional: closed problems of other classes, never trained on (see `controls`)
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from llu_core.data.controls import usable
from llu_core.data.fewshot import Rejected, first_half
from llu_core.data.left_out import class_left_out, nothing_readable
from llu_core.data.pictures import ControlSource, ImageSource, Picture
from llu_core.errors import LluError, shown
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import Listing, PictureFiles

_SECTIONS = ("train", "test", "new")
_ELSEWHERE = "elsewhere"
_NAME_LISTS = ("new/classes.txt", "new.txt")
MAX_NEW_NAMES, MAX_NAME_LENGTH = 50_000, 1_000
"""What a list of names may hold; ImageNet-21k has 21,841 classes."""
_NOT_IN_A_CLASS = "not in the folder of a class"
_TOO_DEEP = "in a folder inside a class folder; put it into the class folder itself"


@dataclass(frozen=True)
class ClassLayout:
    """Which files are pictures of which class.

    root: the folder around the class folders, "" or ending in "/"; paths are relative to it. train: class -> paths of
    its training pictures, at least one; test: class -> paths; new: the names of the classes without training pictures;
    elsewhere: elsewhere/NAME/CLASS -> paths, and elsewhere/NAME -> nothing.
    """

    root: str
    train: Mapping[str, Sequence[str]]
    test: Mapping[str, Sequence[str]]
    new: frozenset[str]
    rejected: tuple[Rejected, ...]
    elsewhere: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Trained classes first, both in the order of the alphabet."""
        return (*sorted(self.train), *sorted(self.new))

    @property
    def base_classes(self) -> int:
        return len(self.train) if self.new else first_half(len(self.train))


def image_source(files: PictureFiles) -> ImageSource:
    """The pictures of a folder or zip in the layout that the module describes; raises LluError if none is usable."""
    layout = class_layout(files.listing)
    controls, left_out = usable(_controls(files, layout), layout.class_names)
    return ImageSource(
        name=files.name,
        class_names=layout.class_names,
        base_classes=layout.base_classes,
        train=_pictures(files, layout.root, layout.class_names, layout.train),
        test=_pictures(files, layout.root, layout.class_names, layout.test),
        rejected=(*layout.rejected, *left_out),
        controls=controls,
    )


def _pictures(
    files: PictureFiles, root: str, class_names: Sequence[str], paths: Mapping[str, Sequence[str]]
) -> tuple[Picture, ...]:
    return tuple(
        Picture(shown(path), label, partial(files.decode, root + path), partial(files.stamp, root + path))
        for label, name in enumerate(class_names)
        for path in paths.get(name, ())
    )


def _controls(files: PictureFiles, layout: ClassLayout) -> Iterable[ControlSource]:
    """The problems under elsewhere/, whether or not they can be used; each is laid out like training pictures."""
    problems: dict[str, dict[str, list[str]]] = {}
    for folder, pictures in layout.elsewhere.items():
        _, problem, *of_class = folder.split("/")
        problems.setdefault(problem, {}).update({folder: list(pictures)} if of_class else {})
    for problem, folders in problems.items():
        classes = _by_class(folders, files.listing.name)
        names = tuple(sorted(name for name, pictures in classes.items() if pictures)) or tuple(sorted(classes))
        yield ControlSource(shown(problem), names, _pictures(files, layout.root, names, classes))


def class_layout(listing: Listing) -> ClassLayout:
    """The layout that the module describes, told from paths, verdicts and name lists alone.

    Raises LluError if no class has a training picture, if two folders mean one class, or if a class is both trained
    and new.
    """
    root, outside = _unwrapped(listing)
    sections = _sections(listing, root)
    rejected = [*outside, *sections.rejected]
    rejected += [class_left_out(shown(folder)) for folder, pictures in sections.train.items() if not pictures]
    train = {name: pictures for name, pictures in _by_class(sections.train, listing.name).items() if pictures}
    if not train:
        raise nothing_readable(listing.name, rejected)
    new = {name: [] for name in sections.names} | _by_class(sections.new, listing.name)
    both = next((name for name in new if name in train), None)
    if both is not None:
        raise LluError(
            f"{listing.name}: class '{both}' has training pictures and is under new/ too; remove one of them"
        )
    test = dict(new)
    for name, pictures in _by_class(sections.test, listing.name).items():
        if name in train or name in new:
            test[name] = test.get(name, []) + pictures
        else:
            rejected.append(Rejected(f"test/{name}", "its class has no training pictures and is not under new/"))
    return ClassLayout(root, train, test, frozenset(new), tuple(rejected), sections.elsewhere)


def _unwrapped(listing: Listing) -> tuple[str, list[Rejected]]:
    """Step into folders that only wrap the class folders, as a zip of a folder has one; also what lay beside them."""
    root, outside = "", []
    while True:
        tops = {path for path in _within(root, listing.folders) if "/" not in path}
        top = min(tops, default="")
        if len(tops) != 1 or top.lower() in _SECTIONS or not _holds_classes(listing, f"{root}{top}/"):
            return root, outside
        beside = sorted(path for path in _within(root, listing.verdicts) if "/" not in path)
        outside += [Rejected(shown(path), _NOT_IN_A_CLASS) for path in beside]
        root = f"{root}{top}/"


def _within(root: str, paths: Iterable[str]) -> list[str]:
    """The paths inside the folder `root`, relative to it."""
    return [path[len(root) :] for path in paths if path.startswith(root)]


def _holds_classes(listing: Listing, root: str) -> bool:
    """Whether class folders lie in `root`; if not it is a class itself, even one with a folder among its pictures."""
    paths = _within(root, listing.verdicts)
    filled = {path.split("/")[0] for path in paths if "/" in path}
    if len(filled) > 1:
        return True
    pictures = (path for path in paths if "/" not in path and listing.verdicts[root + path] is None)
    return bool(_within(root, listing.folders)) and not any(pictures)


@dataclass
class _Sections:
    """Class folder -> paths of its pictures, by section; names of classes without folder; what lies elsewhere."""

    train: dict[str, list[str]] = field(default_factory=dict)
    test: dict[str, list[str]] = field(default_factory=dict)
    new: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def _sections(listing: Listing, root: str) -> _Sections:
    found, folders = _Sections(), _within(root, listing.folders)
    inner = {path.lower().split("/")[0] for path in folders if "/" in path}
    # without folders in it, "train" is a class, the vehicle, and so is "elsewhere"
    sections = {"test", "new"} | (inner & {"train", _ELSEWHERE})
    for path in sorted(folders):
        section, depth = _place(path, sections)
        if depth == 1 or (section == _ELSEWHERE and depth == 0):
            getattr(found, section)[path] = []
    paths = sorted(_within(root, listing.verdicts))
    _require_one_list(listing.name, [path for path in paths if path.lower() in _NAME_LISTS])
    for path in paths:
        section, depth = _place(path, sections)
        if path.lower() in _NAME_LISTS:
            found.names += _listed_names(listing, root, path, found.rejected)
        elif depth != 2:
            found.rejected.append(Rejected(shown(path), _NOT_IN_A_CLASS if depth < 2 else _TOO_DEEP))
        elif reason := listing.verdicts[root + path]:
            found.rejected.append(Rejected(shown(path), reason))
        else:
            getattr(found, section)[path.rpartition("/")[0]].append(path)
    return found


def _require_one_list(source: str, lists: Sequence[str]) -> None:
    """Raise LluError, before any is read, if there are several: names that differ in case alone can be many."""
    if len(lists) > 1:
        first, second = map(shown, lists[:2])
        raise LluError(f"{source}: {first} and {second} both list names of classes; leave one of them")


def _place(path: str, sections: set[str]) -> tuple[str, int]:
    """The section a path belongs to, and how many parts it has in there (1: a class folder, 2: a picture).

    Elsewhere the first part is the problem and does not count.
    """
    first, *rest = path.split("/")
    section = first.lower()
    if section not in sections:
        return "train", 1 + len(rest)
    return section, len(rest) - (section == _ELSEWHERE)


def _by_class(folders: dict[str, list[str]], source: str) -> dict[str, list[str]]:
    """Class name -> pictures; raises LluError if two folders mean one class."""
    classes: dict[str, str] = {}
    for folder in folders:
        name = _class_name(folder.rpartition("/")[2])
        if name in classes:
            raise LluError(f"{source}: folders '{classes[name]}' and '{folder}' both mean class '{name}'; rename one")
        classes[name] = folder
    return {name: folders[folder] for name, folder in classes.items()}


def _listed_names(listing: Listing, root: str, path: str, rejected: list[Rejected]) -> list[str]:
    try:
        lines = [line for line in listing.text(root + path).splitlines() if line.strip()]
    except UnreadablePicture as error:
        rejected.append(Rejected(shown(path), error.reason))
        return []
    if len(lines) > MAX_NEW_NAMES or max(map(len, lines), default=0) > MAX_NAME_LENGTH:
        raise LluError(
            f"{listing.name}: {shown(path)} holds {len(lines):,} names; it may hold {MAX_NEW_NAMES:,} names of at most "
            f"{MAX_NAME_LENGTH:,} characters"
        )
    return [_class_name(line) for line in lines]


def _class_name(text: str) -> str:
    """Underscores are spaces, and a name composed by macOS equals the same name typed elsewhere."""
    return " ".join(unicodedata.normalize("NFC", shown(text)).replace("_", " ").split()) or shown(text)
