"""Feature bundles: few-shot sets that were embedded elsewhere, as one .npz file without pickles.

| key | shape | |
|---|---|---|
| train_features, test_features | (n, d) | numbers; rows need not be normalised; the test part may have no rows |
| train_labels, test_labels | (n,) | integers 0..C-1 |
| text_features | (C, d) | the class names as the model's text tower sees them |
| class_names | (C,) | strings |
| logit_scale | () | optional, 100 if absent |
| train_thumbnails, test_thumbnails | (n, s, s, 3) | optional, uint8 |
| elsewhere_features | (n, d) | optional, like the four below: pictures of closed problems, never trained on |
| elsewhere_labels, elsewhere_text_features | (n,), (K, d) | integers 0..K-1; the K classes of all these problems |
| elsewhere_class_names, elsewhere_problems | (K,) | strings: each class, and the problem that it belongs to |
| elsewhere_thumbnails | (n, s, s, 3) | optional, uint8 |

The first ceil(C/2) classes are the base classes. Other keys are left unread.
"""

import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import IO, NoReturn, TypeVar

import numpy as np
import torch
from torch import Tensor

from llu_core.data.controls import arrays_of_controls, controls_of_bundle
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, first_half
from llu_core.encoders.rows import NoDirections, directions
from llu_core.errors import LluError, shown
from llu_core.files.archives import open_archive
from llu_core.files.writing import write_whole

REQUIRED_KEYS = ("train_features", "train_labels", "test_features", "test_labels", "text_features", "class_names")
OPTIONAL_KEYS = ("logit_scale", "train_thumbnails", "test_thumbnails")
MAX_BUNDLE_BYTES = 8 * 2**30
"""Uncompressed size up to which a bundle is read."""
MAX_WIDTH = 8_192
"""Numbers of one embedding: training takes memory with the square of it, over 3 GB here."""
MAX_CLASSES, MAX_NAME_LENGTH = 100_000, 1_000
MAX_LOGIT_SCALE = 1e4
"""A hundred times CLIP's; far beyond, probabilities would be no numbers."""

# What a row takes beside its numbers: its label and its name.
_ROW_BYTES = 200
# Numbers that are normalised at once, so that a bundle takes little more memory than its rows.
_BLOCK_NUMBERS = 2**20

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class BundleLimits:
    """What is taken of a bundle: bytes that it may unpack to, and that its rows may take in memory; d; C or K."""

    bytes: int
    width: int = MAX_WIDTH
    classes: int = MAX_CLASSES


def load_bundle(path: str | Path, *, max_bytes: int | None = None, limits: BundleLimits | None = None) -> FewShotSet:
    """The few-shot set in the feature bundle at `path`, named after the file, rows normalised to float32.

    A class name that comes again gets a number ("crane", "crane (2)"): ImageNet has such pairs, and names must tell
    classes apart. Raises LluError naming the file and the key for anything that is not a sound bundle.
    limits: checked by what the file says of its arrays, before any is made; max_bytes: those of the command line with
    another limit for the bytes.
    """
    path, limits = Path(path), limits or BundleLimits(max_bytes or MAX_BUNDLE_BYTES)
    with _opened(path, limits) as stored:
        return _read(_Bundle(path.name, stored, limits), path)


def _read(bundle: "_Bundle", path: Path) -> FewShotSet:
    bundle.check_sizes()
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
        controls=controls_of_bundle(bundle, class_names, text.shape[1]),
    )


