"""Means and the shared precision of Gaussian classes, as GDA-CLIP (Wang et al., arXiv 2402.04087) estimates them."""

import torch
from torch import Tensor


def group_sums(points: Tensor, groups: Tensor, count: int) -> Tensor:
    """(count, d): the sum of each group's points; zeros for one without. points: (n, d), groups: (n,), below `count`.

    Added in the points' order on every device, where a scattered sum on a GPU has other bits in every run.
    """
    if points.device.type == "cpu":  # where it is the faster one, and in order
        return points.new_zeros(count, points.shape[1]).index_add_(0, groups, points)
    sizes = torch.bincount(groups, minlength=count)
    return torch.segment_reduce(points[groups.argsort(stable=True)], "sum", lengths=sizes, axis=0)


def class_means(images: Tensor, targets: Tensor, classes: int) -> Tensor:
    """(classes, d): the mean image of every class; zeros for one without. images: (n, d), targets: (n,)."""
    return group_sums(images, targets, classes) / torch.bincount(targets, minlength=classes).clamp(min=1)[:, None]


def shrunk_precision(centred: Tensor) -> Tensor:
    """(d, d): the empirical Bayes ridge estimate d * ((n - 1) S + tr(S) I)^-1, for fewer rows than dimensions too.

    centred: (n, d), every row minus its class's mean; S is their covariance. Zero where they do not vary at all, as
    with a single image per class: then nothing is known, and the head is silent.
    """
    count, width = centred.shape
    scatter = (centred.T @ centred).double()
    trace = scatter.trace() / max(1, count - 1)
    if trace <= 0:
        return centred.new_zeros(width, width)
    ridge = scatter + trace * torch.eye(width).to(scatter)
    return (width * torch.cholesky_inverse(torch.linalg.cholesky(ridge))).float()
