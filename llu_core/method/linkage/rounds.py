"""Merges of complete linkage many at a time: the way of a GPU.

In every round all pairs that are each other's nearest are merged at once. These are the merges that a chain of nearest
neighbours ends in (`chains`), since a merge brings no two others nearer to each other; a round takes a few passes over
the distances, and leaves about four fifths of the clusters.
"""

import torch
from torch import Tensor

_ROWS_AT_ONCE = 1_024


def merges_in_rounds(distances: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The n - 1 merges, destroying `distances` (n, n), symmetric and infinite on the diagonal: (absorbed, into,
    height), each before those that build on it; clusters go by the number of one member."""
    names = torch.arange(len(distances), device=distances.device)
    merges: list[tuple[Tensor, ...]] = [(names[:0], names[:0], distances[0, :0])]
    while len(distances) > 1:
        heights, nearest = distances.min(dim=1)
        here = torch.arange(len(distances), device=distances.device)
        mutual = nearest[nearest] == here
        into = torch.nonzero(mutual & (here < nearest)).flatten()
        merges.append((names[nearest[into]], names[into], heights[into]))
        kept = torch.nonzero(~mutual | (here < nearest)).flatten()
        partners = torch.where(mutual, nearest, here)[kept]
        distances, names = _merged(distances, kept, partners), names[kept]
    absorbed, into, heights = (torch.cat(parts) for parts in zip(*merges, strict=True))
    return absorbed, into, heights


def _merged(distances: Tensor, kept: Tensor, partners: Tensor) -> Tensor:
    """The distances of the kept clusters, joined with their partners (themselves where there is none), in the memory of
    the old ones: a row is written where rows up to it were, and a partner comes after the one that it joins."""
    count = len(kept)
    result = distances.view(-1)[: count * count].view(count, count)
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        joined = torch.maximum(distances[kept[rows]], distances[partners[rows]])
        result[rows] = torch.maximum(joined[:, kept], joined[:, partners])
    return result.fill_diagonal_(torch.inf)
