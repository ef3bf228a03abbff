"""The examples' maps, which come with the app.

A map belongs to the features that it was drawn of. A few numbers of each feature are kept beside it, and where those
of the features at hand are others, the map is drawn anew. Features differ a little from machine to machine.
"""

from functools import cache

import numpy as np

from demo.hosting.shipped.file import shipped_arrays

NUMBERS = 4
"""Of every feature; they are its products with fixed directions."""
TOLERANCE = 0.02


def shipped_map(embeddings: np.ndarray) -> np.ndarray | None:
    """The points (n, 2) float32 that come with the app for embeddings (n, d); None where they are no example's."""
    mine = fingerprint(embeddings)
    for fingerprints, points in shipped_maps().values():
        if fingerprints.shape == mine.shape and np.allclose(fingerprints, mine, rtol=0, atol=TOLERANCE):
            return points
    return None


def fingerprint(embeddings: np.ndarray) -> np.ndarray:
    """(n, NUMBERS) of embeddings (n, d)."""
    return embeddings @ np.random.default_rng(0).standard_normal((embeddings.shape[1], NUMBERS), dtype=np.float32)


@cache
def shipped_maps() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Fingerprints (n, NUMBERS) and points (n, 2), float32, by the example's source."""
    features, points = shipped_arrays("features"), shipped_arrays("points")
    return {name: (features[name].astype(np.float32), points[name].astype(np.float32)) for name in points}
