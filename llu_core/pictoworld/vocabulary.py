"""What the picture world can show, and which combinations pretraining never sees.

A picture shows `count` copies of one shape, in one colour and one texture, before a background. Every
attribute has a word, so a caption can name any subset of them and a program can decide whether it is true.
"""

from dataclasses import dataclass

SHAPES = (
    "circle", "square", "triangle", "diamond", "star", "heart", "cross", "ring", "crescent",
    "arrow", "drop", "flower", "house", "tree", "fish", "bolt", "mushroom", "hourglass",
)  # fmt: skip

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 35, 35),
    "orange": (245, 140, 20),
    "yellow": (248, 220, 40),
    "green": (40, 150, 50),
    "teal": (0, 165, 165),
    "blue": (40, 80, 215),
    "purple": (130, 50, 175),
    "pink": (250, 130, 185),
    "brown": (120, 70, 30),
    "black": (25, 25, 25),
    "gray": (128, 128, 128),
    "white": (246, 246, 246),
}

TEXTURES = (
    "solid", "striped", "dotted", "checked", "zigzag", "grid",
    "ringed", "speckled", "wavy", "brick", "rayed", "halved",
)  # fmt: skip

COUNTS = (1, 2, 3, 4, 5)
COUNT_WORDS = ("one", "two", "three", "four", "five")
SIZES = ("small", "medium", "large")

BACKGROUNDS: dict[str, tuple[int, int, int]] = {
    "white": (250, 250, 248),
    "black": (18, 18, 20),
    "gray": (165, 165, 168),
    "cream": (240, 228, 200),
    "pale blue": (190, 215, 240),
    "pale green": (200, 230, 200),
    "pale pink": (245, 210, 220),
    "dark blue": (25, 35, 85),
    "dark green": (25, 65, 40),
}
BACKDROPS = ("plain", "textured")

DOMAINS = ("plain", "sketch", "night", "negative", "mosaic")
"""Only "plain" is seen in pretraining; the other four are the shifted domains."""


@dataclass(frozen=True)
class Scene:
    """The nameable content of one picture; everything else (place, angle, light, noise) is chance."""

    shape: str
    colour: str
    texture: str
    count: int = 1
    size: str = "medium"
    background: str = "white"
    backdrop: str = "plain"


def colour_held_out(colour: str, shape: str) -> bool:
    """Exactly a quarter of the 216 (colour, shape) pairs; every colour and every shape is still seen."""
    return (list(COLOURS).index(colour) + SHAPES.index(shape)) % 4 == 0


def texture_held_out(texture: str, shape: str) -> bool:
    """Exactly a quarter of the 216 (texture, shape) pairs; every texture and every shape is still seen."""
    return (TEXTURES.index(texture) + SHAPES.index(shape)) % 4 == 2
