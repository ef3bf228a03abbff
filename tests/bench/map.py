"""What the map costs and keeps: `python tests/bench/map.py FEATURES.npz ...`, on a machine with nothing else to do.

The page's map against UMAP left to its own search and epochs, in seconds of processor time, and how much both keep of
every picture's 15 nearest neighbours (scikit-learn's trustworthiness, 0 to 1), on pictures of feature bundles.
"""

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

import numpy as np
from sklearn.manifold import trustworthiness

from demo.session.projection import project_pca, project_umap
from llu_core.data.bundles import load_bundle

COUNTS = (736, 1_500, 3_000)


def plain_umap(rows: np.ndarray) -> np.ndarray:
    import umap

    start = project_pca(rows).points
    settings = {"n_neighbors": 15, "min_dist": 0.15, "metric": "cosine", "random_state": 0, "n_jobs": 1}
    reducer = umap.UMAP(init=start / np.abs(start).max() * 10, **settings)  # pyright: ignore[reportArgumentType]
    return np.asarray(reducer.fit_transform(rows))


def measured(draw: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> tuple[float, float]:
    """Seconds and trustworthiness."""
    start = time.process_time()
    points = draw(rows)
    seconds = time.process_time() - start
    return seconds, float(trustworthiness(rows, points, n_neighbors=15, metric="cosine"))


def main() -> None:
    warnings.simplefilter("ignore")
    bundles = [load_bundle(path) for path in sys.argv[1:]]
    pictures = np.concatenate([rows.embeddings.numpy() for each in bundles for rows in (each.train, each.test)])
    chosen = np.random.default_rng(0).permutation(len(pictures))
    for draw in (plain_umap, lambda rows: project_umap(rows).points):
        draw(pictures[chosen[:100]])  # numba compiles at the first call
    print("| pictures | page's map | kept | plain UMAP | kept | times faster |\n|---|---|---|---|---|---|")
    for count in COUNTS:
        rows = pictures[chosen[:count]]
        ours, kept = measured(lambda rows: project_umap(rows).points, rows)
        theirs, kept_by_theirs = measured(plain_umap, rows)
        told = f"{ours:.2f} s | {kept:.3f} | {theirs:.2f} s | {kept_by_theirs:.3f} | {theirs / ours:.1f}"
        print(f"| {len(rows):,} | {told} |")


if __name__ == "__main__":
    main()
