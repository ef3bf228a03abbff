"""Anchor points D: where an update applies fully (paper, section 3.2)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError
from llu_core.method.linkage.complete import complete_linkage
from llu_core.method.statistics.gaussian import group_sums

PAPER_MAX_ANCHORS = 512
EXACT_POINTS = 16_384
"""Up to here (1,000 classes x 16 shots) all points are clustered at once; the distances take 1.07 GB then."""
PART_POINTS = 8_192
"""So many of more points are reduced at a time, in 268 MB; smaller parts would leave points further from anchors."""


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
    return F.normalize(group_sums(points, members, max_anchors), dim=1)


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
    means = F.normalize(group_sums(points, first.to(points.device), count), dim=1)
    return _members(means, clusters)[first]
