"""How several sets share a point, and whose names a picture finds probable.

A picture is a set's as far as the set's anchors are dense where it lies. Let a be the m_k image anchors of set k. Then

    p_k(x) = mean over a of exp(SHARPNESS x . a),    w_k = p_k / sum_j p_j

is the share of set k in the picture: how probable the set is where each is a mixture of von Mises-Fisher distributions
around its anchors and none is expected more than another. A name is the set's that has the nearest anchor c_k:
w_k = exp(NAME_SHARPNESS c_k) / sum_j exp(NAME_SHARPNESS c_j). Set k's own eq. 5 there, alpha_k, becomes w_k alpha_k.
The total is a mean of the alphas, which is at most the largest of them and so at most the largest beta. A set whose
anchors are further from a picture by d than the nearest of another set's m has at most m exp(-SHARPNESS d) of it.

Sets that never saw each other cannot know whose names to prefer for a picture; their anchors do. Of the probability
that the names asked about have by the logits so far, let v_k be the part that falls to names of set k. The anchors say
that it should be w_k. So the logit of class text t for picture x gains

    near(x) near(t) log sum_k w_k(t) u_k(x) / v_k(x),

where u is w among the sets that names were asked of (w_k times the largest near_k(t) there is), u and v add up to 1,
and near is the mask of class statistics, sum_k w_k near_k share(beta_k), exactly 0 at a right angle and beyond. What is
far from all sets, picture or name, gains and loses nothing; nor does anything where names of one set alone were asked,
or where one set is alone. Near the anchors, the names of set k are then together as probable as the set is, and among
themselves as they were.

SHARPNESS and NAME_SHARPNESS hold for all sets alike. They were chosen among 20 to 100 and 100 to 3,000 on training
folds of two sets of real CLIP features and of seven built-in sets, none of whose test pictures were asked: a quarter of
the shots held back in turn, and either half of a set's taught classes taken for new ones; by taught and new classes,
each asked alone and all at once, recipes "fast" and "best", and by training pictures of plain sets that none of those
is. From 40 to 60 and from 300 to 1,000 the folds hardly differ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llu_core.errors import LluError
from llu_core.method.statistics.head import IMAGE_GAMMA, TEXT_GAMMA, nearness

SHARPNESS = 50.0
NAME_SHARPNESS = 500.0
_LEAST = 1e-30
"""What is less probable counts as this, so that its logarithm is finite."""


@dataclass(frozen=True, eq=False)
class Near:
    """Where n points are among K sets. nearest (n, K): cosines to the nearest anchors; shares (n, K): w, every row
    adding up to 1."""

    nearest: Tensor
    shares: Tensor

    def mask(self, gamma: float, full: Tensor) -> Tensor:
        """(n, K): w times the mask of class statistics; full (K,): share(beta) of each set."""
        return self.shares * nearness(self.nearest, gamma) * full


def picture_closeness(cosines: Tensor) -> Tensor:
    """log p (n,) of one set, by the cosines (n, m) to its anchors."""
    return (SHARPNESS * cosines).logsumexp(dim=1) - math.log(cosines.shape[1])


def name_closeness(cosines: Tensor) -> Tensor:
    """The same of names, by the nearest anchor alone."""
    return NAME_SHARPNESS * cosines.amax(dim=1)


def shares(closeness: Tensor) -> Tensor:
    """w, (n, K), every row adding up to 1; closeness (n, K): of K sets, by one of the two functions above."""
    return closeness.softmax(dim=1)


def settled(logits: Tensor, images: Near, texts: Near, full: Tensor) -> Tensor:
    """The logits (n, C) with what names of each set have together settled by the anchors; full (K,): share(beta)."""
    if not logits.numel():
        return logits
    image_near = images.mask(IMAGE_GAMMA, full).sum(dim=1, keepdim=True)
    of_sets = texts.mask(TEXT_GAMMA, full)
    said = _as_parts(logits.softmax(dim=1) @ of_sets)
    due = _as_parts(images.shares * of_sets.amax(dim=0))
    return logits + image_near * of_sets.sum(dim=1) * torch.log((due / said) @ texts.shares.T)


def _as_parts(rows: Tensor) -> Tensor:
    return (rows / rows.sum(dim=1, keepdim=True).clamp(min=_LEAST)).clamp(min=_LEAST)


def allotted(counts: Sequence[int], budget: int | None) -> list[int]:
    """How many anchors each set keeps of `counts` so that all have `budget` at most, None for no limit.

    All get the same; what small sets leave over goes to the others. The order of the sets only matters for the last
    few that cannot be divided. Raises LluError where there are fewer than sets.
    """
    if budget is None or sum(counts) <= budget:
        return list(counts)
    if budget < len(counts):
        raise LluError(f"{budget} anchors for {len(counts)} sets are too few; give at least one each, or no limit")
    kept, left = [0] * len(counts), budget
    order = sorted(range(len(counts)), key=lambda index: (counts[index], index))
    for position, index in enumerate(order):
        kept[index] = min(counts[index], left // (len(counts) - position))
        left -= kept[index]
    return kept
