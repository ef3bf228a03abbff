"""The method: the mask of eq. 5, the mixture of eq. 4, the distance of eq. 6, and what they leave untouched."""

import math

import pytest
import torch

from llu_core.errors import LluError
from llu_core.method.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    interpolate,
    interpolation_mask,
    nearest_anchor,
)
from llu_core.method.classifier import ZeroShotClassifier
from support.synthetic import random_adapter, unit_rows

INF = math.inf
IMAGES, CLASSES = unit_rows(12, 16, seed=1), unit_rows(7, 16, seed=2)


def clip_logits(images: torch.Tensor = IMAGES) -> torch.Tensor:
    return ZeroShotClassifier().logits(images, CLASSES)


@pytest.mark.parametrize(
    ("cosine", "alpha"), [(1, 0.5), (0.99, 0.409), (0.97, 0.274), (0.95, 0.184), (0.9, 0.0677), (0.8, 0.00916)]
)
def test_the_mask_decays_with_the_distance_to_the_anchor(cosine: float, alpha: float):
    assert interpolation_mask(torch.tensor(cosine), beta=0.5, gamma=20).item() == pytest.approx(alpha, rel=5e-3)


def test_the_distance_is_clamped_to_zero_and_one():
    alpha = interpolation_mask(torch.tensor([1.0001, 0.0, -0.7]), beta=0.8, gamma=2)
    torch.testing.assert_close(alpha, 0.8 * torch.tensor([1.0, math.exp(-2), math.exp(-2)]))


def test_gamma_zero_applies_the_update_everywhere():
    assert interpolation_mask(torch.linspace(-1, 1, 9), beta=0.3, gamma=0).tolist() == pytest.approx([0.3] * 9)


def test_gamma_infinity_applies_it_within_the_papers_tolerance_of_an_anchor_only():
    alpha = interpolation_mask(torch.tensor([1.0, 0.9995, 0.998, 0.5]), beta=0.5, gamma=INF)
    assert alpha.tolist() == [0.5, 0.5, 0, 0]


@pytest.mark.parametrize("gamma", [1e6, 1e30, 1e39, 1e300])
def test_a_huge_gamma_is_still_beta_at_the_anchor_and_nothing_elsewhere(gamma: float):
    assert interpolation_mask(torch.tensor([1.0, 0.9]), beta=0.5, gamma=gamma).tolist() == [0.5, 0]


def test_only_the_nearest_anchor_counts():
    point, anchors = torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    similarity, index = nearest_anchor(point, anchors)
    assert (similarity.item(), index.item()) == (pytest.approx(0.8), 1)
    alpha = LocalizedUpdate(AffineUpdate.identity(2), anchors).alpha(point, beta=0.5, gamma=10)
    assert alpha.item() == pytest.approx(0.5 * math.exp(-2))


def test_alpha_at_an_anchor_is_beta():
    update = random_adapter().image
    for gamma in (0.0, 20.0, INF):
        torch.testing.assert_close(update.alpha(update.anchors, beta=0.7, gamma=gamma), torch.full((5,), 0.7))


