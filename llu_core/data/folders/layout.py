"""The layout of the folders and zips that labelled pictures are read from.

A folder, or a zip of it, holds one folder per class; a single folder around it all is looked through:

    CLASS/PICTURE          training pictures ("train/CLASS/PICTURE" is the same, and "training")
    test/CLASS/PICTURE     optional: test pictures of those classes ("testing" is the same)
    val/CLASS/PICTURE      optional: validation pictures of those classes ("valid" and "validation" are the same)
    new/CLASS/PICTURE      optional: a class without training pictures; its folder may be empty or hold test pictures
    new/classes.txt        optional: names of further classes without pictures, one a line ("new.txt" is the same);
                           one list at most
    elsewhere/NAME/CLASS/PICTURE    optional: closed problems of other classes, never trained on (see `controls`)

`parts` tells a part of the set from a class that has its name.
"""

import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from llu_core.data.fewshot import Rejected, first_half
from llu_core.data.folders.parts import PARTS, Parts, is_wrapper, told_parts, within
from llu_core.data.left_out import class_left_out, nothing_readable
from llu_core.errors import LluError, shown
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import Listing

_NAME_LISTS = ("new/classes.txt", "new.txt")
MAX_NEW_NAMES, MAX_NAME_LENGTH = 50_000, 1_000
"""What a list of names may hold; ImageNet-21k has 21,841 classes."""
_NOT_IN_A_CLASS = "not in the folder of a class"
_TOO_DEEP = "in a folder inside a class folder; put it into the class folder itself"
_ALL_TOO_DEEP = "files in folders inside a class folder; put them into the class folder itself"
_NO_CLASS = (
    "files in folders inside it, and no picture beside them; rename it to train, val or test if it is a part of the set"
)
_FEW = 3
"""So many files that lie outside all class folders are named one by one; of more in one folder, the folder is."""


