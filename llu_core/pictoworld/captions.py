"""Captions: a sentence that names some of a scene's attributes, and which attributes it named.

Knowing what a caption says lets training decide whether it is true of ANY picture, not only of its own.
"""

import re

import numpy as np

from llu_core.pictoworld.vocabulary import BACKDROPS, BACKGROUNDS, COLOURS, COUNT_WORDS, SHAPES, SIZES, TEXTURES, Scene

ATTRIBUTES = ("shape", "colour", "texture", "count", "size", "background", "backdrop")

_PLURALS = {"fish": "fish", "cross": "crosses"}
_SYNONYMS = {
    "gray": "grey",
    "circle": "disc",
    "crescent": "moon",
    "checked": "checkered",
    "drop": "teardrop",
    "bolt": "lightning bolt",
}
_WITH = {
    "solid": "no pattern", "striped": "stripes", "dotted": "dots", "checked": "checks", "zigzag": "zigzags",
    "grid": "a grid", "ringed": "rings", "speckled": "speckles", "wavy": "waves", "brick": "bricks",
    "rayed": "rays", "halved": "two halves",
}  # fmt: skip
_NOUNS = ("shape", "thing", "object", "figure")
_FRAMES = (
    "{}", "{}", "{}", "a photo of {}", "a photo of {}.", "a picture of {}", "a picture of {}.", "an image of {}.",
    "a drawing of {}.", "this is {}.", "there is {}.", "{} in the picture.", "a good photo of {}.", "we see {}.",
)  # fmt: skip
_RATES = {
    "shape": 0.6,
    "colour": 0.45,
    "texture": 0.6,
    "count": 0.3,
    "size": 0.2,
    "background": 0.15,
    "backdrop": 0.1,
}


def caption(
    scene: Scene, rng: np.random.Generator, *, texture_rate: float = _RATES["texture"]
) -> tuple[str, frozenset[str]]:
    """A true sentence about `scene` and the names of the attributes it states (at least one).

    texture_rate: how often it names the texture.
    """
    rates = _RATES | {"texture": texture_rate}
    named = {name for name, rate in rates.items() if rng.random() < rate}
    if scene.count > 1:
        named.discard("size")
    if not named:
        named = {ATTRIBUTES[rng.integers(3)]}
    return _frame(_phrase(scene, named, rng), rng), frozenset(named)


def caption_words() -> frozenset[str]:
    """Every word that a caption may have."""
    shown = (*SHAPES, *COLOURS, *TEXTURES, *COUNT_WORDS, *SIZES, *BACKGROUNDS, *BACKDROPS, *_NOUNS, *_PLURALS.values())
    plurals = (f"{noun}s" for noun in (*SHAPES, *_NOUNS, *_SYNONYMS.values()))
    around = (*_SYNONYMS.values(), *_WITH.values(), *_FRAMES, "a single", "some several", "on with background", "an")
    return frozenset(word for text in (*shown, *plurals, *around) for word in re.findall(r"[a-z]+", text))


def _pick(options, rng: np.random.Generator) -> str:
    return options[rng.integers(len(options))]


def _word(word: str, rng: np.random.Generator) -> str:
    return _SYNONYMS[word] if word in _SYNONYMS and rng.random() < 0.15 else word


def _phrase(scene: Scene, named: set[str], rng: np.random.Generator) -> str:
    """The noun phrase: article or number, adjectives in either order, noun, background."""
    many = scene.count > 1 and ("count" in named or rng.random() < 0.5)
    noun = _word(scene.shape, rng) if "shape" in named else _pick(_NOUNS, rng)
    if many:
        noun = _PLURALS.get(noun, noun + "s")
    adjectives = [_word(getattr(scene, name), rng) for name in ("colour", "texture") if name in named]
    tail = ""
    if "texture" in named and rng.random() < 0.2:
        adjectives.pop()
        tail = f" with {_WITH[scene.texture]}"
    if rng.random() < 0.5:
        adjectives.reverse()
    if "size" in named:
        adjectives.insert(0, scene.size)
    words = " ".join([*adjectives, noun]) + tail + _behind(scene, named)
    if "count" in named:
        number = COUNT_WORDS[scene.count - 1]
        return f"{'a single' if scene.count == 1 and rng.random() < 0.4 else number} {words}"
    if many:
        return _pick(("some ", "several ", ""), rng) + words
    return ("an " if words[0] in "aeiou" else "a ") + words


def _behind(scene: Scene, named: set[str]) -> str:
    described = [getattr(scene, name) for name in ("backdrop", "background") if name in named]
    return f" on a {' '.join(described)} background" if described else ""


def _frame(phrase: str, rng: np.random.Generator) -> str:
    return _pick(_FRAMES, rng).format(phrase)
