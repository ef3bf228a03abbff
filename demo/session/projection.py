"""Two dimensions for the eye: PCA at once, UMAP when it is ready. Neither takes part in any prediction."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Projection:
    """Coordinates (n, 2) float32 of embeddings, and the projection's name.

    place: where further embeddings (m, d) would lie on this map, (m, 2) float32; the map itself stays as it is.
    held: what `place` keeps in memory, as far as it is large.
    """

    name: str
    points: np.ndarray
    place: Callable[[np.ndarray], np.ndarray]
    held: np.ndarray | None = None


def project_pca(embeddings: np.ndarray) -> Projection:
    """The two directions of largest variance; embeddings (n, d). Fewer than three points are laid out in a row."""
    if len(embeddings) < 3:
        return Projection("PCA", _in_a_row(0, len(embeddings)), lambda more: _in_a_row(len(embeddings), len(more)))
    centre = embeddings.mean(axis=0, dtype=np.float64)
    axes = _principal_axes(embeddings - centre)

    def place(rows: np.ndarray) -> np.ndarray:
        return ((rows - centre) @ axes).astype(np.float32)

    return Projection("PCA", place(embeddings), place)


def _principal_axes(centred: np.ndarray) -> np.ndarray:
    """(d, 2) directions of largest variance of rows (n, d), each turned so that its largest entry is positive."""
    axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]  # eigenvalues come in ascending order
    return axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))


def _in_a_row(start: int, count: int) -> np.ndarray:
    return np.stack([np.arange(start, start + count), np.zeros(count)], 1).astype(np.float32)


def project_umap(embeddings: np.ndarray) -> Projection:
    """UMAP with cosine distance, started from PCA so that the points need not travel far; embeddings (n, d).

    Sets of fewer than 10 points stay with PCA: there are no neighbourhoods to keep.
    """
    start = project_pca(embeddings)
    if len(embeddings) < 10:
        return start
    spread = start.points / max(float(np.abs(start.points).max()), 1e-9) * 10
    neighbours = min(15, len(embeddings) - 1)
    with _quiet():
        import umap  # here, because numba takes seconds to load

        settings = {"n_neighbors": neighbours, "min_dist": 0.15, "metric": "cosine", "random_state": 0, "n_jobs": 1}
        reducer = umap.UMAP(init=spread, **settings)  # pyright: ignore[reportArgumentType]
        points = np.asarray(reducer.fit_transform(embeddings), dtype=np.float32)

    def place(rows: np.ndarray) -> np.ndarray:
        if not len(rows):
            return np.empty((0, 2), dtype=np.float32)
        with _quiet():
            return np.asarray(reducer.transform(rows), dtype=np.float32)

    return Projection("UMAP", points, place, embeddings)


@contextmanager
def _quiet() -> Iterator[None]:
    """umap and numba report missing extras and their own future, which is nothing a visitor could act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
