"""The examples' maps, which come with the app: `python -m demo.hosting.maps.shipped` writes them anew.

A map belongs to the features that it was drawn of. A few numbers of each feature are kept beside it, and where those
of the features at hand are others, the map is drawn anew. Features differ a little from machine to machine.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from demo.hosting.encoders import load_encoder
from demo.session.model import map_points
from demo.session.presets import PRESETS
from demo.session.projection import project_umap
from demo.settings import EMBEDDED
from llu_core.data.embedding import embed
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source

FILE = Path(__file__).with_name("examples.npz")
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


@lru_cache
def shipped_maps() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Fingerprints (n, NUMBERS) and points (n, 2), float32, by the example's source."""
    with np.load(FILE, allow_pickle=False) as arrays:
        names = {name.rpartition("/")[0] for name in arrays.files}
        return {
            name: (arrays[f"{name}/features"].astype(np.float32), arrays[f"{name}/points"].astype(np.float32))
            for name in names
        }


def write(file: Path = FILE) -> None:
    """Draw the maps of all examples, as the embedded model sees them."""
    encoder, arrays = load_encoder(EMBEDDED[0]), dict[str, np.ndarray]()
    for preset in PRESETS.values():
        source = open_source(preset.source)
        assert isinstance(source, ImageSource)
        rows = map_points(embed(source, encoder))
        arrays[f"{preset.source}/features"] = fingerprint(rows).astype(np.float16)
        arrays[f"{preset.source}/points"] = project_umap(rows).points.astype(np.float16)
    np.savez_compressed(file, **arrays)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    write()
