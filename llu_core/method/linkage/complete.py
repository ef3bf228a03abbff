"""Agglomerative clustering with complete linkage on cosine distances, on the device where the points are."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.linkage.chains import chained_merges
from llu_core.method.linkage.rounds import merges_in_rounds

_ROWS_AT_ONCE = 1_024


def complete_linkage(points: Tensor, clusters: int) -> Tensor:
    """(n,) int64 on the CPU, the cluster of each point: 0, 1, ... in the order of their first members.

    points: (n, d), n >= clusters >= 1. No two members of a cluster are further apart than its merges were, the largest
    of which is as small as this greedy order allows.

    A processor merges one pair after another, a GPU all pairs that are each other's nearest at once; where distances
    are all different, the merges are the same. Takes 4 n^2 bytes on a processor and up to 15 n^2 on a GPU; scipy's
    `linkage` gives the same clusters as fast, but holds float64 distances twice, in 8 n^2 bytes: a gigabyte more for
    16,384 points.
    """
    distances, needed = _cosine_distances(points.detach()), len(points) - clusters
    if distances.device.type == "cpu":
        absorbed, into, heights = chained_merges(distances.numpy())
    else:
        absorbed, into, heights = (part.cpu().numpy() for part in merges_in_rounds(distances, needed))
    lowest = heights.argsort(kind="stable")[:needed]
    return _numbered(_merged(absorbed[lowest], into[lowest], len(points)))


def _cosine_distances(points: Tensor) -> Tensor:
    """(n, n) float32, exactly symmetric, or chains could run in circles; infinite on the diagonal."""
    rows = F.normalize(points.float(), dim=1)
    distances = torch.empty(len(rows), len(rows), dtype=rows.dtype, device=rows.device)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE)
        right = 1 - rows[block] @ rows[start:].T
        distances[block, start:] = right
        distances[start:, block] = right.T
        distances[block, block] = torch.maximum(distances[block, block], distances[block, block].T)
    return distances.fill_diagonal_(torch.inf)


def _merged(absorbed: np.ndarray, into: np.ndarray, points: int) -> np.ndarray:
    """(n,) a member that stands for the cluster of each point after these merges."""
    parents = np.arange(points)
    parents[absorbed] = into
    while True:
        further = parents[parents]
        if (further == parents).all():
            return parents
        parents = further


def _numbered(parents: np.ndarray) -> Tensor:
    """(n,) int64, the clusters that go by one member's number, numbered by their first members."""
    _, first, members = np.unique(parents, return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[first.argsort()] = np.arange(len(first))
    return torch.from_numpy(rank[members])
