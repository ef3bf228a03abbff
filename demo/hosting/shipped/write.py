"""`python -m demo.hosting.shipped.write` writes anew what comes with the app of its examples: rows, facts and maps."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from demo.hosting.shipped.file import FILE, write_shipped
from demo.hosting.shipped.maps import fingerprint
from demo.hosting.shipped.models import told_of
from demo.session.model import map_points
from demo.session.presets import PRESETS, load_preset
from demo.session.projection import project_umap
from demo.session.readers import Facts
from demo.session.session import Session
from demo.session.training import train_adapter
from demo.settings import EMBEDDED
from llu_core.encoders.cache import WrappedEncoder, image_key, text_key
from llu_core.encoders.encoder import Encoder, OpenClipEncoder
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from llu_core.steps import drain


class NotingEncoder(WrappedEncoder):
    """Notes the row (d,) of everything that it is asked, by its key."""

    encoder: OpenClipEncoder

    def __init__(self, encoder: OpenClipEncoder):
        super().__init__(encoder)
        self.rows: dict[bytes, np.ndarray] = {}

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows."""
        return self._noted(map(image_key, images), self.encoder.encode_images(images))

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows; raises LluError for a text that the model does not see whole."""
        if not all(self.encoder.sees_whole(texts)):
            raise LluError("an example's texts are longer than its model reads")
        return self._noted(map(text_key, texts), self.encoder.encode_texts(texts))

    def _noted(self, keys: Iterable[bytes], rows: torch.Tensor) -> torch.Tensor:
        self.rows |= zip(keys, rows.numpy(), strict=True)
        return rows


def examples(encoder: Encoder) -> Iterator[tuple[str, Session]]:
    """The source of every example, and the example as the page trains it, read by this encoder."""
    for title, preset in PRESETS.items():
        example = load_preset(Session(encoder, EMBEDDED[0]), title)
        yield preset.source, drain(train_adapter(example, RECIPES["fast"]))


def write() -> None:
    """Write what the embedded models, and all examples as the first of them sees them, give on this machine."""
    models = {name: OpenClipEncoder.load(name, device="cpu", precision="float32") for name in EMBEDDED}
    noting, features, points = NotingEncoder(models[EMBEDDED[0]]), dict[str, np.ndarray](), dict[str, np.ndarray]()
    for source, trained in examples(noting):
        embeddings = map_points(trained.require_model().shots)
        features[source] = fingerprint(embeddings).astype(np.float16)
        points[source] = project_umap(embeddings).points.astype(np.float16)
    keys = np.frombuffer(b"".join(noting.rows), dtype=np.uint8).reshape(-1, 32)
    rows = {"keys": keys, "values": np.stack(list(noting.rows.values()))}
    facts = {name: told_of(name, Facts.of(model)) for name, model in models.items()}
    write_shipped({"rows": rows, "features": features, "points": points}, facts)
    print(f"{len(keys):,} rows, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    write()
