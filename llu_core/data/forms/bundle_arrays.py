"""The arrays of a feature bundle on their way to tensors: checked by their headers, then by their values."""

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

from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.encoders.rows import NoDirections, directions
from llu_core.errors import LluError, shown
from llu_core.files.archives import open_archive

REQUIRED_KEYS = ("train_features", "train_labels", "test_features", "test_labels", "text_features", "class_names")
OPTIONAL_KEYS = (
    "logit_scale", "train_thumbnails", "test_thumbnails", "val_features", "val_labels", "train_views", "templates",
    "encoder",
)  # fmt: skip
MAX_WIDTH = 8_192
"""Numbers of one embedding: training takes memory with the square of it, over 3 GB here."""
MAX_CLASSES, MAX_NAME_LENGTH, MAX_TEMPLATES = 100_000, 1_000, 1_000
MAX_LOGIT_SCALE = 1e4
"""A hundred times CLIP's; far beyond, probabilities would be no numbers."""

_ROWS = {
    "text_features": ("rows", "width"),
    "train_features": ("rows", "width"),
    "test_features": ("rows", "width"),
    "val_features": ("rows", "width"),
    "train_views": ("views", "rows", "width"),
    "elsewhere_text_features": ("rows", "width"),
    "elsewhere_features": ("rows", "width"),
}
"""The arrays of embeddings, and what their axes are."""
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


@contextmanager
def opened(path: Path, limits: BundleLimits) -> Iterator["BundleArrays"]:
    """The arrays of the file, which is a zip within the limits and has all required keys."""
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
            yield BundleArrays(path.name, stored, limits)
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


class BundleArrays:
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
        for key, axes in ((key, axes) for key, axes in _ROWS.items() if key in self.keys):
            shape = self.shape(key).shape
            if len(shape) != len(axes) or not shape[-1]:
                self.fail(key, f"has shape {shape}, must be ({', '.join(axes)})")
            total += math.prod(shape[:-1]) * (4 * shape[-1] + _ROW_BYTES)
            if total > limits.bytes:
                self.fail(key, f"is too large as float32, over the limit of {limits.bytes >> 20} MB")
            if shape[-1] > limits.width:
                self.fail(key, f"has width {shape[-1]:,}, over the limit of {limits.width:,}; use a smaller model")
        for key in {"class_names", "elsewhere_class_names", "elsewhere_problems"} & self.keys:
            self._check_names(key, "classes", limits.classes)
        for key, what, most in (("templates", "templates", MAX_TEMPLATES), ("encoder", "strings", 2)):
            if key in self.keys:
                self._check_names(key, what, most)

    def _check_names(self, key: str, what: str, most: int) -> None:
        names = self.shape(key)
        if names.dtype.kind != "U" or len(names.shape) != 1 or not names.shape[0]:
            wanted = "(classes,) strings" if what == "classes" else f"one to {most:,} strings, ({what},)"
            self.fail(key, f"has type {names.dtype} and shape {names.shape}, must be {wanted}")
        if names.shape[0] > most:
            self.fail(key, f"has {names.shape[0]:,} {what}, over the limit of {most:,}")
        if (longest := names.dtype.itemsize // 4) > MAX_NAME_LENGTH:
            self.fail(key, f"has a name of {longest:,} characters; use at most {MAX_NAME_LENGTH:,}")

    def part(self, part: str, classes: int, width: int) -> LabelledEmbeddings:
        """The "train", "test" or "val" rows of the bundle."""
        features = self.features(f"{part}_features")
        if features.shape[1] != width:
            self.fail(f"{part}_features", f"has width {features.shape[1]}, text_features has {width}; use one model")
        return LabelledEmbeddings(
            embeddings=features,
            labels=self.labels(f"{part}_labels", len(features), classes),
            names=tuple(f"{part} {row}" for row in range(len(features))),
            thumbnails=self.thumbnails(f"{part}_thumbnails", len(features)),
        )

    def validation(self, classes: int, width: int) -> LabelledEmbeddings:
        """The rows by which hyper-parameters are chosen, none where the bundle has none."""
        there = {"val_features", "val_labels"} & self.keys
        if len(there) == 1:
            (key,) = there
            other = "val_labels" if key == "val_features" else "val_features"
            self.fail(key, f"needs {other} beside it; validation rows are both")
        return self.part("val", classes, width) if there else LabelledEmbeddings.empty(width)

    def views(self, train: LabelledEmbeddings) -> Tensor | None:
        """(K, n, d), K views of each of the n training rows, or None."""
        if "train_views" not in self.keys:
            return None
        shape, wanted = self.shape("train_views").shape, tuple(train.embeddings.shape)
        if shape[1:] != wanted or not shape[0]:
            says = f"must be (views, {wanted[0]}, {wanted[1]}): so many views of every row of train_features"
            self.fail("train_views", f"has shape {shape}, {says}")
        rows = self._rows("train_views", self.array("train_views").reshape(-1, wanted[1]))
        return rows.reshape(shape)

    def templates(self) -> tuple[str, ...]:
        """Those by which text_features were made, () where the bundle does not tell."""
        if "templates" not in self.keys:
            return ()
        templates = tuple(shown(str(entry)) for entry in self.array("templates"))
        without = next((template for template in templates if "{}" not in template), None)
        if without is not None:
            self.fail("templates", f"has {without!r} without {{}}; write {{}} where the class name belongs")
        return templates

    def encoder(self) -> tuple[str, str]:
        """(name, identity) of the model that made the rows, each "" where the bundle does not tell."""
        if "encoder" not in self.keys:
            return "", ""
        name, *identity = (shown(str(entry)).strip() for entry in self.array("encoder"))
        if not name and not any(identity):
            self.fail("encoder", "is empty; give the model's name and, where known, its weights, or leave it out")
        return name, "".join(identity)

    def features(self, key: str) -> Tensor:
        """(n, d) float32 unit rows."""
        return self._rows(key, self.array(key))

    def _rows(self, key: str, array: np.ndarray) -> Tensor:
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
