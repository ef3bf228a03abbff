"""Pictures listed one by one, each with its class and part, become a source."""

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from PIL import Image

from llu_core.data.fewshot import Rejected, first_half
from llu_core.data.left_out import nothing_readable
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError, one_line, shown

TRAIN, TEST, VALIDATION = "train", "test", "val"
_PARTS = {
    "": TRAIN, "train": TRAIN, "training": TRAIN, "test": TEST, "testing": TEST, "val": VALIDATION,
    "valid": VALIDATION, "validation": VALIDATION, "dev": VALIDATION,
}  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """A picture that is listed: its name, class and part, and how it is read, as `Picture` has it."""

    name: str
    class_name: str
    part: str
    read: Callable[[], Image.Image]
    stamp: Callable[[], str] | None = None


def part_called(word: object) -> str | None:
    """The part that a word names, training where there is none; None for another word."""
    return _PARTS.get("" if word is None else str(word).strip().lower())


def listed_source(
    name: str, rows: Iterable[Row], rejected: Sequence[Rejected] = (), *, class_names: Sequence[str] = ()
) -> ImageSource:
    """The set of these pictures: classes with training pictures first, in the order of `class_names`, those that it
    does not name after them by the alphabet.

    Raises LluError if no class has a training picture.
    """
    rows = list(rows)
    trained = {row.class_name for row in rows if row.part == TRAIN}
    if not trained:
        raise nothing_readable(name, rejected)
    others = {row.class_name for row in rows} - trained
    order = [*class_names, *sorted((trained | others).difference(class_names))]
    names = (*(each for each in order if each in trained), *(each for each in order if each in others))
    number = {each: label for label, each in enumerate(names)}

    def pictures(part: str) -> tuple[Picture, ...]:
        return tuple(Picture(row.name, number[row.class_name], row.read, row.stamp) for row in rows if row.part == part)

    base = len(trained) if others else first_half(len(trained))
    return ImageSource(
        name=shown(name), class_names=tuple(map(shown, names)), base_classes=base, train=pictures(TRAIN),
        test=pictures(TEST), validation=pictures(VALIDATION), rejected=tuple(rejected),
    )  # fmt: skip


def library(name: str, what: str) -> ModuleType:
    """The optional library that reads a form; raises LluError, saying how to have it, where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0]
        reason = f"{what} needs {package}, which is not installed ({one_line(error)})"
        raise LluError(f"{reason}; pip install {package}") from None
