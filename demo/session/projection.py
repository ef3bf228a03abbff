"""Two dimensions for the eye: PCA at once, UMAP when it is ready. Neither takes part in any prediction."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

NEIGHBOURS = 5
"""A further picture is placed amid so many of those on the map."""
FEWEST = 10
"""Fewer pictures than these have no neighbourhoods that UMAP could keep."""
EPOCHS = 200
"""Of UMAP; tests/bench/map.py tells what maps of less than half of its own 500 keep of the neighbourhoods."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Coordinates (n, 2) float32 of embeddings (n, d), unit rows, and the projection's name."""

    name: str
    points: np.ndarray
    embeddings: np.ndarray

    def place(self, rows: np.ndarray) -> np.ndarray:
        """Where further embeddings (m, d) lie on this map, (m, 2) float32; the map itself stays as it is.

        Amid the pictures most similar to each, the more similar the nearer: what is on the map already lies on itself.
        """
        count = min(NEIGHBOURS, len(self.embeddings))
        similarities = rows @ self.embeddings.T
        nearest = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
        distances = 1 - np.take_along_axis(similarities, nearest, axis=1)
        weights = 1 / np.maximum(distances, 1e-6)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("mk,mkx->mx", weights, self.points[nearest]).astype(np.float32)


def project_pca(embeddings: np.ndarray) -> Projection:
    """The two directions of largest variance; embeddings (n, d). Fewer than three points are laid out in a row."""
    count = len(embeddings)
    if count < 3:
        points = np.stack([np.arange(count), np.zeros(count)], 1).astype(np.float32)
        return Projection("PCA", points, embeddings)
    centred = embeddings - embeddings.mean(axis=0, dtype=np.float64)
    return Projection("PCA", (centred @ _principal_axes(centred)).astype(np.float32), embeddings)


def _principal_axes(centred: np.ndarray) -> np.ndarray:
    """(d, 2) directions of largest variance of rows (n, d), each turned so that its largest entry is positive.

    They are sought on the smaller side, among the rows where these are fewer than the dimensions.
    """
    wide = len(centred) < centred.shape[1]
    products = centred @ centred.T if wide else centred.T @ centred
    axes = np.linalg.eigh(products)[1][:, :-3:-1]  # eigenvalues come in ascending order
    if wide:
        axes = centred.T @ axes
        axes /= np.maximum(np.linalg.norm(axes, axis=0), 1e-12)  # there may be no variance at all
    return axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))


def project_umap(embeddings: np.ndarray) -> Projection:
    """UMAP with cosine distance, started from PCA so that the points need not travel far; embeddings (n, d).

    Sets of fewer than `FEWEST` points stay with PCA, and those of which all points are the same: there are no
    neighbourhoods to keep.
    """
    start = project_pca(embeddings)
    if len(embeddings) < FEWEST:
        return start
    spread = start.points / max(float(np.abs(start.points).max()), 1e-9) * 10
    count = min(15, len(embeddings) - 1)
    neighbours = (*_nearest(embeddings, count), None)  # umap's own search takes most of its time, and finds the same
    settings = {"n_neighbors": count, "min_dist": 0.15, "metric": "cosine", "random_state": 0, "n_jobs": 1}
    with _quiet():
        import umap  # here, because numba takes seconds to load

        reducer = umap.UMAP(init=spread, n_epochs=EPOCHS, precomputed_knn=neighbours, **settings)  # pyright: ignore
        points = np.asarray(reducer.fit_transform(embeddings), dtype=np.float32)
    return Projection("UMAP", points, embeddings) if np.isfinite(points).all() else start


def _nearest(rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest of unit rows (n, d) to each, itself first: indices (n, count) and cosine distances."""
    similarities = rows @ rows.T
    np.fill_diagonal(similarities, 2)
    indices = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(similarities, indices, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    distances = np.maximum(1 - np.take_along_axis(found, order, axis=1), 0)
    return np.take_along_axis(indices, order, axis=1).astype(np.int32), distances.astype(np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """umap and numba report missing extras and their own future, which is nothing a visitor could act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def keep_compiled() -> None:
    """Keep, for the next process, what numba compiles of umap; umap itself has it keep the smaller half."""
    with _quiet():
        import umap.layouts
        import umap.umap_
        from numba.core.dispatcher import Dispatcher

    for module in (umap.umap_, umap.layouts):
        for function in vars(module).values():
            if isinstance(function, Dispatcher):
                function.enable_caching()
