"""Embeddings, labels and names as people hand them over: unit rows, int64 labels, strings, or a sentence why not."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from llu_core.errors import LluError, shown

_TOLERANCE = 1e-4
"""Lengths that differ from 1 by no more are rounding, and such rows are left as they are, bit for bit."""


class NoDirections(LluError):
    """What some rows are that cannot be brought to length 1; the message says what they have, and in which row."""


def directions(rows: Tensor, first: int = 0) -> Tensor:
    """(n, d) float32 or float64 rows at length 1, of the same type; `first` is the number of the first one.

    Raises NoDirections for a row of zeros, of NaN or of infinite values.
    """
    peak = rows.abs().amax(dim=1, keepdim=True)
    if not (finite := peak.isfinite()).all():
        raise NoDirections(f"NaN or infinite values, first in row {first + int((~finite).int().argmax())}")
    if not peak.all():
        raise NoDirections(f"a row of zeros, row {first + int((peak == 0).int().argmax())}; it has no direction")
    rows = rows / peak  # first, so that the squares of very large or very small rows stay within range
    return rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True)


def unit_rows(given: Any, what: str, like: Tensor | None = None) -> Tensor:
    """(n, d) unit rows of numbers of any type; rows of another length are brought to length 1.

    like: whose type and device they get; float32 on the CPU without one.

    Raises LluError, calling them `what`, for what has no rows or no direction.
    """
    wanted = torch.empty(0, dtype=torch.float32) if like is None else like
    rows = _tensor(given, what).to(wanted.device)
    if rows.ndim != 2 or not rows.shape[1]:
        raise LluError(f"{what} have shape {tuple(rows.shape)}, must be (rows, width); one row is x[None]")
    if rows.dtype == torch.bool or rows.is_complex():
        raise LluError(f"{what} are {str(rows.dtype).removeprefix('torch.')}, must be numbers, as a model gives them")
    as_given = rows.dtype == wanted.dtype and not rows.is_inference()
    if as_given and not rows.requires_grad:
        lengths = torch.linalg.vector_norm(rows, dim=1)
        if bool(((lengths - 1).abs() <= _TOLERANCE).all()):
            return rows
    exact = torch.float64 if rows.dtype.itemsize > 4 or wanted.dtype == torch.float64 else torch.float32
    try:
        return directions(rows.detach().to(exact, copy=True)).to(wanted.dtype)
    except NoDirections as error:
        raise LluError(f"{what} have {error}") from None


def whole_labels(given: Any, what: str) -> Tensor:
    """(n,) int64; raises LluError, with what to do, for anything but whole numbers."""
    labels = _tensor(given, what).cpu()
    if not labels.numel():
        return torch.empty(0, dtype=torch.int64)
    if labels.ndim != 1:
        raise LluError(f"{what} have shape {tuple(labels.shape)}, must be one whole number per row")
    if labels.dtype == torch.bool or labels.is_floating_point() or labels.is_complex():
        kind = str(labels.dtype).removeprefix("torch.")
        raise LluError(f"{what} are {kind}, must be whole numbers: positions in class_names, counted from 0")
    return labels.to(torch.int64)


def require_known(labels: Tensor, classes: int, what: str) -> None:
    """Raise LluError, with what to do, unless all labels are positions among so many classes."""
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    if 0 <= low <= high < classes:
        return
    remedy = "they are counted from 0: subtract 1" if (low, high) == (1, classes) else "give every class its name"
    raise LluError(f"{what} run from {low} to {high} for {classes} class names; {remedy}")


def labelled_rows(X: Any, y: Any, part: str, width: int, classes: int) -> tuple[Tensor, Tensor]:
    """Unit rows (n, width) and their labels (n,); part: what messages say before X and y, "" or "test "."""
    embeddings, labels = unit_rows(X, f"the rows of {part}X"), whole_labels(y, f"the labels of {part}y")
    if embeddings.shape[1] != width:
        raise LluError(f"{part}X is {embeddings.shape[1]} wide and texts are {width} wide; embed both with one model")
    if len(embeddings) != len(labels):
        raise LluError(f"{part}X has {len(embeddings)} rows and {part}y {len(labels)} labels; give one for each row")
    require_known(labels, classes, f"the labels of {part}y")
    return embeddings, labels


def class_names_of(names: Iterable[object]) -> tuple[str, ...]:
    """The names as strings; raises LluError where one is empty or comes twice."""
    if isinstance(names, str):
        raise LluError(f"names is one string, {names[:40]!r}; give a sequence of them, one for each class")
    known = tuple(shown(str(name)).strip() for name in names)
    if not all(known):
        raise LluError(f"the name of class {known.index('')} is empty; give every class one name of its own")
    twice = next((name for name, times in Counter(known).items() if times > 1), None)
    if twice is not None:
        raise LluError(f"class '{twice}' is there twice; give every class one name of its own")
    return known


def _tensor(given: Any, what: str) -> Tensor:
    if isinstance(given, Tensor):
        return given
    try:
        array = np.asarray(given)
        if array.dtype.name == "bfloat16" or (array.dtype.itemsize > 8 and array.dtype.kind == "f"):
            array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
        # torch takes neither another machine's byte order nor rows that run backwards, and warns of what is read-only
        return torch.from_numpy(np.require(array, array.dtype.newbyteorder("="), ["C", "W"]))
    except (TypeError, ValueError, RuntimeError):
        raise LluError(
            f"{what} are no numbers; labels are positions in class_names, for a name class_names.index(name)"
        ) from None
