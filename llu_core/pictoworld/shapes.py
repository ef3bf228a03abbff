"""The outlines: each shape as polygons in the unit disc, y pointing down, filled or cut out in order."""

from functools import cache

import numpy as np

Outline = list[tuple[np.ndarray, bool]]
"""Polygons with vertices (n, 2) and whether each is filled (True) or cut out (False)."""


def _polar(radius, points: int, start: float = -np.pi / 2) -> np.ndarray:
    """(points, 2) vertices at `radius(angle)` around the origin, the first one on top."""
    angle = start + np.arange(points) * 2 * np.pi / points
    r = radius(angle) if callable(radius) else np.resize(np.asarray(radius, dtype=float), points)
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1)


def _polygon(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, dtype=float)


def _ellipse(cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
    return _polar(1.0, 40) * [rx, ry] + [cx, cy]


def _heart() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3 / 17, -y / 17], axis=1)


def _drop() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    return np.stack([0.72 * np.sin(t) * np.sin(t / 2) ** 1.3 * 1.15, -np.cos(t)], axis=1)


@cache
def outline(shape: str) -> Outline:
    """The polygons of one of `vocabulary.SHAPES`."""
    return _OUTLINES[shape]


_OUTLINES: dict[str, Outline] = {
    "circle": [(_polar(0.9, 48), True)],
    "square": [(_polygon((-0.78, -0.78), (0.78, -0.78), (0.78, 0.78), (-0.78, 0.78)), True)],
    "triangle": [(_polygon((0, -0.95), (0.95, 0.75), (-0.95, 0.75)), True)],
    "diamond": [(_polygon((0, -1), (0.66, 0), (0, 1), (-0.66, 0)), True)],
    "star": [(_polar([1.0, 0.42], 10), True)],
    "heart": [(_heart(), True)],
    "cross": [
        (_polygon((-0.3, -0.9), (0.3, -0.9), (0.3, 0.9), (-0.3, 0.9)), True),
        (_polygon((-0.9, -0.3), (0.9, -0.3), (0.9, 0.3), (-0.9, 0.3)), True),
    ],
    "ring": [(_polar(0.95, 48), True), (_polar(0.45, 40), False)],
    "crescent": [(_polar(0.95, 48), True), (_ellipse(0.5, -0.12, 0.78, 0.78), False)],
    "arrow": [
        (_polygon((0, -1), (0.8, -0.1), (-0.8, -0.1)), True),
        (_polygon((-0.3, -0.15), (0.3, -0.15), (0.3, 0.95), (-0.3, 0.95)), True),
    ],
    "drop": [(_drop(), True)],
    "flower": [(_polar(lambda a: 0.7 + 0.28 * np.cos(5 * (a + np.pi / 2)), 80), True), (_polar(0.2, 24), False)],
    "house": [
        (_polygon((-0.68, -0.2), (0.68, -0.2), (0.68, 0.85), (-0.68, 0.85)), True),
        (_polygon((0, -0.98), (0.95, -0.15), (-0.95, -0.15)), True),
        (_polygon((-0.18, 0.3), (0.18, 0.3), (0.18, 0.85), (-0.18, 0.85)), False),
    ],
    "tree": [
        (_polygon((0, -1), (0.5, -0.3), (-0.5, -0.3)), True),
        (_polygon((0, -0.6), (0.75, 0.45), (-0.75, 0.45)), True),
        (_polygon((-0.16, 0.4), (0.16, 0.4), (0.16, 1), (-0.16, 1)), True),
    ],
    "fish": [
        (_ellipse(-0.22, 0, 0.74, 0.5), True),
        (_polygon((0.3, 0), (0.98, -0.55), (0.98, 0.55)), True),
        (_ellipse(-0.6, -0.12, 0.09, 0.09), False),
    ],
    "bolt": [
        (_polygon((0.25, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.25, 1), (0.6, -0.2), (0.05, -0.2), (0.55, -1)), True)
    ],
    "mushroom": [
        (np.concatenate([_ellipse(0, 0, 0.95, 0.9)[30:], _ellipse(0, 0, 0.95, 0.9)[:11]]), True),
        (_polygon((-0.3, -0.05), (0.3, -0.05), (0.36, 0.9), (-0.36, 0.9)), True),
    ],
    "hourglass": [
        (_polygon((-0.75, -0.92), (0.75, -0.92), (0.1, 0), (0.75, 0.92), (-0.75, 0.92), (-0.1, 0)), True),
    ],
}  # fmt: skip
