"""Parts of a saved adapter, read from its plain values and tensors; what is no such part raises ValueError."""

from typing import Any

import torch
from torch import Tensor

from llu_core.method.elsewhere.familiarity import familiar_from
from llu_core.method.statistics.head import TENSORS, ClassStatistics

MAX_NUMBER = 1e6
"""Weights and labels stay below this; beyond, the products of embeddings would leave the range of float32."""
LABELS = ("anchor_labels", "statistics.targets")


def read_statistics(config: dict[str, Any], tensors: dict[str, Tensor]) -> ClassStatistics | None:
    """The class statistics; files of early releases have none."""
    weight = config.get("statistics")
    if weight is None:
        return None
    return ClassStatistics(*(tensors[f"statistics.{name}"] for name in TENSORS), weight=float(weight))


def read_familiar_from(config: dict[str, Any], anchors: Tensor) -> float | None:
    """As it was saved; early releases did not, and then the anchors stand for the shots, which most of them are."""
    saved = config["familiar_from"] if "familiar_from" in config else familiar_from(anchors, anchors)
    return None if saved is None else float(saved)


def require_tensor(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Finite numbers of this shape, not empty; labels are whole numbers."""
    if tuple(tensor.shape) != shape or 0 in shape:
        raise ValueError(f"{name} is {tuple(tensor.shape)}, expected {shape}")
    if tensor.dtype != (torch.int64 if name in LABELS else torch.float32):
        raise ValueError(f"{name} holds {tensor.dtype}")
    if not tensor.isfinite().all():
        raise ValueError(f"{name} holds numbers that are not finite")
    if tensor.abs().max() > MAX_NUMBER:
        raise ValueError(f"{name} holds numbers beyond {MAX_NUMBER:g}, which no training makes")


def require_pictures(pictures: Tensor | None, anchors: int) -> None:
    """Square pictures, one an anchor, or none at all."""
    if pictures is not None and (
        pictures.ndim != 4
        or len(pictures) != anchors
        or not 0 < pictures.shape[1] == pictures.shape[2]
        or pictures.shape[3] != 3
        or pictures.dtype != torch.uint8
    ):
        raise ValueError(f"anchor_thumbnails is {tuple(pictures.shape)} of {pictures.dtype}")
