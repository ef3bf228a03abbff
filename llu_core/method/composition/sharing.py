"""How several sets share a point: by the cosine to their nearest anchors, sharply.

Let c_k be a point's cosine to the nearest anchor of set k. Set k has the share

    w_k = exp(SHARPNESS c_k) / sum_j exp(SHARPNESS c_j)

of the point, and its own eq. 5 there, alpha_k, becomes w_k alpha_k. The total is then a mean of the alphas, which is at
most the largest of them and so at most the largest beta. A set whose anchors are further away than the nearest set's by
d has at most exp(-SHARPNESS d) of the point: 5e-5 at .1, 2e-9 at .2. What such a set adds or takes away is no more.

Sets that never saw each other cannot know whose names to prefer for a picture. So a picture that lies near one set
finds the names of the others, and only those, less probable: the logit of class text t for picture x loses

    MARGIN * sum_{k != j} n_k(x) n_j(t),    n_k = w_k * near_k * share(beta_k),

where near_k is the mask of class statistics, exactly 0 at a right angle and beyond: names far from all sets, and
pictures far from all sets, lose nothing; nor does anything where there is one set alone.

SHARPNESS and MARGIN hold for all sets alike. They were chosen among 20, 50, 100 and 0, 5, 10, 20, 40 on training folds
(a set's taught classes halved, and the shots of its first half) of two sets of real CLIP features and of seven built-in
sets, none of whose test pictures were asked: by the mean of both halves of the real ones, recipes "fast" and "best".
A larger margin helps taught classes and harms new ones, whose pictures are often nearer to another set.
"""

from collections.abc import Sequence

from torch import Tensor

from llu_core.errors import LluError
from llu_core.method.statistics.head import IMAGE_GAMMA, TEXT_GAMMA, nearness

SHARPNESS = 100.0
MARGIN = 10.0


def shares(nearest: Tensor) -> Tensor:
    """w, (n, K), every row adding up to 1; nearest (n, K): cosines to the nearest anchors of K sets."""
    return (SHARPNESS * nearest).softmax(dim=1)


def margin(image_nearest: Tensor, text_nearest: Tensor, full: Tensor) -> Tensor:
    """What logits lose where picture and name are of different sets, (n, C).

    image_nearest (n, K), text_nearest (C, K): cosines to the nearest anchors; full (K,): share(beta) of each set.
    """
    images = shares(image_nearest) * nearness(image_nearest, IMAGE_GAMMA) * full
    texts = shares(text_nearest) * nearness(text_nearest, TEXT_GAMMA) * full
    own = images @ texts.T
    return MARGIN * (images.sum(dim=1)[:, None] * texts.sum(dim=1) - own).clamp(min=0.0)


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
