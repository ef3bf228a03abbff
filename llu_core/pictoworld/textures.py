"""The textures: where the second tone of a colour lies on an object, in [0, 1] per pixel."""

from collections.abc import Callable

import numpy as np

TAU = 2 * np.pi


def texture_field(texture: str, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Strength of the second tone, (h, w) in [0, 1].

    `x`, `y`: coordinates (h, w) around the object's centre, in units of the texture's period.
    `texture`: one of `vocabulary.TEXTURES`. `rng` is used by the irregular ones only.
    """
    if texture == "solid":
        return np.zeros_like(x)
    if texture == "speckled":
        blocks = rng.random((x.shape[0] // 2 + 1, x.shape[1] // 2 + 1)) < 0.27
        return np.kron(blocks, np.ones((2, 2)))[: x.shape[0], : x.shape[1]]
    return np.clip(0.5 + 2.5 * _FIELDS[texture](x, y), 0.0, 1.0)


def _cell(t: np.ndarray) -> np.ndarray:
    """Position inside the unit cell, in [-0.5, 0.5)."""
    return t - np.floor(t) - 0.5


def _bricks(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    y = y * 1.6
    shifted = x * 0.62 + 0.5 * (np.floor(y) % 2)
    return 2.5 * (0.13 - np.minimum(0.5 - np.abs(_cell(y)), (0.5 - np.abs(_cell(shifted))) * 1.7))


_FIELDS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "striped": lambda x, y: np.sin(TAU * x),
    "dotted": lambda x, y: 2.5 * (0.3 - np.hypot(_cell(x), _cell(y))),
    "checked": lambda x, y: 1.5 * np.sin(np.pi * 1.3 * x) * np.sin(np.pi * 1.3 * y),
    "zigzag": lambda x, y: np.sin(TAU * (x + 1.1 * np.abs(_cell(y)))),
    "grid": lambda x, y: 3.0 * (0.13 - np.minimum(np.abs(_cell(x)), np.abs(_cell(y)))),
    "ringed": lambda x, y: np.sin(TAU * (np.hypot(x, y) + 0.1)),
    "wavy": lambda x, y: np.sin(TAU * (x + 0.42 * np.sin(TAU * 0.42 * y))),
    "brick": _bricks,
    "rayed": lambda x, y: 2 * np.sin(7 * np.arctan2(y, x)),
    "halved": lambda x, y: 2 * x,
}
