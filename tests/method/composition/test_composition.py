import math
from dataclasses import replace
from itertools import permutations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.classifier import ZeroShotClassifier
from llu_core.method.composition.composition import Composition
from llu_core.method.composition.sharing import MARGIN, SHARPNESS, allotted, shares
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.synthetic import halves, near, problem, unit_rows

WIDTH = 64


def centre(index: int) -> Tensor:
    return F.normalize(torch.eye(WIDTH)[index : index + 1], dim=1)


def around(index: int, count: int, seed: int, spread: float = 0.4) -> Tensor:
    """Points of the set at that index, whose sets lie at right angles to each other."""
    return near(centre(index).expand(count, -1), spread, seed)


def adapter(index: int, *, beta: float = 0.5, gamma: float = 20.0) -> LocalizedAdapter:
    """An adapter of random updates around that set's points."""

    def side(seed: int) -> LocalizedUpdate:
        generator = torch.Generator().manual_seed(seed)
        weight = torch.eye(WIDTH) + 0.1 * torch.randn(WIDTH, WIDTH, generator=generator)
        return LocalizedUpdate(AffineUpdate(weight, torch.zeros(WIDTH)), around(index, 8, seed))

    return LocalizedAdapter(side(10 * index + 1), side(10 * index + 2), beta=beta, gamma=gamma)


def opposite(*sets: LocalizedAdapter) -> Tensor:
    """(1, WIDTH): a point on the other side of all anchors."""
    anchors = torch.cat([side.anchors for each in sets for side in (each.image, each.text)])
    return F.normalize(-anchors.sum(dim=0, keepdim=True), dim=1)


SETS = [adapter(0), adapter(1, beta=0.9, gamma=5.0), adapter(2, beta=0.3, gamma=0.0)]


def test_one_set_alone_is_the_plain_adapter_to_the_last_bit():
    images, texts = unit_rows(30, WIDTH, 3), unit_rows(7, WIDTH, 4)
    for each in (*SETS, adapter(3, gamma=math.inf)):
        assert torch.equal(Composition((each,)).logits(images, texts), each.logits(images, texts))
    base, _ = halves(problem())
    taught = fit(base, RECIPES["best"])
    asked = base.test.embeddings, base.class_embeddings
    assert taught.statistics is not None
    assert torch.equal(Composition((taught,)).logits(*asked), taught.logits(*asked))


def test_the_total_never_exceeds_the_largest_beta():
    composition = Composition(tuple(SETS))
    points = torch.cat([unit_rows(200, WIDTH, 5), *(around(index, 20, 6, 0.9) for index in range(3))])
    total = composition.image_alpha(points).sum(dim=1)
    assert total.max() <= 0.9 + 1e-6
    twins = Composition((SETS[0], replace(SETS[0], gamma=19.0)))
    at_anchors = twins.image_alpha(SETS[0].image.anchors)
    assert at_anchors.sum(dim=1).tolist() == pytest.approx([0.5] * 8, abs=1e-5)
    assert at_anchors.tolist() == [pytest.approx([0.25, 0.25], abs=1e-5)] * 8


def test_far_from_every_set_it_is_clip_bit_for_bit():
    local = Composition((SETS[0], SETS[1].with_mask(gamma=20.0)))
    far = opposite(*SETS[:2])
    points = near(far.expand(20, -1), 0.05, 7)
    clip = ZeroShotClassifier().logits(points, points)
    assert torch.equal(local.logits(points, points), clip)
    everywhere = Composition(tuple(each.with_mask(beta=0.0) for each in SETS))
    images, texts = unit_rows(30, WIDTH, 3), unit_rows(7, WIDTH, 4)
    assert torch.equal(everywhere.logits(images, texts), ZeroShotClassifier().logits(images, texts))


def test_the_order_of_the_sets_does_not_matter():
    images, texts = unit_rows(30, WIDTH, 3), torch.cat([unit_rows(7, WIDTH, 4), SETS[1].text.anchors])
    first = Composition(tuple(SETS)).logits(images, texts)
    for order in permutations(range(3)):
        composed = Composition(tuple(SETS[index] for index in order))
        assert torch.equal(composed.logits(images, texts), first)
        alpha = composed.image_alpha(images)
        assert torch.equal(alpha[:, order.index(1)], Composition(tuple(SETS)).image_alpha(images)[:, 1])


