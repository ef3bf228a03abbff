import math
from dataclasses import replace
from itertools import permutations, product

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.classifier import ZeroShotClassifier
from llu_core.method.composition.composition import Composition
from llu_core.method.composition.sharing import SHARPNESS, allotted, picture_closeness, shares
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.statistics.head import IMAGE_GAMMA
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
    """Of m anchors of the nearer set one is near and all others are as far as can be, those of the other all as near as
    they may be: no set can have more of a point."""
    for further, count in product((0.1, 0.2, 0.3), (1, 8, 512)):
        near, far = torch.full((1, count), -1.0), torch.full((1, count), 0.9 - further)
        near[0, 0] = 0.9
        shared = shares(torch.stack([picture_closeness(near), picture_closeness(far)], dim=1))
        assert shared[0, 1] <= count * math.exp(-SHARPNESS * further) * 1.001
    assert count * math.exp(-SHARPNESS * 0.3) < 2e-4


def test_a_picture_is_the_sets_that_is_dense_around_it_however_many_anchors_it_has():
    """Both sets have an anchor as near; one has all of its eight there, the other one of eight, or of eighty."""
    for count in (8, 80):
        single = torch.full((1, count), 0.2)
        single[0, 0] = 0.9
        closeness = torch.stack([picture_closeness(torch.full((1, 8), 0.9)), picture_closeness(single)], dim=1)
        assert shares(closeness).tolist() == [pytest.approx([count / (count + 1), 1 / (count + 1)], abs=1e-4)]


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
    for found in (both.image.near(images), both.text.near(texts)):
        assert (found.nearest[:, own_index] - found.nearest[:, 1 - own_index]).min() > 0.3
    assert (both.logits(images, texts) - own.logits(images, texts)).abs().max() < 1e-3


def apart(beta: float = 0.5) -> Composition:
    """Two sets whose anchors lie at right angles to each other's."""
    return Composition((SETS[0].with_mask(beta=beta), SETS[1].with_mask(beta=beta, gamma=1e4)))


def bare(composed: Composition, images: Tensor, texts: Tensor) -> Tensor:
    """The logits of the updates alone."""
    moved = composed.image(images, composed.image.near(images)), composed.text(texts, composed.text.near(texts))
    return composed.logit_scale * (moved[0] @ moved[1].T)


def test_names_of_each_set_are_together_as_probable_as_the_set_is():
    composed = apart()
    first, second = (each.image.anchors[:1] for each in composed.members)
    between = torch.cat([F.normalize(first + step * second, dim=1) for step in (0.8, 0.9, 1.0, 1.1, 1.2)])
    names = torch.cat([SETS[0].text.anchors, SETS[1].text.anchors[:3]])

    def odds(logits: Tensor) -> Tensor:
        return logits[:, :8].logsumexp(dim=1) - logits[:, 8:].logsumexp(dim=1)

    logits, before = composed.logits(between, names), bare(composed, between, names)
    found = composed.image.near(between)
    weight = found.mask(IMAGE_GAMMA, torch.ones(2)).sum(dim=1)
    due = found.shares[:, composed._order.index(0)].logit()
    assert (due - odds(before)).abs().max() > 5
    assert odds(logits).tolist() == pytest.approx((weight * due + (1 - weight) * odds(before)).tolist(), abs=0.01)
    moved = logits - before
    assert torch.allclose(moved[:, :8], moved[:, :1].expand(-1, 8), atol=1e-3)
    assert torch.allclose(moved[:, 8:], moved[:, -1:].expand(-1, 3), atol=1e-3)
    at_anchors = odds(composed.logits(torch.cat([each.image.anchors for each in composed.members]), names))
    assert at_anchors[:8].min() > 20
    assert at_anchors[8:].max() < -20


def test_what_is_far_from_all_sets_and_names_of_one_set_alone_are_not_settled():
    composed = apart()
    pictures = composed.members[0].image.anchors
    names = torch.cat([each.text.anchors for each in composed.members])
    far = opposite(*composed.members)
    every = torch.cat([names, far])
    assert torch.equal(composed.logits(pictures, every)[:, -1], bare(composed, pictures, every)[:, -1])
    assert torch.equal(composed.logits(far, every), bare(composed, far, every))
    for each in composed.members:
        own = each.text.anchors
        assert torch.allclose(composed.logits(pictures, own), bare(composed, pictures, own), atol=1e-3)


def test_a_name_that_two_sets_have_is_that_of_either():
    """A picture of one set is not told that the name is the other's, too."""
    first, second = apart().members
    shared = first.text.anchors[:1]
    other = replace(second, text=replace(second.text, anchors=torch.cat([second.text.anchors, shared])))
    composed = Composition((first, other))
    pictures, names = first.image.anchors, torch.cat([first.text.anchors, second.text.anchors])
    settled = composed.logits(pictures, names) - bare(composed, pictures, names)
    assert (settled[:, 0] - settled[:, 1]).min() > -math.log(2) - 0.01
    assert (settled[:, 0] - settled[:, -1]).min() > 5


def test_the_least_probable_names_leave_numbers():
    composed = apart()
    pictures = torch.cat([each.image.anchors for each in composed.members])
    names = torch.cat([SETS[0].text.anchors, opposite(*composed.members)])
    for asked in (names, names[:1], names[-1:], SETS[1].text.anchors[:1]):
        assert composed.logits(pictures, asked).isfinite().all()
    assert composed.logits(pictures, names[:0]).shape == (16, 0)
    assert composed.logits(pictures[:0], names).shape == (0, 9)


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