def save_bundle(path: str | Path, fewshot: FewShotSet) -> Path:
    """Write `fewshot` as a feature bundle to `path` (ending in .npz) and return the path.

    The format holds embeddings, labels, class names, thumbnails, controls and the logit scale; the names of the
    pictures, the templates, the encoder's identity and a base half other than the first ceil(C/2) are not part of it.
    Raises LluError if the file cannot be written; then nothing is left behind, and an older file stays as it was.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise LluError(f"{path.name}: a feature bundle's name must end in .npz")
    arrays = arrays_of_controls(fewshot.controls) | {
        "text_features": fewshot.class_embeddings.numpy(),
        "class_names": np.array(fewshot.class_names, dtype=np.str_),
        "logit_scale": np.asarray(fewshot.logit_scale, np.float32),
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


@contextmanager
def _opened(path: Path, limits: BundleLimits) -> Iterator[zipfile.ZipFile]:
    """The file as a zip within the limits that has all required keys."""
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise LluError(f"{path.name} is not an .npz file; write it with numpy.savez")
        with open_archive(path, max_bytes=limits.bytes) as stored:
            there = set(stored.namelist())
            bare = next((key for key in REQUIRED_KEYS if key in there and f"{key}.npy" not in there), None)
            if bare:
                raise LluError(f"{path.name}: {bare} is not an array; write the bundle with numpy.savez")
            missing = ", ".join(key for key in REQUIRED_KEYS if f"{key}.npy" not in there)
            if missing:
                raise LluError(f"{path.name}: {missing} missing; a bundle holds {', '.join(REQUIRED_KEYS)}")
            yield stored
    except LluError:
        raise
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None
    except Exception:  # on bytes that lie, the zip reader raises nearly every type there is
        raise LluError(f"{path.name} is a damaged .npz file; write it again with numpy.savez") from None


@dataclass(frozen=True)
class _Shape:
    """What an array's header says of it."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @classmethod
    def read(cls, file: IO[bytes]) -> "_Shape":
        versions = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = versions[np.lib.format.read_magic(file)](file)
        return cls(shape, dtype)


