"""Editing a few-shot set before it is trained on: a draft is an ImageSource, and every edit returns a new one."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PIL import Image

from llu_core.errors import LluError
from llu_core.fewshot import Rejected
from llu_core.prompts import DEFAULT_TEMPLATES
from llu_core.sources import ImageSource, Picture

MAX_PICTURES = 2000
MAX_CLASSES = 200
MAX_NAME_LENGTH = 80

_LARGEST_SIDE = 672
"""Of a stored picture, in pixels: twice what the largest known encoder looks at."""
_LOSSLESS_SIDE = 256


@dataclass(frozen=True)
class StoredPicture:
    """A picture held in memory, small, and independent of the file it was uploaded in; called, it is decoded."""

    data: bytes

    @classmethod
    def of(cls, image: Image.Image) -> "StoredPicture":
        image = image.copy()
        image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        file = io.BytesIO()
        if max(image.size) <= _LOSSLESS_SIDE:
            image.save(file, "PNG", compress_level=1)
        else:
            image.save(file, "JPEG", quality=95)
        return cls(file.getvalue())

    def __call__(self) -> Image.Image:
        return Image.open(io.BytesIO(self.data)).convert("RGB")


def stored_bytes(draft: ImageSource) -> int:
    """Memory that the draft's own pictures take; rendered ones take none."""
    return sum(len(p.read.data) for p in (*draft.train, *draft.test) if isinstance(p.read, StoredPicture))


@dataclass
class _Shelf:
    """One class while a draft is taken apart and put together again."""

    train: list[Picture] = field(default_factory=list)
    test: list[Picture] = field(default_factory=list)


def empty_draft(name: str = "my pictures") -> ImageSource:
    """A set without classes, to which pictures can be added."""
    return ImageSource(
        name=name, class_names=(), base_classes=0, train=(), test=(), templates=DEFAULT_TEMPLATES, rejected=()
    )


def clean_name(name: str) -> str:
    """A class name as typed, tidied; raises LluError if it is empty or too long."""
    name = " ".join(name.replace("_", " ").split())
    if not name:
        raise LluError("the class has no name; type what the pictures show, for example red panda")
    if len(name) > MAX_NAME_LENGTH:
        raise LluError(f"the class name is {len(name)} characters long; use at most {MAX_NAME_LENGTH}")
    return name


def add_pictures(draft: ImageSource, class_name: str, pictures: Sequence[Picture]) -> ImageSource:
    """Add training pictures to a class, which is created where it is new."""
    shelves = _apart(draft)
    shelves.setdefault(clean_name(class_name), _Shelf()).train.extend(pictures)
    return _together(draft, shelves)


def merge(draft: ImageSource, other: ImageSource) -> ImageSource:
    """All classes of both; pictures of classes with the same name are joined."""
    shelves = _apart(draft)
    for name, shelf in _apart(other).items():
        mine = shelves.setdefault(name, _Shelf())
        mine.train += shelf.train
        mine.test += shelf.test
    return _together(replace(draft, rejected=draft.rejected + other.rejected), shelves)


def rename_class(draft: ImageSource, old: str, new: str) -> ImageSource:
    """Give a class another name; raises LluError if the new name is taken or the old one unknown."""
    new = clean_name(new)
    shelves = _apart(draft)
    _require(shelves, old)
    if new != old and new in shelves:
        raise LluError(f"there is already a class called {new}; choose another name or delete one of them")
    return _together(draft, {new if name == old else name: shelf for name, shelf in shelves.items()})


def delete_class(draft: ImageSource, name: str) -> ImageSource:
    """Leave out a class and all its pictures; raises LluError if there is none of that name."""
    shelves = _apart(draft)
    _require(shelves, name)
    del shelves[name]
    return _together(draft, shelves)


def set_unseen_classes(draft: ImageSource, names: Sequence[str]) -> ImageSource:
    """Make `names` the classes without any picture: CLIP is asked about them too, training does not see them."""
    shelves = {name: shelf for name, shelf in _apart(draft).items() if shelf.train or shelf.test}
    for name in names:
        shelves.setdefault(clean_name(name), _Shelf())
    return _together(draft, shelves)


def set_templates(draft: ImageSource, templates: Sequence[str]) -> ImageSource:
    """Use these prompt templates; several are averaged. Raises LluError if one has no {}."""
    templates = tuple(line.strip() for line in templates if line.strip()) or DEFAULT_TEMPLATES
    for template in templates:
        if template.count("{}") != 1 or set(template.replace("{}", "")) & set("{}"):
            raise LluError(f"the template {template!r} needs exactly one {{}} where the class name goes")
    return replace(draft, templates=templates)


def unseen_without_pictures(draft: ImageSource) -> list[str]:
    """The names that `set_unseen_classes` governs."""
    return [name for name, shelf in _apart(draft).items() if not shelf.train and not shelf.test]


def with_rejected(draft: ImageSource, rejected: Sequence[Rejected]) -> ImageSource:
    return replace(draft, rejected=tuple(rejected))


def _require(shelves: dict[str, _Shelf], name: str) -> None:
    if name not in shelves:
        raise LluError(f"there is no class called {name}; the set has: {', '.join(shelves) or 'none'}")


def _apart(draft: ImageSource) -> dict[str, _Shelf]:
    shelves = {name: _Shelf() for name in draft.class_names}
    for picture in draft.train:
        shelves[draft.class_names[picture.label]].train.append(picture)
    for picture in draft.test:
        shelves[draft.class_names[picture.label]].test.append(picture)
    return shelves


def _together(draft: ImageSource, shelves: dict[str, _Shelf]) -> ImageSource:
    """Trained classes first, as everywhere; raises LluError over the limits of one visitor's set."""
    names = sorted(shelves, key=lambda name: not shelves[name].train)
    count = sum(len(shelf.train) + len(shelf.test) for shelf in shelves.values())
    if count > MAX_PICTURES:
        raise LluError(
            f"that would be {count} pictures; the page takes {MAX_PICTURES}, the command line takes any number"
        )
    if len(names) > MAX_CLASSES:
        raise LluError(
            f"that would be {len(names)} classes; the page takes {MAX_CLASSES}, the command line takes any number"
        )
    label = {name: index for index, name in enumerate(names)}
    return replace(
        draft,
        class_names=tuple(names),
        base_classes=sum(bool(shelf.train) for shelf in shelves.values()),
        train=tuple(replace(p, label=label[name]) for name in names for p in shelves[name].train),
        test=tuple(replace(p, label=label[name]) for name in names for p in shelves[name].test),
    )