def test_taking_a_set_out_restores_the_answers_before_it():
    images, texts = unit_rows(30, WIDTH, 3), unit_rows(7, WIDTH, 4)
    two = Composition(tuple(SETS[:2]))
    before = two.logits(images, texts)
    three = two.having(SETS[2])
    assert (three.logits(images, texts) - before).abs().max() > 1
    assert torch.equal(three.without(2).logits(images, texts), before)
    tight = replace(two, max_anchors=9)
    assert torch.allclose(
        tight.having(SETS[2]).without(2).logits(images, texts), tight.logits(images, texts), atol=1e-6
    )


def test_a_set_that_is_further_away_takes_no_more_than_is_said():
    nearest = torch.tensor([[0.9, 0.8], [0.9, 0.7], [0.9, 0.9]])
    assert shares(nearest)[0, 1] <= math.exp(-SHARPNESS * 0.1) < 5e-5
    assert shares(nearest)[1, 1] <= math.exp(-SHARPNESS * 0.2) < 3e-9
    assert shares(nearest)[2].tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("recipe", ["fast", "best"])
def test_another_set_leaves_the_answers_near_the_own_anchors_as_they_were(recipe: str):
    """Pictures and names are at least .3 nearer to the own anchors than to the other set's."""
    base, _ = halves(problem(width=32, spread=0.4))
    rotated = torch.linalg.qr(torch.randn(32, 32, generator=torch.Generator().manual_seed(1)))[0]
    other = replace(
        base,
        class_embeddings=base.class_embeddings @ rotated,
        train=replace(base.train, embeddings=base.train.embeddings @ rotated),
    )
    own, foreign = fit(base, RECIPES[recipe]), fit(other, RECIPES[recipe])
    images, texts = base.test.embeddings, base.class_embeddings
    both = Composition((own, foreign))
    own_index = both._order.index(0)
    for nearest in (both.image.nearest(images), both.text.nearest(texts)):
        assert (nearest[:, own_index] - nearest[:, 1 - own_index]).min() > 0.3
    assert (both.logits(images, texts) - own.logits(images, texts)).abs().max() < 1e-3


def test_names_of_another_set_lose_near_a_set_and_all_others_nothing():
    local = [SETS[0], SETS[1].with_mask(beta=0.5, gamma=1e4)]
    composed = Composition(tuple(local))
    images, names = local[0].image.anchors, torch.cat([local[1].text.anchors, opposite(*local)])
    moved = composed.logits(images, names) - 100.0 * (
        composed.image(images, composed.image.nearest(images)) @ composed.text(names, composed.text.nearest(names)).T
    )
    assert torch.allclose(moved[:, :-1], torch.full((8, 8), -MARGIN), atol=1e-3)
    assert moved[:, -1].abs().max() == 0
    own = local[0].text.anchors
    assert torch.allclose(composed.logits(images, own), local[0].logits(images, own), atol=1e-3)


def test_anchors_of_all_sets_keep_within_their_budget():
    assert allotted([8, 8, 8], None) == [8, 8, 8]
    assert allotted([8, 8, 8], 24) == [8, 8, 8]
    assert allotted([2, 8, 20], 16) == [2, 7, 7]
    assert sum(allotted([100, 512, 300], 500)) == 500
    with pytest.raises(LluError, match="too few"):
        Composition(tuple(SETS), max_anchors=2)
    composed = Composition(tuple(SETS), max_anchors=10)
    assert sorted(len(each.anchors) for each in composed.image.updates) == [3, 3, 4]
    roomy = Composition(tuple(SETS), max_anchors=24)
    images, texts = unit_rows(30, WIDTH, 3), unit_rows(7, WIDTH, 4)
    assert torch.equal(roomy.logits(images, texts), Composition(tuple(SETS)).logits(images, texts))


def test_a_batch_can_be_split():
    images, texts = unit_rows(50, WIDTH, 3), unit_rows(7, WIDTH, 4)
    composed = Composition(tuple(SETS))
    parts = torch.cat([composed.logits(rows, texts) for rows in images.split(7)])
    assert torch.allclose(parts, composed.logits(images, texts), atol=1e-4)
    assert composed.logits(images[:0], texts).shape == (0, 7)


def test_members_must_be_of_one_backbone():
    with pytest.raises(LluError, match="at least one"):
        Composition(())
    narrow = LocalizedUpdate(AffineUpdate.identity(8), unit_rows(2, 8))
    with pytest.raises(LluError, match="64 and 8 wide"):
        Composition((SETS[0], LocalizedAdapter(narrow, narrow)))
    with pytest.raises(LluError, match="logit scales 100 and 67"):
        Composition((SETS[0], replace(SETS[1], logit_scale=67.0)))
    with pytest.raises(LluError, match="8 wide but the adapters"):
        Composition(tuple(SETS)).logits(unit_rows(2, 8), unit_rows(2, 64))
