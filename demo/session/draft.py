"""Editing a few-shot set before it is trained on: a draft is an ImageSource, and every edit returns a new one."""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np
from PIL import Image

from demo.settings import Limits
from llu_core.data.fewshot import Rejected
from llu_core.data.picture_rows import thumbnail
from llu_core.data.pictures import ImageSource, Picture
from llu_core.encoders.prompts import DEFAULT_TEMPLATES, check_templates
from llu_core.errors import LluError, shown

MAX_NAME_LENGTH = 80
MAX_FOLDER_NAME_LENGTH = 255
"""The most characters of a class that a zip names: more than what is typed, since it was a folder's name before."""
MAX_TEMPLATES = 100
MAX_TEMPLATE_LENGTH = 400

THUMBNAIL_SIDE = 64
_LARGEST_SIDE = 672
"""A stored picture has at most so many pixels a side: twice what the largest known encoder looks at."""
_LOSSLESS_SIDE = 256


@dataclass(frozen=True)
class StoredPicture:
    """A picture held in memory, small, and independent of the file it was uploaded in; called, it is decoded.

    thumbnail: (THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3) uint8, made while the pixels were at hand.
    """

    data: bytes
    thumbnail: np.ndarray = field(compare=False)

    @classmethod
    def of(cls, image: Image.Image) -> "StoredPicture":
        image = image.copy()
        image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        file = io.BytesIO()
        if max(image.size) <= _LOSSLESS_SIDE:
            image.save(file, "PNG", compress_level=1)
        else:
            image.save(file, "JPEG", quality=95)
        return cls(file.getvalue(), thumbnail(image, THUMBNAIL_SIDE))

    def __call__(self) -> Image.Image:
        return Image.open(io.BytesIO(self.data)).convert("RGB")

    def named(self, name: str, label: int) -> Picture:
        """As a picture of a set, which is recognised without being decoded."""
        return Picture(name, label, self, self.digest.hex, self.thumbnail)

    @cached_property
    def digest(self) -> bytes:
        """Bytes that are equal only for equal pictures."""
        return blake2b(self.data, digest_size=12).digest()


def stored_pictures(draft: ImageSource) -> list[bytes]:
    """The files of the draft's own pictures; rendered ones take no memory."""
    pictures = (*draft.train, *draft.test, *(p for each in draft.controls for p in each.pictures))
    return [p.read.data for p in pictures if isinstance(p.read, StoredPicture)]


@dataclass
class _Class:
    """The pictures of one class, while a draft is taken apart and put together again."""

    train: list[Picture] = field(default_factory=list)
    test: list[Picture] = field(default_factory=list)


def empty_draft(name: str = "my pictures") -> ImageSource:
    """A set without classes, to which pictures can be added."""
    return ImageSource(
        name=name, class_names=(), base_classes=0, train=(), test=(), templates=DEFAULT_TEMPLATES, rejected=()
    )


def clean_name(name: str) -> str:
    """A class name as typed, tidied; raises LluError if it is empty or too long."""
    name = " ".join(unicodedata.normalize("NFC", shown(name)).replace("_", " ").split())
    if not name:
        raise LluError("the class has no name; type what the pictures show, for example red panda")
    if len(name) > MAX_NAME_LENGTH:
        raise LluError(f"the class name is {len(name)} characters long; use at most {MAX_NAME_LENGTH}")
    return name


def class_called(draft: ImageSource, name: str) -> str:
    """The class of the set that `name` means, otherwise the tidied name of a new one; raises LluError as clean_name.

    The names of a zip's folders are taken as they are, however long, so a known name is not held to the limits.
    """
    return name if name in draft.class_names else clean_name(name)


def add_class(draft: ImageSource, name: str) -> ImageSource:
    """Add a class without pictures, unseen until it gets some; raises LluError if the set has one of that name."""
    name = clean_name(name)
    if name in draft.class_names:
        raise LluError(f"there is already a class called {name}; add the pictures to it")
    return _together(draft, _apart(draft) | {name: _Class()})


