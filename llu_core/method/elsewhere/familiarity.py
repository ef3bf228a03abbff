"""Familiar or not: whether a picture is like the shots, by its cosine to the nearest anchor alone.

A picture is familiar if that cosine is at least FAMILIAR_QUANTILE of what the shots have to each other: the nearest
other shot of each, leaving it out itself, whatever the classes. So a set of one shot per class is measured by its
shots of other classes, and a single shot by nothing, and no verdict is given. The mask has no part in it: the verdict
does not move with beta and gamma.

Where shots were reduced to fewer anchors, a shot is left out of the anchor that stands for it too: the anchor it is
nearest to counts as the normalised mean of the other shots that are nearest to it, and not at all if there are none.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.adapter import nearest_anchor

FAMILIAR_QUANTILE = 0.05

_ROWS_AT_ONCE = 1_024


def leave_one_out(shots: Tensor, anchors: Tensor) -> Tensor:
    """(n,) cosine of each shot to the nearest anchor that it has no part in; shots (n, d), anchors (m, d), unit rows.

    -1 where there is no other anchor.
    """
    own = torch.cat([nearest_anchor(rows, anchors)[1] for rows in shots.split(_ROWS_AT_ONCE)])
    count = torch.bincount(own, minlength=len(anchors))
    sums = torch.zeros_like(anchors).index_add_(0, own, shots)
    found = []
    for rows, index in zip(shots.split(_ROWS_AT_ONCE), own.split(_ROWS_AT_ONCE), strict=True):
        others = (rows @ anchors.T).scatter(1, index[:, None], -1.0).amax(dim=1)
        rest = (rows * F.normalize(sums[index] - rows, dim=1)).sum(dim=1)
        found.append(torch.where(count[index] > 1, torch.maximum(others, rest), others))
    return torch.cat(found).clamp(-1.0, 1.0)


def familiar_from(shots: Tensor, anchors: Tensor) -> float | None:
    """The cosine to the nearest anchor from which on a picture is familiar; None where one shot is all there is."""
    if len(shots) < 2:
        return None
    return torch.quantile(leave_one_out(shots, anchors), FAMILIAR_QUANTILE).item()


def auroc_of_seen(nearest: Tensor, seen: Tensor) -> float | None:
    """How well the cosine to the nearest anchor (n,) tells pictures of seen classes from others: the probability that
    one of `seen` (n,) bool has the larger one, equal ones counting half. None where either kind is missing."""
    if len(seen) == 0 or bool(seen.all()) or not bool(seen.any()):
        return None
    mine, others = nearest[seen], nearest[~seen].sort().values
    below, up_to = (torch.searchsorted(others, mine, right=right).double() for right in (False, True))
    return ((below + up_to).mean() / (2 * len(others))).item()
