"""Familiar or not: leave-one-out similarities of the shots, by hand and against the definition."""

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional as F

from llu_core.method.anchors import cluster_anchors
from llu_core.method.elsewhere.familiarity import auroc_of_seen, familiar_from, leave_one_out
from support.synthetic import near, unit_rows


def test_where_every_shot_is_an_anchor_it_is_the_nearest_other_shot():
    shots = unit_rows(50, 8)
    expected = (shots @ shots.T).fill_diagonal_(-2).amax(dim=1)
    torch.testing.assert_close(leave_one_out(shots, shots), expected)
    assert familiar_from(shots, shots) == pytest.approx(torch.quantile(expected, 0.05).item())


def test_equal_shots_are_each_others_nearest():
    shots = torch.eye(3)[[0, 0, 1, 2]]
    assert leave_one_out(shots, shots).tolist() == [1, 1, 0, 0]


def test_one_shot_per_class_is_measured_by_the_other_classes_and_a_single_one_by_nothing():
    shots = F.normalize(torch.tensor([[1.0, 0.0], [3.0, 4.0]]), dim=1)
    assert familiar_from(shots, shots) == pytest.approx(0.6)
    assert familiar_from(shots[:1], shots[:1]) is None


def test_a_shot_has_no_part_in_the_anchor_that_it_is_compared_with():
    """Two pairs about opposite directions, an anchor each: without itself, a shot's anchor is the other of its pair."""
    shots = F.normalize(torch.tensor([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.3], [-1.0, -0.3]]), dim=1)
    anchors = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    pairs = [(shots[0] @ shots[1]).item(), (shots[2] @ shots[3]).item()]
    assert leave_one_out(shots, anchors).tolist() == pytest.approx([pairs[0]] * 2 + [pairs[1]] * 2)


def test_fewer_anchors_keep_the_threshold_about_where_it_was():
    """Five in a hundred pictures like the shots count as unfamiliar, with all shots for anchors and with a tenth."""
    centres = unit_rows(20, 32, seed=1)
    shots, others = (near(centres.repeat_interleave(30, dim=0), 0.8, seed) for seed in (2, 3))
    for most in (None, 60):
        anchors = cluster_anchors(shots, most)
        limit = familiar_from(shots, anchors)
        assert limit is not None
        assert 0.01 < ((others @ anchors.T).amax(dim=1) < limit).float().mean() < 0.1


def test_auroc_by_hand():
    """Of the four pairs of seen and unseen, three are in order and one is a tie."""
    nearest, seen = torch.tensor([0.9, 0.5, 0.5, 0.1]), torch.tensor([True, True, False, False])
    assert auroc_of_seen(nearest, seen) == pytest.approx(3.5 / 4)
    assert auroc_of_seen(nearest, torch.ones(4, dtype=torch.bool)) is None
    assert auroc_of_seen(nearest[:0], seen[:0]) is None


def test_auroc_is_scikit_learns():
    """Among many ties, since cosines are rounded here."""
    drawn = torch.Generator().manual_seed(0)
    nearest, seen = torch.rand(500, generator=drawn).mul(20).round() / 20, torch.rand(500, generator=drawn) < 0.4
    assert auroc_of_seen(nearest, seen) == pytest.approx(roc_auc_score(seen.numpy(), nearest.numpy()), abs=1e-12)