def add_pictures(draft: ImageSource, class_name: str, pictures: Sequence[Picture]) -> ImageSource:
    """Add training pictures to a class, which is created where it is new."""
    classes = _apart(draft)
    classes.setdefault(class_called(draft, class_name), _Class()).train.extend(pictures)
    return _together(draft, classes)


def pictures_by_key(draft: ImageSource) -> dict[str, tuple[str, Picture]]:
    """Key -> (part, picture), "train" before "test"; the key names a picture to the page and back.

    It is made of part, class, name and, where they are at hand, pixels, not of a position: it stays valid while other
    pictures come and go, and it never comes to mean another picture. Only exact copies are counted through.
    """
    keyed: dict[str, tuple[str, Picture]] = {}
    copies: dict[str, int] = {}
    for part, pictures in (("train", draft.train), ("test", draft.test)):
        for picture in pictures:
            key = f"{part}-{_fingerprint(draft.class_names[picture.label], picture)}"
            copies[key] = copies.get(key, 0) + 1
            keyed[key if copies[key] == 1 else f"{key}-{copies[key]}"] = (part, picture)
    return keyed


def _fingerprint(class_name: str, picture: Picture) -> str:
    pixels = picture.read.digest if isinstance(picture.read, StoredPicture) else b""
    text = f"{class_name}\0{picture.name}\0".encode(errors="surrogatepass")
    return blake2b(text + pixels, digest_size=9).hexdigest()


def _find(draft: ImageSource, key: str) -> tuple[str, Picture]:
    try:
        return pictures_by_key(draft)[key]
    except KeyError:
        raise LluError("that picture is not where it was: the set has changed meanwhile; choose it again") from None


def picture_of(draft: ImageSource, key: str) -> tuple[str, str]:
    """(class name, picture name) behind a key, for messages; raises LluError if the set has it no more."""
    _, picture = _find(draft, key)
    return draft.class_names[picture.label], picture.name


def move_picture(draft: ImageSource, key: str, class_name: str) -> ImageSource:
    """Put a picture into another class, which is created where it is new; training pictures stay training pictures.

    The class it leaves stays, even without pictures, as an unseen one. Raises LluError if no picture has that key.
    """
    part, picture = _find(draft, key)
    old, new = draft.class_names[picture.label], class_called(draft, class_name)
    if new == old:
        return draft
    classes = _apart(draft)
    getattr(classes[old], part).remove(picture)
    getattr(classes.setdefault(new, _Class()), part).append(picture)
    return _together(draft, classes)


def delete_picture(draft: ImageSource, key: str) -> ImageSource:
    """Leave out a picture; a class that loses its last one stays, as an unseen class.

    Its name was chosen by the visitor, and more pictures may follow; `delete_class` takes it away.
    Raises LluError if no picture has that key.
    """
    part, picture = _find(draft, key)
    classes = _apart(draft)
    getattr(classes[draft.class_names[picture.label]], part).remove(picture)
    return _together(draft, classes)


def merge(draft: ImageSource, other: ImageSource) -> ImageSource:
    """All classes of both; pictures of classes with the same name are joined, of controls the newer one stays."""
    classes = _apart(draft)
    for name, theirs in _apart(other).items():
        mine = classes.setdefault(name, _Class())
        mine.train += theirs.train
        mine.test += theirs.test
    newer = {each.name for each in other.controls}
    controls = (*(each for each in draft.controls if each.name not in newer), *other.controls)
    return _together(replace(draft, rejected=draft.rejected + other.rejected, controls=controls), classes)


def rename_class(draft: ImageSource, old: str, new: str) -> ImageSource:
    """Give a class another name; raises LluError if the new name is taken or the old one unknown."""
    new = clean_name(new)
    classes = _apart(draft)
    _require(classes, old)
    if new == old:
        return draft
    if new in classes:
        raise LluError(f"there is already a class called {new}; choose another name or delete one of them")
    return _together(draft, {new if name == old else name: one for name, one in classes.items()})


