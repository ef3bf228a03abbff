"""Feature bundles: few-shot sets that were embedded elsewhere, as one .npz file without pickles.

| key | shape | |
|---|---|---|
| train_features, test_features | (n, d) | numbers; rows need not be normalised; the test part may have no rows |
| train_labels, test_labels | (n,) | integers 0..C-1 |
| text_features | (C, d) | the class names as the model's text tower sees them |
| class_names | (C,) | strings |
| logit_scale | () | optional, 100 if absent |
| train_thumbnails, test_thumbnails | (n, s, s, 3) | optional, uint8 |

The first ceil(C/2) classes are the base classes. Other keys are left unread.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, first_half
from llu_core.errors import LluError, shown
from llu_core.files.archives import open_archive
from llu_core.files.writing import write_whole

REQUIRED_KEYS = ("train_features", "train_labels", "test_features", "test_labels", "text_features", "class_names")
OPTIONAL_KEYS = ("logit_scale", "train_thumbnails", "test_thumbnails")
MAX_BUNDLE_BYTES = 8 * 2**30
"""Uncompressed size up to which a bundle is read."""
MAX_LOGIT_SCALE = 1e4
"""A hundred times CLIP's; far beyond, probabilities would be no numbers."""


def load_bundle(path: str | Path, *, max_bytes: int | None = None) -> FewShotSet:
    """The few-shot set in the feature bundle at `path`, named after the file, rows normalised to float32.

    A class name that comes again gets a number ("crane", "crane (2)"): ImageNet has such pairs, and names must tell
    classes apart. Raises LluError naming the file and the key for anything that is not a sound bundle.
    max_bytes: what it may unpack to and its features may take as float32, MAX_BUNDLE_BYTES if None.
    """
    path, max_bytes = Path(path), max_bytes or MAX_BUNDLE_BYTES
    bundle = _Bundle(path.name, _read_arrays(path, max_bytes), max_bytes)
    class_names = bundle.class_names()
    text = bundle.features("text_features")
    if len(text) != len(class_names):
        bundle.fail("class_names", f"has {len(class_names)} names for {len(text)} rows of text_features")
    train, test = (bundle.part(part, len(class_names), text.shape[1]) for part in ("train", "test"))
    if not len(train):
        bundle.fail("train_features", "has no rows; a few-shot set needs at least one")
    return FewShotSet(
        name=shown(path.stem),
        class_names=class_names,
        class_embeddings=text,
        train=train,
        test=test,
        base_classes=first_half(len(class_names)),
        logit_scale=bundle.logit_scale(),
        bundle=shown(path.name),
    )


