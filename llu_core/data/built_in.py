"""Benchmark sets of the picture world: `picto:NAME`, rendered on demand, the same pictures every time.

Each set has a fixed base/new split (the first half of its classes is base), a pool of 16 training pictures per base
class and test pictures for every class. A name is a task, preceded by a domain where that is not the plain one:
`textures`, `sketched-textures`, `night-counts`. Besides: `new-words` and `digits`.

Every set brings controls: plain sets, which the embedded model was trained to know, in pictures of their own; a problem
of which the set has a class is left out of its controls.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from llu_core.data.controls import usable
from llu_core.data.pictures import ControlSource, ImageSource, Picture
from llu_core.errors import LluError
from llu_core.pictoworld.render import render, sample_scene
from llu_core.pictoworld.vocabulary import (
    COLOURS,
    COUNT_WORDS,
    COUNTS,
    DOMAINS,
    SHAPES,
    TEXTURES,
    Scene,
    colour_held_out,
    texture_held_out,
)  # fmt: skip

SHOTS = 16
SETS_STREAM = 2
"""Second word of the seeds used here; pretraining uses 0, the exam 1."""

_TRAIN, _TEST, _CONTROL = 0, 1, 2
_PREFIXES = {"plain": "", "sketch": "sketched-", "night": "night-", "negative": "negative-", "mosaic": "mosaic-"}


@dataclass(frozen=True)
class Task:
    """What a set asks for: a class is a name and the attributes its pictures share.

    Base classes come first, one more than the new ones where the number is odd.
    """

    classes: tuple[tuple[str, dict], ...]
    template: str = "a photo of a {}."
    test_per_class: int = 20


def _alternate(items) -> list:
    """Every other item first, so that base and new classes are of one kind."""
    items = list(items)
    return items[::2] + items[1::2]


def _pairs(attribute: str, words, is_held_out: Callable[[str, str], bool]) -> Task:
    """40 pairs: 20 base ones that pretraining has seen, 20 new ones that it has not."""
    rng = np.random.default_rng([SETS_STREAM, len(words)])
    chosen = []
    for held_out in (False, True):
        pairs = [(word, shape) for word in words for shape in SHAPES if is_held_out(word, shape) == held_out]
        chosen += [pairs[i] for i in rng.permutation(len(pairs))[:20]]
    return Task(
        tuple((f"{word} {shape}", {attribute: word, "shape": shape}) for word, shape in chosen), test_per_class=10
    )


def _new_words() -> Task:
    """Invented names for combinations: no text tower can know them, only the shots can tell."""
    words = ("dax", "blicket", "wug", "toma", "fep", "zorp", "modi", "tulver", "gazzer", "kiki", "bouba", "speff")
    rng = np.random.default_rng([SETS_STREAM, 99])
    shapes, colours, textures = (rng.permutation(list(v))[: len(words)] for v in (SHAPES, COLOURS, TEXTURES))
    looks = [
        {"shape": str(s), "colour": str(c), "texture": str(t)}
        for s, c, t in zip(shapes, colours, textures, strict=True)
    ]
    return Task(tuple(zip(words, looks, strict=True)))


_TASKS: dict[str, Callable[[], Task]] = {
    "shapes": lambda: Task(tuple((shape, {"shape": shape}) for shape in _alternate(SHAPES))),
    "textures": lambda: Task(
        tuple((texture, {"texture": texture}) for texture in _alternate(TEXTURES)), "a photo of a {} shape."
    ),
    "coloured-shapes": lambda: _pairs("colour", list(COLOURS), colour_held_out),
    "patterned-shapes": lambda: _pairs("texture", TEXTURES, texture_held_out),
    "counts": lambda: Task(
        tuple((COUNT_WORDS[count - 1], {"count": count}) for count in _alternate(COUNTS)), "a photo of {} things.", 40
    ),
}


_CONTROLS = {"shapes": 5, "textures": 6, "coloured-shapes": 2, "patterned-shapes": 2}
"""Pictures of every class: 322 in all, drawn and embedded in about a second."""


def set_names() -> list[str]:
    """Every NAME that `picto:NAME` accepts."""
    return [prefix + task for task in _TASKS for prefix in _PREFIXES.values()] + ["new-words", "digits"]


def open_set(name: str) -> ImageSource:
    """The set called `name`; raises LluError listing the known ones. Pictures are rendered when they are read."""
    source = _without_controls(name)
    return replace(source, controls=usable(map(_control, _CONTROLS), source.class_names)[0])


def _without_controls(name: str) -> ImageSource:
    if name == "digits":
        return _digits()
    if name == "new-words":
        return _source(name, "plain", _new_words())
    for domain, prefix in _PREFIXES.items():
        if name.startswith(prefix) and name.removeprefix(prefix) in _TASKS:
            return _source(name, domain, _TASKS[name.removeprefix(prefix)]())
    raise LluError(f"unknown built-in set picto:{name}; choose one of: {', '.join(set_names())}")


def _control(name: str) -> ControlSource:
    task = _TASKS[name]()
    pictures = (
        _picture(name, "plain", task, _CONTROL, label, index)
        for label in range(len(task.classes))
        for index in range(_CONTROLS[name])
    )
    class_names = tuple(class_name for class_name, _ in task.classes)
    return ControlSource(name.replace("-", " "), class_names, tuple(pictures), (task.template,))


def _source(name: str, domain: str, task: Task) -> ImageSource:
    base = (len(task.classes) + 1) // 2
    pictures = {
        part: tuple(
            _picture(name, domain, task, part, label, index)
            for label in range(base if part == _TRAIN else len(task.classes))
            for index in range(SHOTS if part == _TRAIN else task.test_per_class)
        )
        for part in (_TRAIN, _TEST)
    }
    return ImageSource(
        name=f"picto:{name}",
        class_names=tuple(class_name for class_name, _ in task.classes),
        base_classes=base,
        train=pictures[_TRAIN],
        test=pictures[_TEST],
        templates=(task.template,),
        rejected=(),
    )


def _picture(name: str, domain: str, task: Task, part: int, label: int, index: int) -> Picture:
    class_name, fixed = task.classes[label]
    seed = [SETS_STREAM, DOMAINS.index(domain), *name.encode(), part, label, index]

    def read() -> Image.Image:
        rng = np.random.default_rng(seed)
        return Image.fromarray(render(_scene(rng, fixed), rng, domain))

    folder = ("train", "test", f"elsewhere/{name}")[part]
    return Picture(name=f"{folder}/{class_name}/{index:02}.png", label=label, read=read)


def _scene(rng: np.random.Generator, fixed: dict) -> Scene:
    """One object of readable size unless the task is counting; what is not fixed avoids held-out pairs."""
    if "count" in fixed:
        return sample_scene(rng, allow_held_out=False, **fixed)
    size = ("medium", "large")[rng.integers(2)]
    return sample_scene(rng, allow_held_out=False, count=1, size=size, **fixed)


def _digits() -> ImageSource:
    """scikit-learn's handwritten digits, 8 x 8 pixels: a set that nobody here drew."""
    table = np.loadtxt(_digits_file(), delimiter=",")
    images, target = table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)
    order = np.random.default_rng([SETS_STREAM, 7]).permutation(len(target))
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    train, test = [], []
    for label in range(10):
        rows = order[target[order] == label]
        shots = rows[:SHOTS] if label < 5 else rows[:0]
        train += [_digit(images, row, label, "train") for row in shots]
        test += [_digit(images, row, label, "test") for row in rows[SHOTS : SHOTS + 60]]
    return ImageSource("picto:digits", names, 5, tuple(train), tuple(test), ('a photo of the number "{}".',), ())


def _digits_file() -> Path:
    """Lines of 64 pixels and a digit, where scikit-learn keeps them; importing it takes half a second and 80 MB."""
    spec = find_spec("sklearn")
    path = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise LluError("scikit-learn's digits are not where they should be; choose another set than picto:digits")
    return path


def _digit(images: np.ndarray, row: int, label: int, folder: str) -> Picture:
    def read() -> Image.Image:
        ink = (255 - images[row] * (255 / 16)).astype(np.uint8)
        return Image.fromarray(ink).resize((64, 64), Image.Resampling.BICUBIC).convert("RGB")

    return Picture(name=f"{folder}/{label}/{row}.png", label=label, read=read)
