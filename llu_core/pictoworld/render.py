"""Rendering: a `Scene` and a random generator in, a 64 x 64 picture out; the same pair gives the same bytes."""

import numpy as np
from PIL import Image, ImageDraw

from llu_core.pictoworld.shapes import outline
from llu_core.pictoworld.textures import texture_field
from llu_core.pictoworld.vocabulary import (
    BACKDROPS,
    BACKGROUNDS,
    COLOURS,
    COUNTS,
    SHAPES,
    SIZES,
    TEXTURES,
    Scene,
    colour_held_out,
    texture_held_out,
)  # fmt: skip

SIDE = 64
"""Width and height of a picture in pixels."""

_OVERSAMPLING = 4
_RADII = {"small": (10.0, 13.0), "medium": (15.0, 19.0), "large": (22.0, 27.0)}
_RADII_BY_COUNT = {2: (9.5, 13.5), 3: (8.5, 12.0), 4: (8.0, 10.5), 5: (7.5, 9.5)}
_GRID_Y, _GRID_X = np.mgrid[0:SIDE, 0:SIDE].astype(float) + 0.5


def sample_scene(rng: np.random.Generator, *, allow_held_out: bool = True, **fixed) -> Scene:
    """A random scene. `fixed` sets attributes by name; `allow_held_out=False` draws as pretraining does."""
    shape = fixed.get("shape") or SHAPES[rng.integers(len(SHAPES))]
    colours = [c for c in COLOURS if allow_held_out or not colour_held_out(c, shape)]
    textures = [t for t in TEXTURES if allow_held_out or not texture_held_out(t, shape)]
    colour = fixed.get("colour") or colours[rng.integers(len(colours))]
    backgrounds = [b for b in BACKGROUNDS if _contrast(COLOURS[colour], BACKGROUNDS[b]) > 110]
    return Scene(
        shape=shape,
        colour=colour,
        texture=fixed.get("texture") or textures[rng.integers(len(textures))],
        count=fixed.get("count") or (1 if rng.random() < 0.55 else COUNTS[rng.integers(len(COUNTS))]),
        size=fixed.get("size") or SIZES[rng.integers(len(SIZES))],
        background=fixed.get("background") or backgrounds[rng.integers(len(backgrounds))],
        backdrop=fixed.get("backdrop") or BACKDROPS[int(rng.random() < 0.4)],
    )


def render(scene: Scene, rng: np.random.Generator, domain: str = "plain") -> np.ndarray:
    """The picture of `scene`, (64, 64, 3) uint8; `rng` decides place, angle, light and noise.

    `domain`: one of `vocabulary.DOMAINS`; all but "plain" are shifted domains that pretraining never shows.
    """
    places = _place(scene, rng)
    coverage = _coverage(scene.shape, places)
    pattern = _object_texture(scene.texture, places, rng)
    colour = np.clip(np.array(COLOURS[scene.colour]) + rng.normal(0, 7, 3), 0, 255)
    if domain == "sketch":
        return _to_bytes(_sketch(coverage, pattern, colour, rng))
    second = _second_tone(colour, rng.uniform(0.45, 0.6))
    surface = colour + pattern[..., None] * (second - colour)
    behind = _background(scene, rng)
    picture = behind + coverage[..., None] * (surface - behind)
    picture = picture * _light(rng) + rng.normal(0, rng.uniform(0, 7), picture.shape)
    return _to_bytes(_SHIFTS[domain](picture, rng) if domain != "plain" else picture)


def _contrast(a: tuple[int, int, int], b: tuple[int, int, int]) -> float:
    return float(np.linalg.norm(np.subtract(a, b)))


def _to_bytes(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture, 0, 255).astype(np.uint8)


