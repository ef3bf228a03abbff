"""Tuning: it looks at nothing but the shots, says why, and keeps its hands off where nothing can be held out."""

from dataclasses import replace

import pytest
import torch

from llu_core.errors import LluError
from llu_core.method.adapter import interpolation_mask
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.sweep import Sweep
from llu_core.method.tuning import BETAS, FOLDS, GAMMAS, Tuning, folds, tune
from support.synthetic import problem

QUICK = replace(RECIPES["fast"], steps=6)
SHOTS = problem(base=8, new=4, shots=6, width=48)


@pytest.fixture(scope="module")
def tuning() -> Tuning:
    return tune(SHOTS, QUICK)


def test_folds_hold_out_shots_and_whole_classes():
    cut = list(folds(SHOTS, seed=3))
    assert len(cut) == 2 * FOLDS
    for fold in cut:
        trained, unseen = set(fold.train.class_names), set(fold.unseen.class_names)
        assert not trained & unseen
        assert trained | unseen == set(SHOTS.class_names[:8])  # the four classes without shots take no part
        assert not set(fold.train.train.names) & set(fold.train.test.names)
        assert set(fold.train.seen_classes) == set(fold.train.test.labels.tolist()) == set(range(4))
        assert set(fold.unseen.test.names) & {*fold.train.train.names, *fold.train.test.names} == set()
    for half in (cut[:FOLDS], cut[FOLDS:]):
        held_out = [name for fold in half for name in fold.train.test.names]
        assert len(held_out) == len(set(held_out)) == 24


def test_the_test_rows_are_never_looked_at(tuning: Tuning):
    without = tune(replace(SHOTS, test=SHOTS.test.select([])), QUICK)
    assert without.recipe == tuning.recipe
    assert without.reason == tuning.reason


def test_the_chosen_setting_is_the_likeliest_of_its_plane(tuning: Tuning):
    chosen = tuning.chosen
    assert chosen is not None
    row, column = BETAS.index(tuning.recipe.beta), GAMMAS.index(tuning.recipe.gamma)
    assert chosen.likelihood[row, column] == chosen.likelihood.max()
    assert [plane.lam for plane in tuning.planes] == [100.0, 1000.0, 10_000.0]
    assert tuning.recipe.lam == chosen.lam
    assert tuning.recipe == replace(QUICK, beta=BETAS[row], gamma=GAMMAS[column], lam=chosen.lam)
    assert f"beta {BETAS[row]:g}, gamma {GAMMAS[column]:g}" in tuning.reason


def test_a_plane_is_what_training_fold_by_fold_scores(tuning: Tuning):
    plane, row, column = tuning.planes[1], 8, 7
    seen, unseen, likelihood = [], [], []
    for fold in folds(SHOTS, seed=0):
        adapter = fit(fold.train, QUICK).with_mask(beta=BETAS[row], gamma=GAMMAS[column])
        for half, accuracies in ((fold.train, seen), (fold.unseen, unseen)):
            logits = adapter.logits(half.test.embeddings, half.class_embeddings)
            accuracies.append(100 * (logits.argmax(1) == half.test.labels).float().mean().item())
            likelihood.append(-torch.nn.functional.cross_entropy(logits, half.test.labels).item())
    assert plane.seen[row, column].item() == pytest.approx(sum(seen) / len(seen), abs=1e-4)
    assert plane.unseen[row, column].item() == pytest.approx(sum(unseen) / len(unseen), abs=1e-4)
    assert plane.likelihood[row, column].item() == pytest.approx(2 * sum(likelihood) / len(likelihood), abs=1e-4)


def test_no_share_of_the_update_is_clip_for_every_gamma(tuning: Tuning):
    for plane in tuning.planes:
        assert len({round(value, 4) for value in plane.likelihood[0].tolist()}) == 1


def test_the_same_seed_chooses_the_same(tuning: Tuning):
    again = tune(SHOTS, QUICK)
    assert again.chosen is not None
    assert tuning.chosen is not None
    assert torch.equal(again.chosen.of_folds, tuning.chosen.of_folds)


@pytest.mark.parametrize("shots", [1, 2])
def test_with_one_or_two_shots_the_defaults_stay_and_it_says_so(shots: int):
    tuning = tune(problem(shots=shots), QUICK)
    assert tuning.recipe == QUICK
    assert tuning.planes == ()
    assert f"only {shots} shot(s), and 3 are needed" in tuning.reason


def test_with_few_classes_the_defaults_stay_and_it_says_so():
    tuning = tune(problem(base=3), QUICK)
    assert tuning.recipe == QUICK
    assert "3 classes have shots, and 4 are needed" in tuning.reason


def test_three_shots_and_a_lambda_of_nothing_are_enough():
    tuning = tune(problem(shots=3), replace(QUICK, lam=0.0))
    assert len(tuning.planes) == 1
    assert tuning.recipe.lam == 0


def test_no_shots_are_refused():
    with pytest.raises(LluError, match="no training images"):
        tune(replace(SHOTS, train=SHOTS.train.select([])), QUICK)


def test_an_update_that_harms_is_damped_away():
    # labels that say nothing: whatever is learned is wrong for the held-out shots
    noisy = torch.randint(0, 8, (48,), generator=torch.Generator().manual_seed(1))
    noisy[: 8 * 3] = torch.arange(8).repeat(3)
    shots = replace(SHOTS, train=replace(SHOTS.train, labels=noisy))
    chosen = tune(shots, QUICK).recipe
    sweep = Sweep.of(fit(SHOTS, QUICK), SHOTS.test.embeddings, SHOTS.class_embeddings)
    share = interpolation_mask(sweep.image_nearest, beta=chosen.beta, gamma=chosen.gamma).mean()
    honest = tune(SHOTS, QUICK).recipe
    assert share <= interpolation_mask(sweep.image_nearest, beta=honest.beta, gamma=honest.gamma).mean()