def delete_class(draft: ImageSource, name: str) -> ImageSource:
    """Leave out a class and all its pictures; raises LluError if there is none of that name."""
    classes = _apart(draft)
    _require(classes, name)
    del classes[name]
    return _together(draft, classes)


def set_unseen_classes(draft: ImageSource, names: Sequence[str]) -> ImageSource:
    """Make `names` the classes without any picture: CLIP is asked about them too, training does not see them."""
    classes = {name: one for name, one in _apart(draft).items() if one.train or one.test}
    for name in names:
        classes.setdefault(clean_name(name), _Class())
    return draft if list(classes) == list(_apart(draft)) else _together(draft, classes)


def given_templates(lines: Sequence[str]) -> tuple[str, ...]:
    """The templates that lines of text are, the default one where they are empty."""
    return tuple(line.strip() for line in lines if line.strip()) or DEFAULT_TEMPLATES


def set_templates(draft: ImageSource, templates: Sequence[str]) -> ImageSource:
    """Use these prompt templates; several are averaged. Raises LluError if one has no {} or they are too many."""
    templates = given_templates(templates)
    if len(templates) > MAX_TEMPLATES or max(map(len, templates)) > MAX_TEMPLATE_LENGTH:
        raise LluError(f"use at most {MAX_TEMPLATES} templates of at most {MAX_TEMPLATE_LENGTH} characters")
    check_templates(templates)
    return replace(draft, templates=templates)


def unseen_without_pictures(draft: ImageSource) -> list[str]:
    """The names that `set_unseen_classes` governs."""
    return [name for name, one in _apart(draft).items() if not one.train and not one.test]


def require_within(pictures: int, class_names: Sequence[str], limits: Limits, templates: int = 1) -> None:
    """Raise LluError if a set of so many pictures, of these classes and of so many templates is over the limits."""
    _require_at_most(pictures, limits.pictures, "pictures")
    require_few_classes(len(class_names), limits)
    if len(class_names) * templates > limits.prompts:
        raise LluError(
            f"{templates:,} templates of {len(class_names):,} classes would be {templates * len(class_names):,} "
            f"prompts; the page takes {limits.prompts:,}; use fewer templates"
        )
    longest = max(class_names, key=len, default="")
    if len(longest) > MAX_FOLDER_NAME_LENGTH:
        raise LluError(f"the class {longest[:40]}... has {len(longest):,} characters; use {MAX_FOLDER_NAME_LENGTH}")


def require_few_classes(count: int, limits: Limits) -> None:
    """Raise LluError if so many classes are over the limits."""
    _require_at_most(count, limits.classes, "classes")


def _require_at_most(count: int, most: int, kind: str) -> None:
    if count > most:
        raise LluError(f"that would be {count:,} {kind}; the page takes {most:,}, the command line takes any number")


def with_rejected(draft: ImageSource, rejected: Sequence[Rejected]) -> ImageSource:
    return replace(draft, rejected=tuple(rejected))


def _require(classes: dict[str, _Class], name: str) -> None:
    if name not in classes:
        raise LluError(f"there is no class called {name}; the set has: {', '.join(classes) or 'none'}")


def _apart(draft: ImageSource) -> dict[str, _Class]:
    classes = {name: _Class() for name in draft.class_names}
    for picture in draft.train:
        classes[draft.class_names[picture.label]].train.append(picture)
    for picture in draft.test:
        classes[draft.class_names[picture.label]].test.append(picture)
    return classes


def _together(draft: ImageSource, classes: dict[str, _Class]) -> ImageSource:
    """The set put together again, trained classes first, as everywhere."""
    names = sorted(classes, key=lambda name: not classes[name].train)
    label = {name: index for index, name in enumerate(names)}
    return replace(
        draft,
        class_names=tuple(names),
        base_classes=sum(bool(one.train) for one in classes.values()),
        train=tuple(replace(p, label=label[name]) for name in names for p in classes[name].train),
        test=tuple(replace(p, label=label[name]) for name in names for p in classes[name].test),
    )
