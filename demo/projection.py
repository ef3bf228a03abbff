"""Two dimensions for the eye: PCA at once, UMAP when it is ready. Neither takes part in any prediction."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA


@dataclass(frozen=True, eq=False)
class Projection:
    """Coordinates (n, 2) float32 of embeddings, and the method's name."""

    name: str
    points: np.ndarray


def project_pca(embeddings: np.ndarray) -> Projection:
    """The two directions of largest variance; embeddings (n, d). Fewer than three points are laid out in a row."""
    if len(embeddings) < 3:
        return Projection(
            "PCA", np.stack([np.arange(len(embeddings)), np.zeros(len(embeddings))], 1).astype(np.float32)
        )
    points = PCA(n_components=2, random_state=0).fit_transform(embeddings)
    return Projection("PCA", points.astype(np.float32))


def project_umap(embeddings: np.ndarray) -> Projection:
    """UMAP with cosine distance, started from PCA so that the points need not travel far; embeddings (n, d).

    Sets of fewer than 10 points stay with PCA: there are no neighbourhoods to keep.
    """
    start = project_pca(embeddings)
    if len(embeddings) < 10:
        return start
    spread = start.points / max(float(np.abs(start.points).max()), 1e-9) * 10
    neighbours = min(15, len(embeddings) - 1)
    with warnings.catch_warnings():
        # umap and numba report missing extras and their own future, which is nothing a visitor could act on
        warnings.simplefilter("ignore")
        import umap  # here, because numba takes seconds to load

        settings = {"n_neighbors": neighbours, "min_dist": 0.15, "metric": "cosine", "random_state": 0, "n_jobs": 1}
        reducer = umap.UMAP(init=spread, **settings)  # pyright: ignore[reportArgumentType]
        return Projection("UMAP", np.asarray(reducer.fit_transform(embeddings), dtype=np.float32))
