"""Accuracy elsewhere from the products of a sweep, against the adapter itself."""

import math

import pytest
import torch

from llu_core.data.fewshot import Control
from llu_core.method.classifier import ZeroShotClassifier
from llu_core.method.elsewhere.accuracy import ElsewhereSweep, accuracy_elsewhere
from support.synthetic import random_adapter, rows, unit_rows


def control(name: str, classes: int, pictures: int, seed: int) -> Control:
    labels = torch.arange(pictures) % classes
    return Control(
        name,
        tuple(f"{name} {k}" for k in range(classes)),
        unit_rows(classes, 16, seed),
        rows(unit_rows(pictures, 16, seed + 1), labels, name),
    )


CONTROLS = (control("fruit", 3, 40, 3), control("tools", 7, 21, 7))


@pytest.mark.parametrize(("beta", "gamma"), [(0, 5), (1, 0), (0.4, 1), (1, 5), (1, math.inf)])
def test_the_sweep_equals_the_adapter(beta: float, gamma: float):
    adapter = random_adapter(beta=beta, gamma=gamma)
    swept = ElsewhereSweep.of(adapter, CONTROLS)
    assert swept.accuracy(beta=beta, gamma=gamma) == pytest.approx(accuracy_elsewhere(adapter, CONTROLS))
    assert swept.plane([beta], [gamma]).item() == pytest.approx(accuracy_elsewhere(adapter, CONTROLS), abs=1e-4)


def test_at_beta_zero_it_is_clips():
    clip = accuracy_elsewhere(ZeroShotClassifier(), CONTROLS)
    assert ElsewhereSweep.of(random_adapter(), CONTROLS).accuracy(beta=0, gamma=3) == pytest.approx(clip)


def test_every_problem_has_the_same_weight():
    texts = torch.eye(2)
    pairs = rows(torch.eye(2), torch.tensor([0, 1]), "right")
    wrong = rows(torch.eye(2)[[0, 1, 0, 1]], torch.tensor([1, 0, 1, 1]), "one of four right")
    both = (Control("a", ("x", "y"), texts, pairs), Control("b", ("x", "y"), texts, wrong))
    assert accuracy_elsewhere(ZeroShotClassifier(), both) == (100 + 25) / 2


def test_without_controls_there_is_no_number():
    assert accuracy_elsewhere(ZeroShotClassifier(), ()) is None
    assert ElsewhereSweep.of(random_adapter(), ()).accuracy(beta=1, gamma=0) is None
