"""The two dimensions of the map."""

import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from demo.session.projection import project_pca, project_umap
from support.synthetic import near, unit_rows


def test_pca_is_that_of_scikit_learn_up_to_the_direction_of_each_axis():
    rows = unit_rows(30, 8).numpy()
    ours, theirs = project_pca(rows), PCA(n_components=2).fit(rows)
    np.testing.assert_allclose(np.abs(ours.points), np.abs(theirs.transform(rows)), atol=1e-5)


def test_fewer_dimensions_than_points_or_more_make_no_difference():
    rows = unit_rows(6, 40).numpy()
    np.testing.assert_allclose(np.abs(project_pca(rows).points), np.abs(PCA(2).fit_transform(rows)), atol=1e-5)


def test_a_picture_is_placed_amid_those_that_it_is_most_similar_to():
    rows = unit_rows(40, 16).numpy()
    projection = project_pca(rows)
    np.testing.assert_allclose(projection.place(rows[:3]), projection.points[:3], atol=1e-3)
    between = rows[4] + rows[9]
    (place,) = projection.place(between[None] / np.linalg.norm(between))
    nearest = np.argsort(-rows @ between)[:5]
    assert {4, 9} <= set(nearest.tolist())
    low, high = projection.points[nearest].min(axis=0), projection.points[nearest].max(axis=0)
    assert (low <= place).all()
    assert (place <= high).all()


def test_two_points_lie_in_a_row_and_nothing_can_be_placed():
    projection = project_pca(unit_rows(2, 8).numpy())
    assert projection.points.tolist() == [[0, 0], [1, 0]]
    assert project_pca(unit_rows(6, 8).numpy()).place(np.empty((0, 8), dtype=np.float32)).shape == (0, 2)


def test_pictures_without_any_variance_have_places_too():
    for rows in (unit_rows(1, 8).repeat(4, 1), unit_rows(1, 8).repeat(20, 1)):
        assert np.abs(project_pca(rows.numpy()).points).max() < 1e-6


def test_the_map_keeps_as_much_of_the_neighbourhoods_as_umap_left_to_itself():
    rows = near(unit_rows(20, 32).repeat_interleave(15, dim=0), 0.8, seed=1).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap

        alone = umap.UMAP(n_neighbors=15, min_dist=0.15, metric="cosine", random_state=0, n_jobs=1).fit_transform(rows)
    ours, theirs = (
        trustworthiness(rows, points, n_neighbors=15, metric="cosine") for points in (project_umap(rows).points, alone)
    )
    assert ours > theirs - 0.01


def test_equal_pictures_and_few_of_them_can_be_laid_out():
    sets = unit_rows(1, 8).repeat(30, 1), unit_rows(10, 8), unit_rows(12, 8).repeat(4, 1)
    projections = [project_umap(rows.numpy()) for rows in sets]
    assert [each.name for each in projections] == ["PCA", "UMAP", "UMAP"]
    assert all(np.isfinite(each.points).all() for each in projections)
