"""Embeddings and labels as people hand them over, as unit rows and int64 labels, or a sentence why not."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError

_TOLERANCE = 1e-4
"""Lengths that differ from 1 by no more are rounding, and such rows are left as they are, bit for bit."""


def unit_rows(given: Any, what: str, like: Tensor | None = None) -> Tensor:
    """(n, d) unit rows of numbers of any type; rows of another length are brought to length 1.

    like: whose type and device they get; float32 on the CPU without one.

    Raises LluError, calling them `what`, for what has no rows or no direction.
    """
    wanted = torch.empty(0) if like is None else like
    rows = _tensor(given, what).to(wanted.device)
    if rows.ndim != 2:
        raise LluError(f"{what} have shape {tuple(rows.shape)}, must be (rows, width); one row is x[None]")
    if rows.dtype == torch.bool or rows.is_complex():
        raise LluError(f"{what} are {str(rows.dtype).removeprefix('torch.')}, must be numbers, as a model gives them")
    as_given = rows.dtype == wanted.dtype and not rows.is_inference()
    rows = rows if as_given and not rows.requires_grad else rows.detach().to(wanted.dtype, copy=True)
    lengths = torch.linalg.vector_norm(rows, dim=1)
    if not lengths.isfinite().all():
        raise LluError(f"{what} have NaN or infinite values, first in row {int((~lengths.isfinite()).int().argmax())}")
    if not lengths.all():
        raise LluError(f"{what} have a row of zeros, row {int((lengths == 0).int().argmax())}; it has no direction")
    if as_given and bool(((lengths - 1).abs() <= _TOLERANCE).all()):
        return rows
    return F.normalize(rows, dim=1)


def whole_labels(given: Any, what: str) -> Tensor:
    """(n,) int64; raises LluError, with what to do, for anything but whole numbers."""
    labels = _tensor(given, what).cpu()
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


def _tensor(given: Any, what: str) -> Tensor:
    if isinstance(given, Tensor):
        return given
    try:
        return torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        raise LluError(
            f"{what} are no numbers; labels are positions in class_names, for a name class_names.index(name)"
        ) from None