def _place(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """(count, 4): centre x, centre y, radius (pixels) and angle (radians) of every object, none overlapping."""
    low, high = _RADII[scene.size] if scene.count == 1 else _RADII_BY_COUNT[scene.count]
    radius = rng.uniform(low, high)
    places: list[tuple[float, float, float, float]] = []
    while len(places) < scene.count:
        margin = min(radius + 1.5, SIDE / 2 - 1)
        for _ in range(40):
            x, y = rng.uniform(margin, SIDE - margin, 2)
            if all(np.hypot(x - px, y - py) > 2.05 * radius for px, py, *_ in places):
                places.append((x, y, radius, rng.uniform(-0.4, 0.4)))
                break
        else:  # no room left: start again a little smaller
            places, radius = [], radius * 0.96
    return np.array(places)


def _coverage(shape: str, places: np.ndarray) -> np.ndarray:
    """How much of each pixel the objects cover, (64, 64) in [0, 1]; anti-aliased by oversampling."""
    mask = Image.new("L", (SIDE * _OVERSAMPLING, SIDE * _OVERSAMPLING))
    draw = ImageDraw.Draw(mask)
    for x, y, radius, angle in places * [_OVERSAMPLING, _OVERSAMPLING, _OVERSAMPLING, 1]:
        c, s = radius * np.cos(angle), radius * np.sin(angle)
        for polygon, filled in outline(shape):
            draw.polygon((polygon @ [[c, s], [-s, c]] + [x, y]).ravel().tolist(), fill=255 if filled else 0)
    return np.asarray(mask.reduce(_OVERSAMPLING), dtype=float) / 255.0


def _object_texture(texture: str, places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The texture around each pixel's nearest object, (64, 64) in [0, 1]."""
    dx, dy = _GRID_X[..., None] - places[:, 0], _GRID_Y[..., None] - places[:, 1]
    nearest = np.argmin(dx**2 + dy**2, axis=-1)[..., None]
    dx, dy = np.take_along_axis(dx, nearest, -1)[..., 0], np.take_along_axis(dy, nearest, -1)[..., 0]
    turn = rng.uniform(0, np.pi)
    period = np.clip(0.62 * places[0, 2], 7.0, 15.0) * rng.uniform(0.9, 1.1)
    c, s = np.cos(turn) / period, np.sin(turn) / period
    return texture_field(texture, c * dx + s * dy, c * dy - s * dx, rng)


def _second_tone(colour: np.ndarray, amount: float) -> np.ndarray:
    """Dark colours get a lighter second tone, light ones a darker, so that the colour's name stays true."""
    light = colour @ [0.3, 0.59, 0.11] > 140
    return colour + amount * ((0.0 if light else 255.0) - colour) * (1.0 if light else 0.85)


def _background(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """(64, 64, 3) floats: the background colour, plain or under a faint texture."""
    colour = np.array(BACKGROUNDS[scene.background]) + rng.normal(0, 5, 3)
    if scene.backdrop == "plain":
        return np.broadcast_to(colour, (SIDE, SIDE, 3))
    texture = TEXTURES[rng.integers(1, len(TEXTURES))]
    turn, period = rng.uniform(0, np.pi), rng.uniform(6, 14)
    c, s = np.cos(turn) / period, np.sin(turn) / period
    x, y = _GRID_X - SIDE / 2, _GRID_Y - SIDE / 2
    faint = texture_field(texture, c * x + s * y, c * y - s * x, rng) - 0.5
    return colour + rng.uniform(14, 30) * faint[..., None]


def _light(rng: np.random.Generator) -> np.ndarray:
    """(64, 64, 1) factors: overall brightness and a soft gradient from one side."""
    turn = rng.uniform(0, 2 * np.pi)
    ramp = (np.cos(turn) * (_GRID_X - SIDE / 2) + np.sin(turn) * (_GRID_Y - SIDE / 2)) / SIDE
    return (rng.uniform(0.88, 1.06) + rng.uniform(0, 0.22) * ramp)[..., None]


def _sketch(coverage: np.ndarray, pattern: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Outlines only: ink where the shape or its texture has an edge, on paper."""
    down, right = np.gradient(coverage * (1.0 + 0.7 * (pattern > 0.5)))
    ink = np.clip(2.2 * np.hypot(down, right), 0, 1)[..., None]
    paper = rng.uniform(205, 235) + rng.normal(0, 4, (SIDE, SIDE, 3))
    return paper + ink * (0.8 * colour - paper)


def _night(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return picture * [0.16, 0.18, 0.26] + rng.normal(0, 16, picture.shape) + 8


def _negative(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 255.0 - picture


def _mosaic(picture: np.ndarray, rng: np.random.Generator, block: int = 4) -> np.ndarray:
    coarse = picture.reshape(SIDE // block, block, SIDE // block, block, 3).mean(axis=(1, 3))
    return np.kron(coarse, np.ones((block, block, 1)))


_SHIFTS = {"night": _night, "negative": _negative, "mosaic": _mosaic}
