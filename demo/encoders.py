"""The encoders that visitors share: each is loaded once, and its embeddings are kept while the process lives."""

import tempfile
import threading
from pathlib import Path

from llu_core.embedding_cache import CachedEncoder
from llu_core.encoder import Encoder, OpenClipEncoder


def load_encoder(name: str, checkpoint: str | None = None) -> Encoder:
    """A cached encoder; embeddings of visitors' pictures go to a folder that ends with the process."""
    return CachedEncoder(OpenClipEncoder.load(name, checkpoint=checkpoint), Path(_folder().name))


class EncoderShelf:
    """Encoders by name; a failed load leaves the shelf as it was."""

    def __init__(self, encoders: dict[str, Encoder]):
        self._encoders, self._lock = dict(encoders), threading.Lock()

    def load(self, name: str, checkpoint: str | None = None) -> Encoder:
        """The encoder of that name, loaded if need be; raises LluError if its weights cannot be had."""
        key = f"{name}@{checkpoint}" if checkpoint else name
        with self._lock:
            if key not in self._encoders:
                self._encoders[key] = load_encoder(name, checkpoint)
            return self._encoders[key]


_folders: list[tempfile.TemporaryDirectory] = []


def _folder() -> tempfile.TemporaryDirectory:
    """One temporary folder per process, made when it is first needed."""
    if not _folders:
        _folders.append(tempfile.TemporaryDirectory(prefix="llu-embeddings-"))
    return _folders[0]
