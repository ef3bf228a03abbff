"""Embeddings kept on disk, so that nothing is encoded twice by the same model."""

import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from llu_core.encoders.encoder import Encoder, OpenClipEncoder
from llu_core.encoders.forms import FLOAT32, HALVES
from llu_core.errors import LluError
from llu_core.files.writing import write_whole

_log = logging.getLogger(__name__)
# So many new inputs are encoded between two writes: an interrupted run keeps most of its work.
_WRITE_EVERY = 2048
_UNIT_TOLERANCE = 1e-3


def default_cache_folder() -> Path:
    """$LLU_CACHE where it is set, else ~/.cache/llu-explorer; raises LluError where nobody knows a home."""
    if chosen := os.environ.get("LLU_CACHE"):
        return Path(os.path.expanduser(chosen))
    try:
        return Path.home() / ".cache" / "llu-explorer"
    except RuntimeError:
        raise LluError(
            "there is no home folder to keep embeddings in; set HOME, name a folder in LLU_CACHE, or use --no-cache"
        ) from None


def model_folder(folder: str | Path, encoder: Encoder) -> Path:
    """The part of a cache folder that belongs to one model."""
    return Path(folder) / hashlib.sha256(encoder.identity.encode()).hexdigest()[:16]


class WrappedEncoder:
    """All of another encoder but how it encodes, which a subclass adds."""

    def __init__(self, encoder: Encoder):
        self.encoder = encoder

    @property
    def identity(self) -> str:
        return self.encoder.identity

    @property
    def width(self) -> int:
        return self.encoder.width

    @property
    def logit_scale(self) -> float:
        return self.encoder.logit_scale

    @property
    def title(self) -> str:
        return self.encoder.title

    @property
    def note(self) -> str:
        return self.encoder.note


class Store(Protocol):
    """Rows (d,) float32 by keys of 32 bytes, as far as they are remembered."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The rows of the keys that are known."""
        ...

    def add(self, rows: Mapping[bytes, np.ndarray]) -> None:
        """Remember rows."""
        ...


class RememberingEncoder(WrappedEncoder):
    """An encoder that remembers. Wraps any Encoder, and is one; where it keeps its rows is up to two stores.

    images: the store of pictures, by `image_key`; whoever can recognise a picture otherwise may keep its row there too.
    """

    def __init__(self, encoder: Encoder, images: Store, texts: Store):
        super().__init__(encoder)
        self.images, self._texts = images, texts

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows, in the order given; only images that are not remembered are encoded."""
        return self._recall(self.images, images, image_key, self.encoder.encode_images)

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows, in the order given; only texts that are not remembered are encoded."""
        return self._recall(self._texts, texts, text_key, self.encoder.encode_texts)

    def _recall(
        self,
        store: Store,
        inputs: Sequence[Any],
        key_of: Callable[[Any], bytes],
        encode: Callable[[list], torch.Tensor],
    ) -> torch.Tensor:
        keys = [key_of(item) for item in inputs]
        rows = store.get(keys)
        missing = {key: item for key, item in zip(keys, inputs, strict=True) if key not in rows}
        waiting = list(missing)
        for start in range(0, len(waiting), _WRITE_EVERY):
            some = waiting[start : start + _WRITE_EVERY]
            new = dict(zip(some, encode([missing[key] for key in some]).numpy(), strict=True))
            store.add(new)
            rows |= new  # a store may be too small for them all
        return (
            torch.from_numpy(np.stack([rows[key] for key in keys]))
            if keys
            else torch.empty(0, self.width, dtype=torch.float32)
        )


def forgetful(encoder: Encoder) -> Encoder:
    """The encoder within one that remembers, for what is asked once and never again; any other as it is."""
    return getattr(encoder, "encoder", encoder)


class CachedEncoder(RememberingEncoder):
    """An encoder that remembers in files, for ever.

    They are named by what they hold and appear whole or not at all, so that many processes may share a folder.
    """

    def __init__(self, encoder: Encoder, folder: str | Path):
        place = model_folder(folder, encoder)
        super().__init__(encoder, FormShelves(place / "images", encoder), Shelf(place / "texts", encoder.width))


def image_key(image: Image.Image) -> bytes:
    """32 bytes that are equal only for equal pixels."""
    digest = hashlib.sha256(f"{image.size} {image.mode} {image.getpalette()}".encode())
    digest.update(image.tobytes())
    return digest.digest()


