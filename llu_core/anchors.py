"""Anchor points D: where an update applies fully (paper, section 3.2)."""

import torch
from sklearn.cluster import AgglomerativeClustering
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError

PAPER_MAX_ANCHORS = 512


def cluster_anchors(points: Tensor, max_anchors: int | None = PAPER_MAX_ANCHORS) -> Tensor:
    """At most `max_anchors` anchors that stand for `points`.

    points: (n, d), unit rows. Returns (m, d), unit rows: the points themselves where n <= max_anchors or
    max_anchors is None; otherwise the normalised means of agglomerative clusters (cosine distance, complete
    linkage), so that no member is far from its anchor. Raises LluError if max_anchors is below 1.
    """
    if max_anchors is not None and max_anchors < 1:
        raise LluError(f"max_anchors is {max_anchors}; give at least 1, or none to keep every point as an anchor")
    if max_anchors is None or len(points) <= max_anchors:
        return points
    if max_anchors == 1:  # scikit-learn wants at least two clusters
        return F.normalize(points.mean(dim=0, keepdim=True), dim=1)
    clustering = AgglomerativeClustering(n_clusters=max_anchors, metric="cosine", linkage="complete")
    members = torch.from_numpy(clustering.fit_predict(points.cpu().numpy())).to(points.device)
    sums = torch.zeros(max_anchors, points.shape[1], device=points.device, dtype=points.dtype)
    return F.normalize(sums.index_add_(0, members, points), dim=1)
