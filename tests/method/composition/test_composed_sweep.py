"""What the page computes of several sets is what the composition answers, whichever of them are switched on."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.composition.composition import Composition
from llu_core.method.composition.sweep import ComposedSweep, Masks
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.sweep import Sweep
from support.synthetic import problem, random_adapter, unit_rows

SETTINGS = [(0.0, 5.0), (1.0, 0.0), (1.0, 5.0), (0.5, 20.0), (0.1, 3.0), (1.0, math.inf)]
ALIKE = [[setting] * 3 for setting in SETTINGS]
APART = [SETTINGS[:3], SETTINGS[3:], [SETTINGS[2], SETTINGS[0], SETTINGS[5]]]


def composed(adapters: Sequence[LocalizedAdapter], on: Sequence[bool], masks: Masks) -> Composition:
    return Composition(
        tuple(
            each.with_mask(beta=beta, gamma=gamma)
            for each, acts, (beta, gamma) in zip(adapters, on, masks, strict=True)
            if acts
        )
    )


def taught_sets() -> tuple[list[LocalizedAdapter], Tensor, Tensor]:
    """Three sets with class statistics, all their test pictures, all their class texts."""
    sets: list[FewShotSet] = [problem(seed=seed, width=32) for seed in (5, 15, 25)]
    adapters = [fit(each, replace(RECIPES["best"], steps=5), seed=1) for each in sets]
    return adapters, torch.cat([s.test.embeddings for s in sets]), torch.cat([s.class_embeddings for s in sets])


@pytest.mark.parametrize("masks", ALIKE + APART)
def test_every_choice_of_sets_answers_as_their_composition(masks: Masks):
    adapters, images, texts = taught_sets()
    sweep = ComposedSweep.of(adapters, images, texts)
    for on in product((True, False), repeat=3):
        if any(on):
            expected = composed(adapters, on, masks).logits(images, texts)
            found = sweep.logits(masks, on)
            torch.testing.assert_close(found, expected, atol=2e-3, rtol=1e-4)
            torch.testing.assert_close(found.softmax(dim=1), expected.softmax(dim=1), atol=1e-4, rtol=0)


def test_one_set_alone_has_the_numbers_of_its_own_sweep():
    adapters = [random_adapter(seed=seed) for seed in (1, 2)]
    images, texts = unit_rows(20, 16, 3), unit_rows(6, 16, 4)
    alone = Sweep.of(adapters[1], images, texts)
    for beta, gamma in SETTINGS:
        found = ComposedSweep.of(adapters, images, texts).logits([(0.3, 1.0), (beta, gamma)], (False, True))
        assert torch.equal(found, alone.logits(beta=beta, gamma=gamma))


def test_no_set_and_no_strength_are_the_frozen_model():
    adapters, images, texts = taught_sets()
    sweep = ComposedSweep.of(adapters, images, texts)
    frozen = sweep.logit_scale * (images @ texts.T)
    assert torch.equal(sweep.logits([(1.0, 0.0)] * 3, (False,) * 3), frozen)
    assert torch.equal(sweep.logits([(0.0, 0.0)] * 3, (True,) * 3), frozen)


def test_the_shares_are_those_of_the_composition():
    adapters = [random_adapter(seed=seed) for seed in (1, 2, 3)]
    images = unit_rows(20, 16, 3)
    sweep = ComposedSweep.of(adapters, images, unit_rows(6, 16, 4))
    masks, on = [(0.8, 2.0), (1.0, 0.0), (0.3, 0.5)], (True, False, True)
    alpha = sweep.images.alpha(masks, on)
    expected = composed(adapters, on, masks).image_alpha(images)
    torch.testing.assert_close(alpha[:, [0, 2]], expected)
    assert not alpha[:, 1].any()


def test_how_near_a_point_stays_is_the_cosine_to_where_it_goes():
    adapters = [random_adapter(seed=seed) for seed in (1, 2)]
    texts = unit_rows(9, 16, 4)
    sweep = ComposedSweep.of(adapters, unit_rows(3, 16, 3), texts)
    masks, on = [(0.9, 1.0), (0.4, 3.0)], (True, True)
    side = composed(adapters, on, masks).text
    moved = side(texts, side.near(texts))
    torch.testing.assert_close(sweep.classes.kept(masks, on), (texts * moved).sum(dim=1), atol=1e-5, rtol=0)


def test_without_class_statistics_they_do_not_count():
    adapters, images, texts = taught_sets()
    bare = [replace(each, statistics=None) for each in adapters]
    masks, on = APART[1], (True,) * 3
    found = ComposedSweep.of(adapters, images, texts).logits(masks, on, statistics=False)
    torch.testing.assert_close(found, ComposedSweep.of(bare, images, texts).logits(masks, on))