def test_the_affine_map_is_normalised():
    update = AffineUpdate(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(update(torch.tensor([[0.6, 0.8]])), torch.tensor([[1.2, 1.8]]) / math.sqrt(4.68))


def test_the_affine_map_multiplies_from_the_left():
    quarter_turn = AffineUpdate(torch.tensor([[0.0, -1.0], [1.0, 0.0]]), torch.zeros(2))
    torch.testing.assert_close(quarter_turn(torch.tensor([[1.0, 0.0]])), torch.tensor([[0.0, 1.0]]))


def test_the_mixture_is_normalised_after_mixing():
    points, updated = torch.tensor([[1.0, 0.0]] * 4), torch.tensor([[0.0, 1.0]] * 4)
    mixed = interpolate(points, updated, torch.tensor([0.0, 0.25, 0.5, 1.0]))
    expected = torch.tensor([[1, 0], [0.75 / math.sqrt(0.625), 0.25 / math.sqrt(0.625)], [0.5**0.5, 0.5**0.5], [0, 1]])
    torch.testing.assert_close(mixed, expected)


def test_opposite_directions_mixed_half_and_half_stay_finite():
    points = unit_rows(3, 8)
    assert interpolate(points, -points, torch.full((3,), 0.5)).isfinite().all()


def test_two_fresh_linear_layers_are_as_far_from_the_identity_as_the_paper_says():
    assert random_adapter(512).distance_to_identity() == pytest.approx(6.5e-3, rel=0.01)


def test_the_distance_to_identity_is_the_mean_of_squares_of_each_tensor():
    moved = AffineUpdate(torch.tensor([[1.0, 0.4], [0.0, 1.0]]), torch.tensor([0.0, 0.2]))
    assert moved.distance_to_identity().item() == pytest.approx(0.16 / 4 + 0.04 / 2)
    assert AffineUpdate.identity(5).distance_to_identity() == 0


def test_random_weights_follow_the_generator():
    first, second, other = (AffineUpdate.random(4, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)
    assert not torch.equal(first.weight, other.weight)
    assert first.weight.abs().max() <= 0.5


@pytest.mark.parametrize("gamma", [0.0, 20.0, INF])
def test_beta_zero_is_clip_bit_for_bit(gamma: float):
    assert torch.equal(random_adapter(beta=0, gamma=gamma).logits(IMAGES, CLASSES), clip_logits())


def test_gamma_infinity_leaves_all_but_the_anchors_at_clip_bit_for_bit():
    adapter = random_adapter(beta=1, gamma=INF)
    images = torch.cat([IMAGES, adapter.image.anchors[:1]])
    logits, clip = adapter.logits(images, CLASSES), clip_logits(images)
    assert torch.equal(logits[:-1], clip[:-1])
    assert (logits[-1] - clip[-1]).abs().max() > 1


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 5.0, INF])
def test_the_identity_changes_nothing_at_any_alpha(beta: float, gamma: float):
    same = LocalizedUpdate(AffineUpdate.identity(16), IMAGES[:3])
    torch.testing.assert_close(LocalizedAdapter(same, same, beta, gamma).logits(IMAGES, CLASSES), clip_logits())


def test_logits_are_the_scaled_cosines_of_the_updated_embeddings():
    adapter = random_adapter(beta=0.9, gamma=1, logit_scale=7)
    images, texts = adapter.image(IMAGES, beta=0.9, gamma=1), adapter.text(CLASSES, beta=0.9, gamma=1)
    torch.testing.assert_close(images.norm(dim=1), torch.ones(12))
    torch.testing.assert_close(adapter.logits(IMAGES, CLASSES), 7 * images @ texts.T)


@pytest.mark.parametrize("gamma", [0.0, 2.0, INF])
def test_who_else_is_in_the_batch_makes_no_difference(gamma: float):
    adapter = random_adapter(gamma=gamma)
    whole = adapter.logits(IMAGES, CLASSES)
    order, classes = torch.randperm(12), torch.randperm(7)
    torch.testing.assert_close(adapter.logits(IMAGES[order], CLASSES[classes]), whole[order][:, classes])
    one_by_one = torch.cat([adapter.logits(IMAGES[i : i + 1], CLASSES) for i in range(12)])
    torch.testing.assert_close(one_by_one, whole, atol=1e-4, rtol=1e-5)


def test_an_empty_batch_has_no_logits():
    adapter = random_adapter()
    assert adapter.logits(IMAGES[:0], CLASSES).shape == (0, 7)
    assert adapter.logits(IMAGES, CLASSES[:0]).shape == (12, 0)


def test_another_mask_shares_the_weights():
    adapter = random_adapter()
    other = adapter.with_mask(gamma=INF)
    assert (other.beta, other.gamma, adapter.gamma) == (0.5, INF, 20)
    assert other.image is adapter.image
    assert other.with_mask(beta=0).gamma == INF


@pytest.mark.parametrize(
    "mask", [{"beta": -0.1}, {"beta": 1.01}, {"beta": math.nan}, {"gamma": -1}, {"gamma": math.nan}]
)
def test_a_mask_out_of_range_is_refused_in_one_line(mask: dict[str, float]):
    with pytest.raises(LluError, match=f"{next(iter(mask))} is .*; give a") as refusal:
        random_adapter().with_mask(**mask)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("images", "classes"), [(8, 16), (16, 8), (8, 8)])
def test_embeddings_of_another_width_are_refused(images: int, classes: int):
    with pytest.raises(LluError, match="8 wide but the adapter was trained on 16"):
        random_adapter().logits(unit_rows(2, images), unit_rows(3, classes))


def test_a_shared_update_stays_shared_when_it_moves():
    adapter = random_adapter(shared=True)
    assert adapter.shared
    assert adapter.to("cpu").shared
    assert adapter.with_mask(beta=1).shared
    assert not random_adapter().to("cpu").shared


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_logits_of_the_cpu():
    adapter = random_adapter(gamma=2)
    there = adapter.to("cuda").logits(IMAGES.cuda(), CLASSES.cuda()).cpu()
    torch.testing.assert_close(there, adapter.logits(IMAGES, CLASSES), atol=1e-3, rtol=1e-4)