@dataclass(frozen=True)
class ClassLayout:
    """Which files are pictures of which class.

    root: the folder around the class folders, "" or ending in "/"; paths are relative to it. train: class -> paths of
    its training pictures, at least one; test, validation: class -> paths; new: the names of the classes without any
    training picture; elsewhere: problem -> class -> paths.
    """

    root: str
    train: Mapping[str, Sequence[str]]
    test: Mapping[str, Sequence[str]]
    new: frozenset[str]
    rejected: tuple[Rejected, ...]
    validation: Mapping[str, Sequence[str]] = field(default_factory=dict)
    elsewhere: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Trained classes first, both in the order of the alphabet."""
        return (*sorted(self.train), *sorted(self.new))

    @property
    def base_classes(self) -> int:
        return len(self.train) if self.new else first_half(len(self.train))


def class_layout(listing: Listing) -> ClassLayout:
    """The layout that the module describes, told from paths, verdicts and name lists alone.

    Raises LluError if no class has a training picture, if two folders mean one class, if a class is both trained and
    new, or if a folder may be a part of the set or a class.
    """
    root, outside = _unwrapped(listing)
    sections = _sections(listing, root)
    rejected = [*outside, *sections.rejected]
    told = {each.name for each in rejected}
    bare = (shown(folder) for folder, pictures in sections.train.items() if not pictures)
    rejected += [class_left_out(folder) for folder in bare if folder not in told]
    train = {name: pictures for name, pictures in _by_class(sections.train, listing.name).items() if pictures}
    if not train:
        raise nothing_readable(listing.name, [*sections.untrained, *rejected])
    new = {name: [] for name in sections.names} | _by_class(sections.new, listing.name)
    both = next((name for name in new if name in train), None)
    if both is not None:
        raise LluError(
            f"{listing.name}: class '{both}' has training pictures and is under new/ too; remove one of them"
        )
    seen = train.keys() | new
    test = _of_seen(sections.test, "test", seen, listing.name, rejected)
    validation = _of_seen(sections.validation, "val", seen, listing.name, rejected)
    return ClassLayout(
        root, train, {name: new.get(name, []) + test.get(name, []) for name in (*new, *test)},
        frozenset(new), tuple(rejected), validation, _problems(sections.elsewhere, listing.name),
    )  # fmt: skip


def _problems(folders: dict[str, list[str]], source: str) -> dict[str, dict[str, list[str]]]:
    """Problem -> class name -> pictures, of elsewhere/NAME/CLASS -> paths and elsewhere/NAME -> nothing."""
    problems: dict[str, dict[str, list[str]]] = {}
    for folder, pictures in folders.items():
        _, problem, *of_class = folder.split("/")
        problems.setdefault(problem, {}).update({folder: pictures} if of_class else {})
    return {problem: _by_class(classes, source) for problem, classes in problems.items()}


def _of_seen(
    folders: dict[str, list[str]], part: str, seen: Set[str], source: str, rejected: list[Rejected]
) -> dict[str, list[str]]:
    """Class name -> pictures of a part, for the classes that are `seen`; the others are named in `rejected`."""
    by_class = _by_class(folders, source)
    reason = "its class has no training pictures and is not under new/"
    rejected += [Rejected(f"{part}/{name}", reason) for name in by_class if name not in seen]
    return {name: pictures for name, pictures in by_class.items() if name in seen}


def _unwrapped(listing: Listing) -> tuple[str, list[Rejected]]:
    """Step into folders that only wrap the class folders, as a zip of a folder has one; also what lay beside them."""
    root, outside = "", []
    while True:
        tops = {path for path in within(root, listing.folders) if "/" not in path}
        top = min(tops, default="")
        part = top.lower() in PARTS and not is_wrapper(listing, f"{root}{top}")
        if len(tops) != 1 or part or not _holds_classes(listing, f"{root}{top}/"):
            return root, outside
        beside = sorted(path for path in within(root, listing.verdicts) if "/" not in path)
        outside += [Rejected(shown(path), _NOT_IN_A_CLASS) for path in beside]
        root = f"{root}{top}/"


def _holds_classes(listing: Listing, root: str) -> bool:
    """Whether class folders lie in `root`; if not it is a class itself, even one with a folder among its pictures."""
    paths = within(root, listing.verdicts)
    filled = {path.split("/")[0] for path in paths if "/" in path}
    if len(filled) > 1:
        return True
    pictures = (path for path in paths if "/" not in path and listing.verdicts[root + path] is None)
    return bool(within(root, listing.folders)) and not any(pictures)


@dataclass
class _Sections:
    """Class folder -> paths of its pictures, by section; names of classes without folder; what lies elsewhere.

    untrained: of a set without training pictures, the folders that were not taken for classes because of their names.
    """

    train: dict[str, list[str]] = field(default_factory=dict)
    validation: dict[str, list[str]] = field(default_factory=dict)
    test: dict[str, list[str]] = field(default_factory=dict)
    new: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    untrained: list[Rejected] = field(default_factory=list)


def _sections(listing: Listing, root: str) -> _Sections:
    parts = told_parts(listing, root)
    found = _Sections(rejected=[*parts.rejected])
    reason = "read as the part of the set that it is called after; rename it if it is a class or the whole set"
    found.untrained = [Rejected(shown(top), reason) for top in sorted(parts.of) if parts.of[top] != "train"]
    for path in sorted(within(root, listing.folders)):
        section, depth = _place(path, parts)
        if path not in parts.flat and (depth == 1 or (section == "elsewhere" and depth == 0)):
            getattr(found, section)[path] = []
    paths = [path for path in sorted(within(root, listing.verdicts)) if path.split("/")[0] not in parts.flat]
    _require_one_list(listing.name, [path for path in paths if path.lower() in _NAME_LISTS])
    misplaced: dict[tuple[str, bool], list[str]] = {}
    for path in paths:
        section, depth = _place(path, parts)
        if path.lower() in _NAME_LISTS:
            found.names += _listed_names(listing, root, path, found.rejected)
        elif depth != 2:
            folder = path.rsplit("/", max(depth - 1, 1))[0] if "/" in path else ""
            misplaced.setdefault((folder, depth > 2), []).append(path)
        elif reason := listing.verdicts[root + path]:
            found.rejected.append(Rejected(shown(path), reason))
        else:
            getattr(found, section)[path.rpartition("/")[0]].append(path)
    for (folder, deep), files in misplaced.items():
        found.rejected += _told_too_deep(folder, files, found) if deep else _told_outside(files)
    return found


def _told_outside(files: Sequence[str]) -> list[Rejected]:
    """A few files of one folder that is no class are named, of many the first."""
    if len(files) <= _FEW:
        return [Rejected(shown(path), _NOT_IN_A_CLASS) for path in files]
    return [Rejected(f"{shown(files[0])} and {len(files) - 1:,} more", f"{_NOT_IN_A_CLASS}; put them into one")]


def _told_too_deep(folder: str, files: Sequence[str], found: _Sections) -> list[Rejected]:
    """What lies in folders inside a class folder, in one line; without pictures beside, it may be a part of the set."""
    if "/" not in folder and not found.train.get(folder):
        return [Rejected(shown(folder), f"{len(files):,} {_NO_CLASS}")]
    if len(files) == 1:
        return [Rejected(shown(files[0]), _TOO_DEEP)]
    return [Rejected(shown(folder), f"{len(files):,} {_ALL_TOO_DEEP}")]


def _require_one_list(source: str, lists: Sequence[str]) -> None:
    """Raise LluError, before any is read, if there are several: names that differ in case alone can be many."""
    if len(lists) > 1:
        first, second = map(shown, lists[:2])
        raise LluError(f"{source}: {first} and {second} both list names of classes; leave one of them")


def _place(path: str, parts: Parts) -> tuple[str, int]:
    """The section a path belongs to, and how many parts the path has within it (1: a class folder, 2: a picture).

    Elsewhere the first part is the problem and does not count.
    """
    first, *rest = path.split("/")
    section = parts.of.get(first)
    return ("train", 1 + len(rest)) if section is None else (section, len(rest) - (section == "elsewhere"))


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
