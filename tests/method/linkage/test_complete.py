"""Complete linkage: the clusters are scikit-learn's, whichever way they are found."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import AgglomerativeClustering

from llu_core.method.linkage import complete, rounds
from llu_core.method.linkage.complete import complete_linkage
from support.synthetic import near, unit_rows


def pairs(members: torch.Tensor) -> torch.Tensor:
    """(n, n), which points share a cluster, whatever the clusters are called."""
    return members[:, None] == members[None, :]


def scikit_learns(points: torch.Tensor, clusters: int) -> torch.Tensor:
    clustering = AgglomerativeClustering(n_clusters=clusters, metric="cosine", linkage="complete")
    return torch.from_numpy(clustering.fit_predict(points.numpy()))


@settings(deadline=None, max_examples=30)
@given(points=st.integers(3, 60), share=st.floats(0, 1), width=st.integers(2, 24), seed=st.integers(0, 1000))
def test_the_clusters_are_those_of_scikit_learn(points, share, width, seed: int):
    rows, clusters = unit_rows(points, width, seed), 2 + int(share * (points - 2))
    assert torch.equal(pairs(complete_linkage(rows, clusters)), pairs(scikit_learns(rows, clusters)))


def test_real_looking_clouds_are_clustered_as_scikit_learn_does():
    rows = near(unit_rows(40, 64).repeat_interleave(16, dim=0), 0.8, seed=1)
    assert torch.equal(pairs(complete_linkage(rows, 100)), pairs(scikit_learns(rows, 100)))


def test_blocks_give_the_same_clusters(monkeypatch: pytest.MonkeyPatch):
    rows = near(unit_rows(10, 64).repeat_interleave(8, dim=0), 0.8, seed=1)
    expected = complete_linkage(rows, 12)
    monkeypatch.setattr(complete, "_ROWS_AT_ONCE", 7)
    assert torch.equal(complete_linkage(rows, 12), expected)


def test_clusters_are_numbered_by_their_first_members():
    rows = torch.eye(3)[[2, 0, 2, 1, 0]]
    assert complete_linkage(rows, 3).tolist() == [0, 1, 0, 2, 1]


@pytest.mark.parametrize("points", [1, 2, 7])
def test_as_many_clusters_as_points_leave_each_alone_and_one_takes_all(points: int):
    rows = unit_rows(points, 8)
    assert complete_linkage(rows, points).tolist() == list(range(points))
    assert complete_linkage(rows, 1).tolist() == [0] * points


def test_equal_points_end_in_one_cluster():
    assert complete_linkage(unit_rows(1, 8).repeat(9, 1), 1).tolist() == [0] * 9
    assert len(complete_linkage(unit_rows(1, 8).repeat(9, 1), 4).unique()) == 4


def in_rounds(rows: torch.Tensor, clusters: int) -> torch.Tensor:
    """`complete_linkage` as on a GPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complete, "chained_merges", lambda distances: _numpy(distances, len(rows) - clusters))
        return complete_linkage(rows, clusters)


def _numpy(distances: np.ndarray, needed: int) -> tuple[np.ndarray, ...]:
    return tuple(part.numpy() for part in rounds.merges_in_rounds(torch.from_numpy(distances), needed))


@settings(deadline=None, max_examples=40)
@given(
    points=st.integers(1, 80),
    share=st.floats(0, 1),
    width=st.integers(2, 24),
    rows_at_once=st.integers(1, 90),
    seed=st.integers(0, 1000),
)
def test_rounds_and_chains_find_the_same_clusters(points, share, width, rows_at_once, seed: int):
    rows, clusters = unit_rows(points, width, seed), 1 + int(share * (points - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "_ROWS_AT_ONCE", rows_at_once)
        assert torch.equal(in_rounds(rows, clusters), complete_linkage(rows, clusters))


def test_rounds_end_where_all_distances_are_the_same():
    assert in_rounds(unit_rows(1, 8).repeat(9, 1), 1).tolist() == [0] * 9
    assert len(in_rounds(unit_rows(1, 8).repeat(9, 1), 4).unique()) == 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_finds_the_same_clusters():
    rows = near(unit_rows(200, 64).repeat_interleave(8, dim=0), 0.8, seed=1)
    assert torch.equal(complete_linkage(rows.cuda(), 100), complete_linkage(rows, 100))
