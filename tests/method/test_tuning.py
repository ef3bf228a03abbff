"""Tuning: it looks at nothing but the shots, says why, and keeps its hands off where nothing can be held out."""

from dataclasses import replace

import pytest
import torch

from llu_core.data.fewshot import Control
from llu_core.errors import LluError
from llu_core.method.adapter import interpolation_mask
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.sweep import Sweep
from llu_core.method.tuning import BETAS, FOLDS, GAMMAS, Plane, Tuning, folds, guarded, tune
from support.synthetic import near, problem, random_adapter, rows, unit_rows

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


TEXTS = unit_rows(6, 48, seed=40)
PICTURES = near(TEXTS.repeat(20, 1), 1.6, seed=41)
CONTROL = Control("others", tuple("abcdef"), TEXTS, rows(PICTURES, torch.arange(6).repeat(20), "x"))
ELSEWHERE = ElsewhereSweep.of(random_adapter(48), [CONTROL])


def likeliest_at(row: int, column: int) -> Tuning:
    """A tuning whose likelihood falls with the distance from one setting."""
    here = torch.cartesian_prod(torch.arange(float(len(BETAS))), torch.arange(float(len(GAMMAS))))
    likelihood = -(here - torch.tensor([row, column])).square().sum(dim=1).reshape(1, len(BETAS), len(GAMMAS))
    flat = torch.full((len(BETAS), len(GAMMAS)), 50.0)
    plane = Plane(1000.0, flat, flat, likelihood)
    return Tuning(replace(QUICK, beta=BETAS[row], gamma=GAMMAS[column]), "because", (plane,), plane)


def test_a_guard_keeps_what_was_known_elsewhere_and_says_what_it_saved():
    accuracies = ELSEWHERE.plane(BETAS, GAMMAS)
    clip = accuracies[0, 0].item()
    assert accuracies[-1, 0] < 0.9 * clip, "the update has to ruin something"
    found = guarded(likeliest_at(len(BETAS) - 1, 0), ELSEWHERE, 99)
    row, column = BETAS.index(found.recipe.beta), GAMMAS.index(found.recipe.gamma)
    allowed = torch.nonzero(accuracies >= 0.99 * clip - 1e-4)
    distance = (allowed - torch.tensor([len(BETAS) - 1, 0])).square().sum(dim=1)
    assert [row, column] in allowed[distance == distance.min()].tolist()
    assert "of all settings that keep 99 % of CLIP's accuracy elsewhere" in found.reason
    assert f"elsewhere {accuracies[row, column]:.1f} % are right (CLIP {clip:.1f} %)" in found.reason
    assert f"beta 1, gamma 0, which leaves {accuracies[-1, 0]:.1f} % elsewhere" in found.reason


def test_a_guard_that_changes_nothing_says_so():
    found = guarded(likeliest_at(0, 3), ELSEWHERE, 99)
    assert (found.recipe.beta, found.recipe.gamma) == (0, GAMMAS[3])
    assert found.reason.startswith("because; elsewhere ")
    assert found.reason.endswith("which is within the guard of 99 % of CLIP's")
    assert guarded(likeliest_at(20, 0), ELSEWHERE, 0).recipe.beta == 1


def test_what_cannot_be_guarded_is_left_and_said_so():
    free = likeliest_at(20, 0)
    unguarded = guarded(free, ElsewhereSweep(()), 99)
    assert unguarded.recipe == free.recipe
    assert unguarded.reason == "because; nothing was guarded elsewhere: the set brings no controls"
    few = tune(SHOTS.sample(1, 0), QUICK)
    assert guarded(few, ELSEWHERE, 99) is few


@pytest.mark.parametrize("keep", [-1, 101, float("nan")])
def test_a_guard_is_a_percentage(keep: float):
    with pytest.raises(LluError, match="from 0 to 100"):
        guarded(likeliest_at(20, 0), ELSEWHERE, keep)


def test_the_tuned_adapter_is_trained_as_those_were_that_were_scored(tuning: Tuning):
    training = tuning.training(QUICK)
    assert (training.beta, training.gamma, training.lam) == (QUICK.beta, QUICK.gamma, tuning.recipe.lam)
    assert training.mask == (tuning.recipe.beta, tuning.recipe.gamma)
    assert Tuning(QUICK, "too few").training(QUICK) == QUICK
