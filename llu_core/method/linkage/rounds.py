"""Merges of complete linkage many at a time: the way of a GPU.

In every round all pairs that are each other's nearest are merged at once. These are the merges that a chain of nearest
neighbours ends in (`chains`), since a merge brings no two others nearer to each other; a round leaves about four fifths
of the clusters. Several rounds are asked for before the device is waited for.
"""

import torch
from torch import Tensor

_ROUNDS = 4
_ROWS_AT_ONCE = 4_096


def merges_in_rounds(distances: Tensor, needed: int) -> tuple[Tensor, Tensor, Tensor]:
    """At least the `needed` lowest merges, destroying `distances` (n, n), symmetric and infinite on the diagonal:
    (absorbed, into, height), each after those that it builds on; clusters go by the number of one member."""
    names = torch.arange(len(distances), device=distances.device)
    absorbed, into, heights = [], [], []
    while True:
        here = torch.arange(len(distances), device=distances.device)
        alive = torch.ones_like(here, dtype=torch.bool)
        for _ in range(_ROUNDS):
            height, nearest = distances.min(dim=1)
            mutual = (nearest[nearest] == here) & height.isfinite()
            joins, gone = mutual & (here < nearest), mutual & (here > nearest)
            absorbed.append(names[nearest])
            into.append(names)
            heights.append(height.masked_fill(~joins, torch.inf))  # infinite where nothing is merged
            _join(distances, torch.where(joins, nearest, here), gone)
            alive &= ~gone
        found, lowest = torch.cat(heights), distances.min()
        if int((found.isfinite() & (found <= lowest)).sum()) >= needed:
            merged = found.isfinite()
            return torch.cat(absorbed)[merged], torch.cat(into)[merged], found[merged]
        kept = torch.nonzero(alive).flatten()
        distances, names = distances[kept][:, kept], names[kept]


def _join(distances: Tensor, partners: Tensor, gone: Tensor) -> None:
    """Join every cluster with its partner, itself where it has none, and take those that are gone out of reach.

    In place, since a partner comes after the one that it joins.
    """
    for start in range(0, len(distances), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        joined = torch.maximum(distances[rows], distances[partners[rows]])
        joined = torch.maximum(joined, joined[:, partners])
        distances[rows] = joined.masked_fill_(gone[rows, None] | gone, torch.inf)
    distances.fill_diagonal_(torch.inf)
