"""Anchor points: the training points themselves, or the centres of tight clusters of them."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError
from llu_core.method import anchors
from llu_core.method.anchors import cluster_anchors, complete_linkage
from support.synthetic import unit_rows


def on_circle(*degrees: float) -> Tensor:
    return torch.tensor([[math.cos(math.radians(a)), math.sin(math.radians(a))] for a in degrees])


def angles(points: Tensor) -> list[float]:
    return sorted(torch.rad2deg(torch.atan2(points[:, 1], points[:, 0])).tolist())


@pytest.mark.parametrize("max_anchors", [7, 8, 512, None])
def test_as_many_anchors_as_points_or_more_leave_the_points_alone(max_anchors: int | None):
    points = unit_rows(7, 16)
    assert torch.equal(cluster_anchors(points, max_anchors), points)


@pytest.mark.parametrize("max_anchors", [1, 2, 5, 29])
def test_more_points_become_exactly_so_many_unit_rows(max_anchors: int):
    clustered = cluster_anchors(unit_rows(30, 16), max_anchors)
    assert clustered.shape == (max_anchors, 16)
    torch.testing.assert_close(clustered.norm(dim=1), torch.ones(max_anchors))


def test_an_anchor_is_the_normalised_mean_of_its_members():
    assert angles(cluster_anchors(on_circle(0, 90, 10, 100), 2)) == pytest.approx([5, 95], abs=1e-3)


def test_complete_linkage_keeps_members_close_to_each_other():
    # single linkage and average linkage would both put 45 degrees with 0 and 20
    assert angles(cluster_anchors(on_circle(0, 20, 45, 85), 2)) == pytest.approx([10, 65], abs=1e-3)


def test_one_anchor_is_the_mean_direction():
    assert angles(cluster_anchors(on_circle(20, 40, 60), 1)) == pytest.approx([40], abs=1e-3)


def test_clustering_the_same_points_twice_gives_the_same_anchors():
    points = unit_rows(40, 8)
    assert torch.equal(cluster_anchors(points, 6), cluster_anchors(points, 6))


def test_repeated_points_can_be_clustered():
    points = unit_rows(3, 8).repeat(4, 1)
    assert angles_between(cluster_anchors(points, 3), points).max() < 1e-3


def angles_between(clustered: Tensor, points: Tensor) -> Tensor:
    """(n,) distance of every point to its nearest anchor."""
    return 1 - (points @ clustered.T).amax(dim=1)


def test_no_points_give_no_anchors():
    assert cluster_anchors(torch.empty(0, 8)).shape == (0, 8)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 24 points are clustered in parts of 10 at most, to 12 means."""
    monkeypatch.setattr(anchors, "EXACT_POINTS", 24)
    monkeypatch.setattr(anchors, "PART_POINTS", 10)


@pytest.mark.parametrize("max_anchors", [1, 5, 12, 20, 44])
def test_too_many_points_are_clustered_in_parts(in_parts: None, max_anchors: int):
    points = unit_rows(45, 16)
    clustered = cluster_anchors(points, max_anchors)
    assert clustered.shape == (max_anchors, 16)
    torch.testing.assert_close(clustered.norm(dim=1), torch.ones(max_anchors))
    assert torch.equal(clustered, cluster_anchors(points, max_anchors))


def test_clusters_that_are_apart_are_found_in_parts_too(in_parts: None):
    degrees = [60 * (n % 3) + 0.1 * n for n in range(39)]
    assert angles(cluster_anchors(on_circle(*degrees), 3)) == pytest.approx([1.8, 61.9, 122.0], abs=0.1)


def test_up_to_the_limit_nothing_is_done_in_parts(in_parts: None):
    points = unit_rows(24, 16)
    torch.testing.assert_close(cluster_anchors(points, 5), whole(points, 5))


def whole(points: Tensor, clusters: int) -> Tensor:
    members = complete_linkage(points, clusters)
    return F.normalize(torch.stack([points[members == k].sum(dim=0) for k in range(clusters)]), dim=1)


@pytest.mark.parametrize("max_anchors", [0, -3])
def test_less_than_one_anchor_is_refused(max_anchors: int):
    with pytest.raises(LluError, match="at least 1"):
        cluster_anchors(unit_rows(3, 8), max_anchors)
