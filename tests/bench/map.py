"""What the map costs and keeps: `python tests/bench/map.py [FEATURES.npz ...]`.

The page's map against UMAP left to its own search and epochs, in seconds of processor time, and how much both keep of
every picture's 15 nearest neighbours (scikit-learn's trustworthiness, 0 to 1), on the pictures of feature bundles, or
of the page's examples where none are named. One thread each, as on the page.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

import numpy as np
from sklearn.manifold import trustworthiness

from demo.hosting.encoders import load_encoder
from demo.session.presets import PRESETS
from demo.session.projection import project_pca, project_umap
from llu_core.data.bundles import load_bundle
from llu_core.data.embedding import embed
from llu_core.data.fewshot import FewShotSet
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source

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


def examples() -> list[FewShotSet]:
    encoder = load_encoder("picto")
    sources = (open_source(each.source) for each in PRESETS.values())
    return [embed(source, encoder) for source in sources if isinstance(source, ImageSource)]


def main() -> None:
    warnings.simplefilter("ignore")
    sets = [load_bundle(path) for path in sys.argv[1:]] or examples()
    rows = (part.embeddings.numpy() for each in sets for part in (each.train, each.test))
    pictures = np.unique(np.concatenate(list(rows)), axis=0)
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
