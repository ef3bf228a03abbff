"""Class statistics beside the update: the closed form, where it is silent, and that it is local."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llu_core.data.fewshot import Control
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.classifier import ZeroShotClassifier
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.statistics.gaussian import group_sums
from llu_core.method.statistics.head import ClassStatistics, nearness, share
from llu_core.method.sweep import Sweep
from support.adapters import logits, trained
from support.synthetic import halves, problem, unit_rows

WITH = replace(RECIPES["fast"], steps=4, statistics=0.1)
SHOTS = problem(base=5, new=4, shots=5, width=24)
BASE, NEW = halves(SHOTS)
STATISTICS = ClassStatistics(BASE.train.embeddings, BASE.train.labels, BASE.class_embeddings)
IMAGES = BASE.test.embeddings


def head(images: torch.Tensor, texts: torch.Tensor, statistics: ClassStatistics = STATISTICS) -> torch.Tensor:
    """h, (n, C)."""
    rows, offsets = statistics.closed_form.linear(texts)
    return images @ rows.T - offsets


def test_the_points_of_a_group_are_added_in_their_order():
    """Floats that are added in another order have another sum."""
    points, groups = torch.randn(700, 40, generator=torch.Generator().manual_seed(0)), torch.arange(700) ** 2 % 11
    expected = torch.zeros(12, 40)
    for point, group in zip(points, groups.tolist(), strict=True):
        expected[group] += point
    assert torch.equal(group_sums(points, groups, 12), expected)


def by_hand(images: np.ndarray, labels: np.ndarray, texts: np.ndarray, asked: np.ndarray, shots: list[int]):
    """h of some pictures, class by class; `shots`: how many each of the asked classes has."""
    means = np.stack([images[labels == label].mean(axis=0) for label in range(len(texts))])
    centred = images - means[labels]
    trace = (centred**2).sum() / (len(images) - 1)
    precision = images.shape[1] * np.linalg.inv(centred.T @ centred + trace * np.eye(images.shape[1]))
    centre, picture, columns = means.mean(axis=0), IMAGES.numpy().astype(float), []
    for label, (text, count) in enumerate(zip(asked, shots, strict=True)):
        near = images[np.argsort(-images @ text)[:64]]
        score = 0.0
        for prior in (
            np.concatenate([near, np.tile(text, (16, 1))]).mean(axis=0),
            centre + 0.25 * (text - texts.mean(axis=0)),
        ):
            mean = (count * means[label] + 4 * prior) / (count + 4) if count else prior
            of_class, of_all = (picture @ precision @ m - m @ precision @ m / 2 for m in (mean, centre))
            score = score + (of_class - of_all) / 2
        columns.append(score)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(("asked", "shots"), [(BASE, [5] * 5), (NEW, [0] * 4)], ids=["taught", "new"])
def test_the_head_is_what_a_computation_by_hand_gives(asked, shots: list[int]):
    sides = (BASE.train.embeddings, BASE.train.labels, BASE.class_embeddings, asked.class_embeddings)
    images, labels, texts, others = (each.numpy() for each in sides)
    expected = by_hand(images.astype(float), labels, texts.astype(float), others.astype(float), shots)
    np.testing.assert_allclose(head(IMAGES, asked.class_embeddings), expected, rtol=1e-3, atol=1e-3)


def test_what_is_added_is_the_head_times_both_masks_and_the_weight():
    adapter = fit(BASE, WITH)
    bare = replace(adapter, statistics=None)
    difference = adapter.logits(IMAGES, NEW.class_embeddings) - bare.logits(IMAGES, NEW.class_embeddings)
    picture, text = (
        (1 - (points @ anchors.T).amax(dim=1)).clamp(0, 1)
        for points, anchors in ((IMAGES, adapter.image.anchors), (NEW.class_embeddings, adapter.text.anchors))
    )
    others = (BASE.train.embeddings @ BASE.train.embeddings.T).fill_diagonal_(-1).amax(dim=1)
    familiar = others.quantile(0.05)
    picture = ((picture - (1 - familiar)) / familiar).clamp(min=0)
    of_pictures, of_texts = (
        (torch.exp(-gamma * d) - math.exp(-gamma)) / (1 - math.exp(-gamma)) for gamma, d in ((1, picture), (3, text))
    )
    near = of_pictures[:, None] * of_texts
    torch.testing.assert_close(difference, 0.1 * near * head(IMAGES, NEW.class_embeddings), atol=1e-4, rtol=0)


def test_the_masks_fall_from_one_to_exactly_nothing_at_a_right_angle():
    near = nearness(torch.tensor([1.0001, 1.0, 0.9, 0.5, 0.0, -0.4]), 3.0)
    assert near[:2].tolist() == [1, 1]
    expected = [(math.exp(-3 * d) - math.exp(-3)) / (1 - math.exp(-3)) for d in (0.1, 0.5)]
    assert near[2:4].tolist() == pytest.approx(expected, abs=1e-6)
    assert near[4:].tolist() == [0, 0]
    wider = nearness(torch.tensor([0.9, 0.8, 0.4, 0.0, -1.0]), 3.0, 0.8)
    assert wider.tolist() == pytest.approx([1, 1, expected[1], 0, 0], abs=1e-6)
    assert wider[3:].tolist() == [0, 0]
    assert [share(beta) for beta in (0, 0.1, 0.2, 1)] == [0, 0.5, 1, 1]


def far_away(count: int, seed: int) -> torch.Tensor:
    """Unit rows at right angles to all that FAR teaches."""
    return F.pad(unit_rows(count, 24, seed), (24, 0))


FAR = replace(
    BASE,
    class_embeddings=F.pad(BASE.class_embeddings, (0, 24)),
    train=replace(BASE.train, embeddings=F.pad(BASE.train.embeddings, (0, 24))),
    test=replace(BASE.test, embeddings=F.pad(BASE.test.embeddings, (0, 24))),
)


def test_far_from_everything_taught_the_answer_is_clips_to_the_last_bit():
    images, texts = far_away(9, 1), far_away(6, 2)
    clip = ZeroShotClassifier().logits(images, texts)
    adapter = fit(FAR, WITH)
    assert torch.equal(adapter.logits(images, texts), clip)
    assert torch.equal(Sweep.of(adapter, images, texts).logits(beta=0.5, gamma=20), clip)
    assert not torch.equal(adapter.logits(FAR.train.embeddings, FAR.class_embeddings), clip[:1, :1])


def test_one_far_side_is_enough_to_keep_the_statistics_out():
    adapter = fit(FAR, WITH)
    bare = replace(adapter, statistics=None)
    for images, texts in ((far_away(9, 1), FAR.class_embeddings), (FAR.train.embeddings, far_away(6, 2))):
        assert torch.equal(adapter.logits(images, texts), bare.logits(images, texts))


def test_one_shot_per_class_says_nothing():
    adapter = fit(BASE.sample(1, seed=1), WITH)
    bare = replace(adapter, statistics=None)
    assert torch.equal(adapter.logits(IMAGES, NEW.class_embeddings), bare.logits(IMAGES, NEW.class_embeddings))


def test_two_shots_say_something():
    adapter = fit(BASE.sample(2, seed=1), WITH)
    bare = replace(adapter, statistics=None)
    assert not torch.equal(adapter.logits(IMAGES, NEW.class_embeddings), bare.logits(IMAGES, NEW.class_embeddings))


@pytest.mark.parametrize("gamma", [0.0, 20.0, math.inf])
def test_beta_zero_is_clip_bit_for_bit(gamma: float):
    adapter = fit(BASE, WITH).with_mask(beta=0, gamma=gamma)
    clip = ZeroShotClassifier().logits(IMAGES, NEW.class_embeddings)
    assert torch.equal(adapter.logits(IMAGES, NEW.class_embeddings), clip)


def test_classes_of_the_same_text_share_their_shots():
    texts = BASE.class_embeddings.clone()
    texts[1] = texts[0]
    merged = head(IMAGES, texts, replace(STATISTICS, texts=texts))
    assert torch.equal(merged[:, 0], merged[:, 1])


def test_who_else_is_asked_makes_no_difference():
    adapter = fit(BASE, WITH)
    whole = adapter.logits(IMAGES, NEW.class_embeddings)
    some = adapter.logits(IMAGES[3:5], NEW.class_embeddings[[2, 0]])
    torch.testing.assert_close(some, whole[3:5][:, [2, 0]], atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 20.0, math.inf])
@pytest.mark.parametrize("beta", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_the_sweep_equals_the_adapter_at_every_setting(beta: float, gamma: float):
    adapter = fit(BASE, WITH)
    sweep = Sweep.of(adapter, IMAGES, SHOTS.class_embeddings)
    expected = adapter.with_mask(beta=beta, gamma=gamma).logits(IMAGES, SHOTS.class_embeddings)
    torch.testing.assert_close(sweep.logits(beta=beta, gamma=gamma), expected, atol=2e-3, rtol=0)
    assert torch.equal(sweep.predictions(beta=beta, gamma=gamma), expected.argmax(dim=1))
    assert torch.equal(sweep.plane([beta], [gamma])[0, 0], expected.argmax(dim=1))


def test_statistics_count_elsewhere_too():
    adapter = fit(BASE, replace(WITH, statistics=1000.0))
    control = problem(base=3, new=3, shots=3, tests=30, width=24, seed=9)
    controls = [Control("others", control.class_names, control.class_embeddings, control.test)]
    swept = ElsewhereSweep.of(adapter, controls)
    bare = ElsewhereSweep.of(replace(adapter, statistics=None), controls)
    assert swept.accuracy(beta=1, gamma=5) != bare.accuracy(beta=1, gamma=5)
    assert swept.accuracy(beta=0, gamma=5) == bare.accuracy(beta=0, gamma=5)


def test_only_the_recipe_best_has_them():
    assert [name for name, recipe in RECIPES.items() if recipe.statistics] == ["best"]
    assert fit(BASE, replace(RECIPES["fast"], steps=2)).statistics is None


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_a_weight_that_is_none_is_refused(weight: float):
    with pytest.raises(LluError, match="the statistics' weight"):
        replace(RECIPES["fast"], statistics=weight)


def test_they_are_saved_with_an_adapter(tmp_path: Path):
    before = trained(statistics=0.1)
    before.save_pretrained(tmp_path)
    after = TrainedAdapter.from_pretrained(tmp_path)
    assert torch.equal(logits(after), logits(before))
    assert json.loads((tmp_path / "config.json").read_text())["format_version"] == 2


def test_an_adapter_without_them_opens_in_earlier_releases_and_earlier_ones_open_here(tmp_path: Path):
    trained().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["format_version"] == 1
    del config["statistics"]
    del config["recipe"]["statistics"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert TrainedAdapter.from_pretrained(tmp_path).adapter.statistics is None


BROKEN = {
    "another width": lambda s: replace(s, images=s.images[:, 1:]),
    "a label too many": lambda s: replace(s, targets=s.targets + 1),
    "a class without shots": lambda s: replace(s, targets=s.targets.clamp(max=2)),
    "labels that are no integers": lambda s: replace(s, targets=s.targets.float()),
    "no number": lambda s: replace(s, texts=s.texts * math.nan),
    "a weight below zero": lambda s: replace(s, weight=-1.0),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_damaged_statistics_are_refused(tmp_path: Path, damage: Any):
    kept = trained(statistics=0.1)
    statistics = damage(kept.adapter.statistics)
    replace(kept, adapter=replace(kept.adapter, statistics=statistics)).save_pretrained(tmp_path)
    with pytest.raises(LluError, match="is a damaged adapter"):
        TrainedAdapter.from_pretrained(tmp_path)
