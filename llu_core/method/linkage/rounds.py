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
        gone = torch.zeros_like(here, dtype=torch.bool)
        for _ in range(_ROUNDS):
            height, nearest = distances.min(dim=1)
            mutual = (nearest.index_select(0, nearest) == here) & (height < torch.inf)
            joins = mutual & (nearest > here)
            absorbed.append(names.index_select(0, nearest))
            into.append(names)
            heights.append(torch.where(joins, height, torch.inf))  # infinite where nothing is merged
            gone |= mutual ^ joins
            _join(distances, torch.where(joins, nearest, here), gone)
        found, lowest = torch.cat(heights), distances.min()
        merged = found < torch.inf
        if int((merged & (found <= lowest)).sum()) >= needed:
            which = torch.nonzero(merged).flatten()
            return torch.cat(absorbed)[which], torch.cat(into)[which], found[which]
        kept = torch.nonzero(~gone).flatten()
        distances, names = distances.index_select(0, kept).index_select(1, kept), names.index_select(0, kept)


def _join(distances: Tensor, partners: Tensor, gone: Tensor) -> None:
    """Join every cluster with its partner, itself where it has none, and take those that are gone out of reach.

    In place, since a partner comes after the one that it joins; the diagonal stays infinite. As few operations as can
    be: what takes the time of a round on a GPU is that the host starts them.
    """
    for start in range(0, len(distances), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        joined = torch.maximum(distances[rows], distances.index_select(0, partners[rows]))
        torch.maximum(joined, joined.index_select(1, partners), out=distances[rows])
        distances[rows].masked_fill_(gone[rows, None] | gone, torch.inf)
