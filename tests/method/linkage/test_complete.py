"""Complete linkage: the clusters are scikit-learn's, whichever way they are found."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import AgglomerativeClustering

from llu_core.method.linkage import complete, rounds
from llu_core.method.linkage.chains import chained_merges
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


def sorted_heights(merges) -> np.ndarray:
    return np.sort(np.asarray(merges[2], dtype=np.float32))


@settings(deadline=None, max_examples=30)
@given(points=st.integers(1, 80), width=st.integers(2, 24), rows_at_once=st.integers(1, 90), seed=st.integers(0, 1000))
def test_rounds_and_chains_merge_at_the_same_heights(points, width, rows_at_once: int, seed: int):
    rows = unit_rows(points, width, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "_ROWS_AT_ONCE", rows_at_once)
        in_rounds = rounds.merges_in_rounds(complete._cosine_distances(rows))
    chained = chained_merges(complete._cosine_distances(rows).numpy())
    assert len(in_rounds[0]) == points - 1
    np.testing.assert_array_equal(sorted_heights(in_rounds), sorted_heights(chained))


@settings(deadline=None, max_examples=30)
@given(points=st.integers(3, 60), share=st.floats(0, 1), width=st.integers(2, 24), seed=st.integers(0, 1000))
def test_the_clusters_of_rounds_are_those_of_chains(points, share, width, seed: int):
    rows, clusters = unit_rows(points, width, seed), 2 + int(share * (points - 2))
    absorbed, into, heights = (part.numpy() for part in rounds.merges_in_rounds(complete._cosine_distances(rows)))
    parents = complete._merges_kept(absorbed, into, heights, clusters)
    assert torch.equal(complete._numbered(parents), complete_linkage(rows, clusters))


def test_rounds_end_where_all_distances_are_the_same():
    merges = rounds.merges_in_rounds(complete._cosine_distances(unit_rows(1, 8).repeat(9, 1)))
    assert len(merges[0]) == 8


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_finds_the_same_clusters():
    rows = near(unit_rows(200, 64).repeat_interleave(8, dim=0), 0.8, seed=1)
    assert torch.equal(complete_linkage(rows.cuda(), 100), complete_linkage(rows, 100))