class _Bundle:
    """The arrays of one file on their way to tensors; every complaint names the file and the key."""

    def __init__(self, file: str, stored: zipfile.ZipFile, limits: BundleLimits) -> None:
        self.file, self.stored, self.limits = file, stored, limits
        self.keys = {name.removesuffix(".npy") for name in stored.namelist()}

    def fail(self, key: str, what: str) -> NoReturn:
        raise LluError(f"{self.file}: {key} {what}")

    def shape(self, key: str) -> _Shape:
        """What the key's header says; raises LluError for objects and for more than the file has."""
        header = self._loaded(key, _Shape.read)
        if header.dtype.hasobject:
            self.fail(key, "holds Python objects; store numbers or plain strings")
        if math.prod(header.shape) * header.dtype.itemsize > self.stored.getinfo(f"{key}.npy").file_size:
            self.fail(key, "is damaged; write it again with numpy.savez")
        return header

    def array(self, key: str) -> np.ndarray:
        """The key's array, read anew at every call: nothing is kept of it here."""
        self.shape(key)
        return self._loaded(key, lambda file: np.lib.format.read_array(file, allow_pickle=False))

    def _loaded(self, key: str, read: Callable[[IO[bytes]], Loaded]) -> Loaded:
        try:
            with self.stored.open(f"{key}.npy") as file:
                return read(file)
        except Exception:  # as above, for the bytes of one member
            self.fail(key, "is damaged; write it again with numpy.savez")

    def check_sizes(self) -> None:
        """Raise LluError, before any array is made, if one is over the limits or they are together."""
        limits, total = self.limits, 0
        rows = ("text_features", "train_features", "test_features", "elsewhere_text_features", "elsewhere_features")
        for key in (key for key in rows if key in self.keys):
            shape = self.shape(key).shape
            if len(shape) != 2 or not shape[1]:
                self.fail(key, f"has shape {shape}, must be (rows, width)")
            total += shape[0] * (4 * shape[1] + _ROW_BYTES)
            if total > limits.bytes:
                self.fail(key, f"is too large as float32, over the limit of {limits.bytes >> 20} MB")
            if shape[1] > limits.width:
                self.fail(key, f"has width {shape[1]:,}, over the limit of {limits.width:,}; use a smaller model")
        for key in {"class_names", "elsewhere_class_names", "elsewhere_problems"} & self.keys:
            self._check_names(key)

    def _check_names(self, key: str) -> None:
        names, most = self.shape(key), self.limits.classes
        if names.dtype.kind != "U" or len(names.shape) != 1 or not names.shape[0]:
            self.fail(key, f"has type {names.dtype} and shape {names.shape}, must be (classes,) strings")
        if names.shape[0] > most:
            self.fail(key, f"has {names.shape[0]:,} classes, over the limit of {most:,}")
        if (longest := names.dtype.itemsize // 4) > MAX_NAME_LENGTH:
            self.fail(key, f"has a name of {longest:,} characters; use at most {MAX_NAME_LENGTH:,}")

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
        array = self.array(key)
        if array.dtype.kind not in "fiu":
            self.fail(key, f"has type {array.dtype}, must be numbers; write it as float32")
        in_place = array.dtype == np.float32 and array.flags.c_contiguous
        rows = array if in_place else np.empty(array.shape, np.float32)
        step = max(1, _BLOCK_NUMBERS // array.shape[1])
        for start in range(0, len(array), step):
            rows[start : start + step] = self._unit_rows(key, array[start : start + step], start)
        return torch.from_numpy(rows)

    def _unit_rows(self, key: str, array: np.ndarray, first: int) -> np.ndarray:
        """Some rows, from number `first` on, at length 1."""
        with np.errstate(over="ignore"):  # an overflow becomes infinity, which is told below
            rows = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
        try:
            return directions(torch.from_numpy(rows), first).numpy()
        except NoDirections as error:
            self.fail(key, f"has {error}")

    def labels(self, key: str, rows: int, classes: int) -> Tensor:
        """(rows,) int64 in 0..classes-1."""
        array = self.array(key)
        if array.dtype.kind not in "iu":
            what = "names" if array.dtype.kind in "US" else f"type {array.dtype}"
            self.fail(key, f"has {what}, must be whole numbers: positions in class_names, counted from 0")
        if array.ndim != 1 or len(array) != rows:
            self.fail(key, f"has shape {array.shape}, must be ({rows},) like the features' rows")
        one_off = "; subtract 1" if rows and (array.min(), array.max()) == (1, classes) else ""
        if rows and not 0 <= int(array.min()) <= int(array.max()) < classes:
            self.fail(key, f"runs from {array.min()} to {array.max()}, must stay in 0..{classes - 1}{one_off}")
        return torch.from_numpy(array.astype(np.int64))

    def class_names(self) -> tuple[str, ...]:
        """C names, none empty, no two equal."""
        names: dict[str, None] = {}
        for name in self.strings("class_names"):
            numbered = (f"{name} ({again})" for again in count(2))
            names[next(each for each in chain([name], numbered) if each not in names)] = None
        return tuple(names)

    def strings(self, key: str) -> list[str]:
        """The names in an array, none of them empty."""
        names = [shown(str(entry)).strip() for entry in self.array(key)]
        if not all(names):
            self.fail(key, f"has an empty name for label {names.index('')}")
        return names

    def logit_scale(self) -> float:
        """A positive number."""
        array = self.array("logit_scale") if "logit_scale" in self.keys else np.float32(100)
        if array.size != 1 or array.dtype.kind not in "fiu" or not 0 < float(array.item()) <= MAX_LOGIT_SCALE:
            self.fail("logit_scale", f"must be one positive number, at most {MAX_LOGIT_SCALE:g}")
        return float(array.item())

    def thumbnails(self, key: str, rows: int) -> np.ndarray | None:
        """(rows, s, s, 3) uint8."""
        if key not in self.keys:
            return None
        array = self.array(key)
        square = array.ndim == 4 and array.shape[1] == array.shape[2] > 0
        if array.dtype != np.uint8 or not square or array.shape[0] != rows or array.shape[3] != 3:
            self.fail(key, f"has type {array.dtype} and shape {array.shape}, must be uint8 ({rows}, size, size, 3)")
        return array