def text_key(text: str) -> bytes:
    """32 bytes that are equal only for equal texts."""
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class ModelLoader:
    """Makes the encoder of a model, once per process; unlike the model itself it travels cheaply to other processes.

    device: None for CUDA where there is one; cache: the folder of its embeddings, None to remember nothing; precision:
    float32, or auto for what is fastest and agrees with it.
    """

    model: str
    device: str | None = None
    cache: Path | None = None
    precision: Literal["auto", "float32"] = "auto"

    def __call__(self) -> Encoder:
        """Raises LluError for a model that is unknown or cannot be had."""
        return _loaded(self)


@cache
def _loaded(loader: ModelLoader) -> Encoder:
    encoder = OpenClipEncoder.load(loader.model, device=loader.device, precision=loader.precision)
    return encoder if loader.cache is None else CachedEncoder(encoder, loader.cache)


class Shelf:
    """A store of rows of `width` numbers: in memory for this process, in shard files for every other."""

    def __init__(self, folder: Path, width: int):
        self._folder, self._width = folder, width
        self._rows: dict[bytes, np.ndarray] = {}
        self._seen: set[Path] = set()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The rows (d,) that are in memory or, by now, in a file; one thread may ask while another adds."""
        if not self._rows.keys() >= set(keys):
            self._read_new_shards()
        return {key: self._rows[key] for key in keys if key in self._rows}

    def add(self, rows: Mapping[bytes, np.ndarray]) -> None:
        """Remember rows (d,); a folder that cannot be written costs the next process time, and no more."""
        self._rows.update(rows)
        hashes = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), 32)
        values = np.stack(list(rows.values()))
        # Named by its keys: processes at the same work write the same file, and a damaged one is replaced.
        shard = self._folder / f"{hashlib.sha256(hashes.tobytes()).hexdigest()[:32]}.safetensors"
        content = save({"hashes": hashes, "rows": values})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(shard, lambda file: file.write(content))
        except OSError as error:
            _log.warning("Embeddings cannot be kept in %s (%s); they will be computed again.", self._folder, error)
        self._seen.add(shard)

    def _read_new_shards(self) -> None:
        for shard in sorted(self._folder.glob("*.safetensors")):
            if shard in self._seen:
                continue
            self._seen.add(shard)
            try:
                content = load_file(shard)
                hashes, rows = content["hashes"], content["rows"]
                self._check(hashes, rows)
            except (OSError, SafetensorError, KeyError, ValueError) as error:
                _log.warning("The cached embeddings in %s are damaged (%s); they will be computed again.", shard, error)
                continue
            self._rows.update(zip((row.tobytes() for row in hashes), rows, strict=True))

    def _check(self, hashes: np.ndarray, rows: np.ndarray) -> None:
        if hashes.dtype != np.uint8 or rows.dtype != np.float32:
            raise ValueError(f"unexpected types {hashes.dtype} and {rows.dtype}")
        if hashes.shape != (len(rows), 32) or rows.shape != (len(rows), self._width):
            raise ValueError(f"unexpected shapes {hashes.shape} and {rows.shape}")
        if not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=_UNIT_TOLERANCE):
            raise ValueError("not unit rows")


class FormShelves:
    """A store of rows of pictures by the numbers that they were computed with, float32 or a shorter kind.

    All agree, and so an encoder takes any of them; one that is to be exact finds none but those of float32.
    """

    def __init__(self, folder: Path, encoder: Encoder):
        self._encoder = encoder
        exact = getattr(encoder, "exact", True)
        self._shelves = {FLOAT32: Shelf(folder, encoder.width)} | {
            numbers: Shelf(folder / numbers, encoder.width) for numbers in (() if exact else HALVES)
        }

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The rows (d,) of the keys that are known, float32's own where there are any."""
        rows: dict[bytes, np.ndarray] = {}
        for shelf in self._shelves.values():
            rows |= shelf.get([key for key in keys if key not in rows])
        return rows

    def add(self, rows: Mapping[bytes, np.ndarray]) -> None:
        """Remember rows (d,) that the encoder computed last."""
        self._shelves[getattr(self._encoder, "form", FLOAT32)].add(rows)
