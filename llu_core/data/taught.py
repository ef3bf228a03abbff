"""Which names a model knows: those an embedded one was never taught, of which it can only guess, and everyday ones."""

import re
from collections.abc import Iterable, Sequence
from functools import cache


def untaught(model: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that hold a word which `model`, a backbone's name, was never taught, in their order.

    "picto" knows the words of its captions, "photo" those of the names of its classes; of other models nobody knows,
    and none is told of them.
    """
    known = _known_words(model)
    return [name for name in names if not _words(name) <= known] if known else []


@cache
def everyday_names(model: str) -> tuple[str, ...]:
    """Names of other things that `model` can be asked about: those of ImageNet's 1,000 classes, each its own.

    "picto" was never taught them, and what it makes of them means nothing: of it, the 450 shapes, coloured shapes and
    patterned shapes of its picture world are asked.
    """
    if model == "picto":
        from llu_core.pictoworld.vocabulary import COLOURS, SHAPES, TEXTURES

        return (*SHAPES, *(f"{word} {shape}" for word in (*COLOURS, *TEXTURES) for shape in SHAPES))
    from timm.data import ImageNetInfo  # a second to import

    info, names = ImageNetInfo("imagenet-1k"), {}
    for label in range(info.num_classes()):
        synonyms = info.index_to_description(label, detailed=False).split(", ")
        free = next((name for name in synonyms if name not in names), None)  # a crane is a bird and a machine
        names[free or info.index_to_description(label, detailed=True)] = label
    return tuple(names)


@cache
def _known_words(model: str) -> set[str]:
    if model == "picto":
        from llu_core.pictoworld.captions import caption_words

        return _words(" ".join(caption_words()))
    if model == "photo":
        from timm.data import ImageNetInfo

        info = ImageNetInfo("imagenet-1k")
        names = (info.index_to_description(label, detailed=False) for label in range(info.num_classes()))
        return _words(" ".join((*names, "a an the of and with in on")))
    return set()


def _words(name: str) -> set[str]:
    """Its words in small letters, a plural by its singular: near enough for word vectors."""
    return {_singular(word) for word in re.findall(r"[^\W\d_]+", name.casefold())}


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def warning(model: str, names: Sequence[str], most: int = 8) -> str:
    """A sentence about the names that `model` was never taught, `most` of them by name; "" where there are none."""
    unknown = untaught(model, names)
    if not unknown:
        return ""
    listed = ", ".join(unknown[:most]) + (f" and {len(unknown) - most} more" if len(unknown) > most else "")
    if model == "picto":
        return f"It was never taught {listed}: such words spoil all of its answers; take another model for them."
    return f"It was never taught {listed}, and guesses from the words that are nearest."
