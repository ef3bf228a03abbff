"""Recipes: the mask of the training and the one that is asked under."""

import math

import pytest
import torch

from llu_core.errors import LluError
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.synthetic import problem

FAST = RECIPES["fast"]


def test_unless_told_otherwise_an_adapter_is_asked_under_the_mask_of_its_training():
    assert FAST.mask == (0.5, 20.0)
    assert RECIPES["best"].asked_at(None, None) == RECIPES["best"]
    assert RECIPES["best"].asked_at(1.0, None).mask == (1.0, 0.0)


def test_another_mask_asks_the_same_weights():
    shots = problem()
    own, moved = fit(shots, FAST), fit(shots, FAST.asked_at(1.0, math.inf))
    assert torch.equal(own.image.update.weight, moved.image.update.weight)
    assert (moved.beta, moved.gamma) == (1.0, math.inf)


def test_an_ablation_of_the_mask_is_asked_under_its_own():
    asked = FAST.asked_at(0.3, 2.0)
    assert asked.ablated("no mask").mask == (0.3, 0.0)
    assert asked.ablated("no damp").mask == (1.0, 2.0)
    assert asked.ablated("linear").mask == (1.0, 0.0)
    assert asked.ablated("no reg").mask == (0.3, 2.0)


@pytest.mark.parametrize(("beta", "gamma"), [(1.1, None), (None, -1.0), (math.nan, 1.0)])
def test_a_mask_that_is_none_is_refused(beta: float | None, gamma: float | None):
    with pytest.raises(LluError):
        FAST.asked_at(beta, gamma)