def save_bundle(path: str | Path, fewshot: FewShotSet) -> Path:
    """Write `fewshot` as a feature bundle to `path` (ending in .npz) and return the path.

    The format holds embeddings, labels, class names, thumbnails and the logit scale; the names of the pictures, the
    templates, the encoder's identity and a base half other than the first ceil(C/2) classes are not part of it.
    Raises LluError if the file cannot be written; then nothing is left behind, and an older file stays as it was.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise LluError(f"{path.name}: a feature bundle's name must end in .npz")
    arrays = {
        "text_features": fewshot.class_embeddings.numpy(),
        "class_names": np.array(fewshot.class_names, dtype=np.str_),
        "logit_scale": np.float32(fewshot.logit_scale),
    }
    for part, rows in (("train", fewshot.train), ("test", fewshot.test)):
        arrays[f"{part}_features"] = rows.embeddings.numpy()
        arrays[f"{part}_labels"] = rows.labels.numpy()
        if rows.thumbnails is not None:
            arrays[f"{part}_thumbnails"] = rows.thumbnails
    try:
        write_whole(path, lambda file: np.savez(file, **arrays))  # pyright: ignore[reportArgumentType]
    except OSError as error:
        raise LluError(f"{path} cannot be written ({error.strerror or error}); choose another place") from None
    return path


def _read_arrays(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    """The known keys of the file; all required ones are there, none is an object array."""
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise LluError(f"{path.name} is not an .npz file; write it with numpy.savez")
            open_archive(path, max_bytes=max_bytes).close()
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                missing = ", ".join(key for key in REQUIRED_KEYS if key not in stored)
                if missing:
                    raise LluError(f"{path.name}: {missing} missing; a bundle holds {', '.join(REQUIRED_KEYS)}")
                return {key: _read_key(stored, key, path) for key in REQUIRED_KEYS + OPTIONAL_KEYS if key in stored}
    except LluError:
        raise
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None
    except Exception:  # on bytes that lie, the zip reader raises nearly every type there is
        raise LluError(f"{path.name} is a damaged .npz file; write it again with numpy.savez") from None


def _read_key(stored: Mapping[str, np.ndarray], key: str, path: Path) -> np.ndarray:
    try:
        array = stored[key]
    except Exception as error:  # as above, for the bytes of one member
        if "allow_pickle" in str(error):
            raise LluError(f"{path.name}: {key} holds Python objects; store numbers or plain strings") from None
        raise LluError(f"{path.name}: {key} is damaged; write it again with numpy.savez") from None
    if not isinstance(array, np.ndarray):
        raise LluError(f"{path.name}: {key} is not an array; write the bundle with numpy.savez")
    return array


class _Bundle:
    """The arrays of one file on their way to tensors; every complaint names the file and the key."""

    def __init__(self, file: str, arrays: dict[str, np.ndarray], max_bytes: int) -> None:
        self.file, self.arrays, self.max_bytes = file, arrays, max_bytes

    def fail(self, key: str, what: str) -> NoReturn:
        raise LluError(f"{self.file}: {key} {what}")

    def part(self, part: str, classes: int, width: int) -> LabelledEmbeddings:
        """The "train" or "test" rows of the bundle."""
        features = self.features(f"{part}_features")
        if features.shape[1] != width:
            self.fail(f"{part}_features", f"has width {features.shape[1]}, text_features has {width}; use one model")
        return LabelledEmbeddings(
            embeddings=features,
            labels=self.labels(f"{part}_labels", len(features), classes),
            names=tuple(f"{part} {row}" for row in range(len(features))),
            thumbnails=self.thumbnails(f"{part}_thumbnails", len(features)),
        )

    def features(self, key: str) -> Tensor:
        """(n, d) float32 unit rows."""
        array = self.arrays[key]
        if array.dtype.kind not in "fiu":
            self.fail(key, f"has type {array.dtype}, must be numbers")
        if array.ndim != 2 or not array.shape[1]:
            self.fail(key, f"has shape {array.shape}, must be (rows, width)")
        if 4 * array.size > self.max_bytes:
            self.fail(key, f"is too large as float32, over the limit of {self.max_bytes >> 20} MB")
        with np.errstate(over="ignore"):  # an overflow becomes infinity, which is told below
            rows = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
        peak = np.abs(rows).max(axis=1, initial=0.0, keepdims=True)
        if not np.isfinite(peak).all():
            self.fail(key, f"has NaN or infinite values, first in row {int(np.argmin(np.isfinite(peak)))}")
        if not peak.all():
            self.fail(key, f"has a row of zeros, row {int(np.argmin(peak != 0))}; it has no direction")
        rows = rows / peak  # first, so that the squares of very large or very small rows stay within range
        return torch.from_numpy((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))

    def labels(self, key: str, rows: int, classes: int) -> Tensor:
        """(rows,) int64 in 0..classes-1."""
        array = self.arrays[key]
        if array.dtype.kind not in "iu":
            self.fail(key, f"has type {array.dtype}, must be whole numbers")
        if array.ndim != 1 or len(array) != rows:
            self.fail(key, f"has shape {array.shape}, must be ({rows},) like the features' rows")
        if rows and not 0 <= int(array.min()) <= int(array.max()) < classes:
            self.fail(key, f"runs from {array.min()} to {array.max()}, must stay in 0..{classes - 1} (class_names)")
        return torch.from_numpy(array.astype(np.int64))

    def class_names(self) -> tuple[str, ...]:
        """C names, none empty, no two equal."""
        array = self.arrays["class_names"]
        if array.dtype.kind != "U" or array.ndim != 1 or not len(array):
            self.fail("class_names", f"has type {array.dtype} and shape {array.shape}, must be (classes,) strings")
        names: dict[str, None] = {}
        for label, name in enumerate(shown(str(entry)).strip() for entry in array):
            if not name:
                self.fail("class_names", f"has an empty name for label {label}")
            again, unique = 1, name
            while unique in names:
                again += 1
                unique = f"{name} ({again})"
            names[unique] = None
        return tuple(names)

    def logit_scale(self) -> float:
        """A positive number."""
        array = self.arrays.get("logit_scale", np.float32(100))
        if array.size != 1 or array.dtype.kind not in "fiu" or not 0 < float(array.item()) <= MAX_LOGIT_SCALE:
            self.fail("logit_scale", f"must be one positive number, at most {MAX_LOGIT_SCALE:g}")
        return float(array.item())

    def thumbnails(self, key: str, rows: int) -> np.ndarray | None:
        """(rows, s, s, 3) uint8."""
        array = self.arrays.get(key)
        if array is None:
            return None
        square = array.ndim == 4 and array.shape[1] == array.shape[2] > 0
        if array.dtype != np.uint8 or not square or array.shape[0] != rows or array.shape[3] != 3:
            self.fail(key, f"has type {array.dtype} and shape {array.shape}, must be uint8 ({rows}, size, size, 3)")
        return array
