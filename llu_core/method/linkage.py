"""Agglomerative clustering with complete linkage and cosine distance, by chains of nearest neighbours.

Müllner, "Modern hierarchical, agglomerative clustering algorithms", arXiv 1109.2378, algorithm NN-CHAIN: follow nearest
neighbours until two clusters are each other's nearest, merge them, go on. The merges come out of order, but they are
those of the textbook's algorithm, and n chains cost n^2 operations on whole rows where it takes n^3.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 1_024


def complete_linkage(points: Tensor, clusters: int) -> Tensor:
    """(n,) int64 on the CPU, the cluster of each point: 0, 1, ... in the order of their first members.

    points: (n, d), n >= clusters >= 1. No two members of a cluster are further apart than its merges were, the largest
    of which is as small as this greedy order allows. Takes 4 n^2 bytes.
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
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
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
