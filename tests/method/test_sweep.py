"""The four-matrix identity: every (beta, gamma) without retraining, equal to the adapter itself."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.sweep import Sweep
from support.synthetic import problem, random_adapter, unit_rows

INF = math.inf
IMAGES, CLASSES = unit_rows(9, 16, seed=1), unit_rows(6, 16, seed=2)

betas = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
gammas = st.one_of(st.sampled_from([0.0, INF]), st.floats(0, 200))


def sweep_of(adapter) -> Sweep:
    return Sweep.of(adapter, IMAGES, CLASSES)


@settings(deadline=None, max_examples=60)
@given(
    beta=betas, gamma=gammas, seed=st.integers(0, 1000), shared=st.booleans(), logit_scale=st.sampled_from([1.0, 100.0])
)
def test_the_sweep_equals_the_adapter_at_every_setting(beta: float, gamma: float, seed: int, shared, logit_scale):
    adapter = random_adapter(shared=shared, seed=seed, beta=beta, gamma=gamma, logit_scale=logit_scale)
    images = torch.cat([IMAGES, adapter.image.anchors[:2]])  # the anchors have alpha = beta
    classes = torch.cat([CLASSES, adapter.text.anchors[:2]])
    sweep = Sweep.of(adapter, images, classes)
    difference = sweep.logits(beta=beta, gamma=gamma) - adapter.logits(images, classes)
    assert difference.abs().max() / logit_scale < 1e-5


@pytest.mark.parametrize("gamma", [0.0, 3.0, INF])
def test_beta_zero_is_clip_bit_for_bit(gamma: float):
    assert torch.equal(sweep_of(random_adapter()).scores(beta=0, gamma=gamma), IMAGES @ CLASSES.T)


def test_gamma_infinity_is_clip_bit_for_bit_away_from_the_anchors():
    assert torch.equal(sweep_of(random_adapter()).scores(beta=1, gamma=INF), IMAGES @ CLASSES.T)


@pytest.mark.parametrize(("beta", "gamma"), [(0.0, 20.0), (1.0, INF)])
def test_where_nothing_is_updated_the_logits_are_those_of_the_adapter_bit_for_bit(beta: float, gamma: float):
    adapter = random_adapter(beta=beta, gamma=gamma)
    assert torch.equal(sweep_of(adapter).logits(beta=beta, gamma=gamma), adapter.logits(IMAGES, CLASSES))


def test_alpha_one_everywhere_is_the_updated_embeddings_alone():
    adapter = random_adapter()
    expected = adapter.image.update(IMAGES) @ adapter.text.update(CLASSES).T
    torch.testing.assert_close(sweep_of(adapter).scores(beta=1, gamma=0), expected)


def test_a_trained_adapter_can_be_swept():
    shots = problem()
    adapter = fit(shots, RECIPES["fast"])
    sweep = Sweep.of(adapter, shots.test.embeddings, shots.class_embeddings)
    for beta, gamma in [(0.5, 20.0), (1.0, 0.0), (0.2, 5.0), (1.0, INF)]:
        direct = adapter.with_mask(beta=beta, gamma=gamma).logits(shots.test.embeddings, shots.class_embeddings)
        torch.testing.assert_close(sweep.logits(beta=beta, gamma=gamma) / 100, direct / 100, atol=1e-5, rtol=0)


def test_a_plane_holds_the_predictions_at_each_of_its_points():
    sweep, betas, gammas = sweep_of(random_adapter()), [0.0, 0.5, 1.0], [0.0, 2.0, 20.0, INF]
    plane = sweep.plane(betas, gammas)
    assert plane.shape == (3, 4, 9)
    assert plane.dtype == torch.int64
    assert torch.equal(plane[2, 1], sweep.predictions(beta=1, gamma=2))
    assert torch.equal(plane[0, 3], (IMAGES @ CLASSES.T).argmax(dim=1))


@settings(deadline=None, max_examples=40)
@given(
    betas=st.lists(betas, min_size=1, max_size=4),
    gammas=st.lists(gammas, min_size=1, max_size=4),
    seed=st.integers(0, 1000),
    part=st.sampled_from([6, 24, 32_768]),
)
def test_the_plane_predicts_what_every_setting_alone_does(betas, gammas, seed: int, part):
    adapter = random_adapter(seed=seed)
    images = torch.cat([IMAGES, adapter.image.anchors[:2]])
    sweep = Sweep.of(adapter, images, torch.cat([CLASSES, adapter.text.anchors[:2]]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("llu_core.method.sweep.PLANE_NUMBERS", part)
        plane = sweep.plane(betas, gammas)
    for b, beta in enumerate(betas):
        for g, gamma in enumerate(gammas):
            scores = sweep.scores(beta=beta, gamma=gamma)
            chosen = scores.gather(1, plane[b, g, :, None])[:, 0]
            assert (scores.amax(dim=1) - chosen).max() < 1e-6  # of scores equal to rounding, either may win


def test_the_nearest_anchor_of_every_image_is_known():
    adapter = random_adapter()
    sweep = Sweep.of(adapter, adapter.image.anchors[[3, 0]], CLASSES)
    assert sweep.image_anchor.tolist() == [3, 0]
    torch.testing.assert_close(sweep.image_nearest, torch.ones(2))


def test_splitting_the_images_makes_no_difference():
    adapter = random_adapter()
    parts = [Sweep.of(adapter, part, CLASSES).scores(beta=0.8, gamma=1) for part in IMAGES.split(4)]
    torch.testing.assert_close(torch.cat(parts), sweep_of(adapter).scores(beta=0.8, gamma=1), atol=1e-6, rtol=1e-5)


def test_no_images_have_no_predictions():
    sweep = Sweep.of(random_adapter(), IMAGES[:0], CLASSES)
    assert sweep.logits(beta=0.5, gamma=20).shape == (0, 6)
    assert sweep.plane([0.5], [20]).shape == (1, 1, 0)
