"""Which folder of a set is a part of it, training, test or new classes say, and which a class of that name.

"new" or "test" may be a class: what lies in the folder tells. A part holds folders, one a class; a class, pictures.
Where both or neither may be meant, the folder is named and what to do, and nothing is guessed.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from llu_core.data.fewshot import Rejected
from llu_core.errors import LluError, shown
from llu_core.files.listing import Listing

PARTS = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test", "new": "new", "elsewhere": "elsewhere",
}  # fmt: skip
"""Name of a folder in small letters -> the part that it is."""


@dataclass(frozen=True)
class Parts:
    """of: folder -> its part; flat: folders of pictures without classes, left out; rejected: a line about each."""

    of: dict[str, str]
    flat: frozenset[str] = frozenset()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True)
class _Inside:
    """What lies in a folder that may be a part: folders, the number of pictures, and whether a list of names does."""

    folders: frozenset[str]
    pictures: int
    has_list: bool

    @property
    def is_part(self) -> bool:
        """Whether it is no class, as far as its own content tells."""
        return bool(self.folders) or self.has_list or not self.pictures


def told_parts(listing: Listing, root: str) -> Parts:
    """The parts among the folders of `root`; raises LluError, naming it, for a folder that may be part or class."""
    tops = {path for path in within(root, listing.folders) if "/" not in path}
    inside = {top: _inside(listing, f"{root}{top}/") for top in sorted(tops) if top.lower() in PARTS}
    parts = {top: PARTS[top.lower()] for top, held in inside.items() if held.is_part}
    classes = tops - inside.keys()
    trained = {top for top, part in parts.items() if part == "train" and inside[top].folders}
    for top in parts:
        if inside[top].pictures and _may_be_a_class(inside[top], top in trained, classes, bool(trained)):
            raise LluError(
                f"{listing.name}: '{shown(top)}' holds pictures beside folders or a list, so that it may be a class or "
                "a part of the set; rename it if it is a class, otherwise take the pictures out of it"
            )
    flat = inside.keys() - parts
    if not trained:
        _require_classes(listing.name, flat, classes)
        return Parts(parts)
    reason = "pictures in no class folder; sort them into one folder per class, as the training pictures are"
    left_out = tuple(Rejected(shown(top), f"{inside[top].pictures:,} {reason}") for top in sorted(flat))
    return Parts(parts, frozenset(flat), left_out)


def _may_be_a_class(held: _Inside, is_train: bool, classes: Set[str], has_train: bool) -> bool:
    """Whether a folder that holds pictures, and what a part holds, may be either."""
    if held.has_list:
        return True
    return bool(classes) if is_train else not (has_train or held.folders & classes)


def _require_classes(name: str, flat: Set[str], classes: Set[str]) -> None:
    """Raise LluError where training and test pictures lie side by side, and nothing says what they show."""
    splits = sorted(top for top in flat if PARTS[top.lower()] not in ("new", "elsewhere"))
    if not classes and len(splits) > 1:
        raise LluError(
            f"{name}: {' and '.join(map(shown, splits))} hold pictures and no class folders; sort the pictures into "
            "one folder per class, or rename these folders if they are the classes"
        )


def is_wrapper(listing: Listing, folder: str) -> bool:
    """Whether a folder, whatever it is called, holds the parts of a set: training pictures by class, say."""
    held = within(f"{folder}/", listing.folders)
    return any("/" in path and PARTS.get(path.split("/")[0].lower()) == "train" for path in held)


def within(root: str, paths: Iterable[str]) -> list[str]:
    """The paths inside the folder `root`, relative to it."""
    return [path[len(root) :] for path in paths if path.startswith(root)]


def _inside(listing: Listing, folder: str) -> _Inside:
    files = [path for path in within(folder, listing.verdicts) if "/" not in path]
    has_list = any(path.lower() == "classes.txt" for path in files) and folder.rstrip("/").lower().endswith("new")
    folders = frozenset(path for path in within(folder, listing.folders) if "/" not in path)
    return _Inside(folders, sum(listing.verdicts[folder + path] is None for path in files), has_list)
