"""Anchor points D: where an update applies fully (paper, section 3.2)."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError

PAPER_MAX_ANCHORS = 512
EXACT_POINTS = 16_384
"""Up to here (1,000 classes x 16 shots) all points are clustered at once; the distances take 1.07 GB then."""
PART_POINTS = 8_192
"""So many of more points are reduced at a time, in 268 MB; smaller parts would leave points further from anchors."""

_ROWS_AT_ONCE = 1_024


def cluster_anchors(points: Tensor, max_anchors: int | None = PAPER_MAX_ANCHORS) -> Tensor:
    """At most `max_anchors` anchors that stand for `points`.

    points: (n, d), unit rows. Returns (m, d), unit rows: the points themselves where n <= max_anchors or
    max_anchors is None; otherwise the normalised means of agglomerative clusters (cosine distance, complete
    linkage), so that no member is far from its anchor. Past EXACT_POINTS points, whose distances would take gigabytes,
    parts of PART_POINTS are clustered first, each to its share of EXACT_POINTS / 2 means, and then these means:
    the time then grows with n, not with its square, the memory not at all.
    Raises LluError if max_anchors is below 1.
    """
    if max_anchors is not None and max_anchors < 1:
        raise LluError(f"max_anchors is {max_anchors}; give at least 1, or none to keep every point as an anchor")
    if max_anchors is None or len(points) <= max_anchors:
        return points
    members = _members(points, max_anchors).to(points.device)
    return F.normalize(_sums(points, members, max_anchors), dim=1)


def _members(points: Tensor, clusters: int) -> Tensor:
    """(n,) int64, the cluster of each point."""
    if len(points) <= EXACT_POINTS:
        return complete_linkage(points, clusters)
    parts = points.split(math.ceil(len(points) / math.ceil(len(points) / PART_POINTS)))
    reduced = max(clusters, EXACT_POINTS // 2)
    members, count, done = [], 0, 0
    for part in parts:
        done += len(part)
        share = max(1, reduced * done // len(points) - count)
        members.append(count + complete_linkage(part, share))
        count += share
    first = torch.cat(members)
    if count <= clusters:
        return first
    means = F.normalize(_sums(points, first.to(points.device), count), dim=1)
    return _members(means, clusters)[first]


def _sums(points: Tensor, members: Tensor, clusters: int) -> Tensor:
    return torch.zeros(clusters, points.shape[1], device=points.device, dtype=points.dtype).index_add_(
        0, members, points
    )


def complete_linkage(points: Tensor, clusters: int) -> Tensor:
    """(n,) int64 on the CPU, the cluster of each point: 0, 1, ... in the order of their first members.

    points: (n, d), n >= clusters >= 1. No two members of a cluster are further apart than its merges were, the largest
    of which is as small as this greedy order allows.

    Clusters are merged along chains of nearest neighbours (Müllner, "Modern hierarchical, agglomerative clustering
    algorithms", arXiv 1109.2378, NN-CHAIN): follow nearest neighbours until two clusters are each other's nearest,
    merge them, go on. The merges come out of order, but they are those of the textbook's algorithm, and n chains cost
    n^2 operations on whole rows where it takes n^3. Takes 4 n^2 bytes; scipy's `linkage` gives the same clusters as
    fast, but holds float64 distances twice, in 8 n^2 bytes: a gigabyte more for EXACT_POINTS.
    """
    distances = _cosine_distances(points.detach().cpu())
    parents = _merges_kept(*_nearest_neighbour_chains(distances), clusters)
    _, first, members = np.unique(parents, return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[first.argsort()] = np.arange(len(first))
    return torch.from_numpy(rank[members])


def _cosine_distances(points: Tensor) -> np.ndarray:
    """(n, n) float32, exactly symmetric, or chains could run in circles; infinite on the diagonal."""
    rows = F.normalize(points.float(), dim=1)
    distances = torch.empty(len(rows), len(rows), dtype=rows.dtype)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE)
        right = 1 - rows[block] @ rows[start:].T
        distances[block, start:] = right
        distances[start:, block] = right.T
        distances[block, block] = torch.maximum(distances[block, block], distances[block, block].T)
    return distances.fill_diagonal_(torch.inf).numpy()


def _nearest_neighbour_chains(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n - 1 merges, destroying `distances`: (absorbed, into, height); clusters go by the number of one member."""
    merges = len(distances) - 1
    absorbed, into = np.empty((2, merges), dtype=np.int64)
    heights = np.empty(merges)
    gone = np.zeros(len(distances), dtype=distances.dtype)  # infinite where a cluster has been absorbed
    reachable = np.empty_like(gone)
    chain: list[int] = []
    for merge in range(merges):
        chain = chain or [int(gone.argmin())]
        while True:
            here = chain[-1]
            row = distances[here]
            nearest = int(np.add(row, gone, out=reachable).argmin())
            if len(chain) > 1 and row[chain[-2]] <= row[nearest]:
                break
            chain.append(nearest)
        here, before = chain.pop(), chain.pop()
        absorbed[merge], into[merge], heights[merge] = here, before, row[before]
        gone[here] = np.inf
        np.maximum(row, distances[before], out=distances[before])  # complete linkage
        distances[:, before] = distances[before]
    return absorbed, into, heights


def _merges_kept(absorbed: np.ndarray, into: np.ndarray, heights: np.ndarray, clusters: int) -> np.ndarray:
    """(n,) a member that stands for the cluster of each point after all merges but the highest `clusters` - 1."""
    points = len(heights) + 1
    kept = heights.argsort(kind="stable")[: points - clusters]
    parents = np.arange(points)
    parents[absorbed[kept]] = into[kept]
    while True:
        further = parents[parents]
        if (further == parents).all():
            return parents
        parents = further
