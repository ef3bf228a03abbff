"""Tuning: it looks at nothing but the shots, says why, and keeps its hands off where nothing can be held out."""

from dataclasses import replace

import pytest
import torch

from llu_core.data.fewshot import Control, LabelledEmbeddings
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter, interpolation_mask
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.sweep import Sweep
from llu_core.method.tuning import BETAS, FOLDS, GAMMAS, Plane, Tuning, _decided, folds, guarded, tune
from llu_core.systems import llu
from llu_core.systems.contract import AnyClasses, Material
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


def test_every_lambda_has_a_plane_without_and_with_statistics(tuning: Tuning):
    assert {(plane.lam, plane.statistics) for plane in tuning.planes} == {
        (lam, weight) for lam in (100.0, 1000.0, 10_000.0) for weight in (0.0, 0.1)
    }


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_plane_is_what_training_fold_by_fold_scores(tuning: Tuning, weight: float):
    (plane,) = (each for each in tuning.planes if (each.lam, each.statistics) == (1000.0, weight))
    row, column = 8, 7
    seen, unseen, probability = [], [], []
    for fold in folds(SHOTS, seed=0):
        adapter = fit(fold.train, replace(QUICK, statistics=weight)).with_mask(beta=BETAS[row], gamma=GAMMAS[column])
        for half, accuracies in ((fold.train, seen), (fold.unseen, unseen)):
            logits = adapter.logits(half.test.embeddings, half.class_embeddings)
            accuracies.append(100 * (logits.argmax(1) == half.test.labels).float().mean().item())
            probability.append(100 * logits.softmax(1).gather(1, half.test.labels[:, None]).mean().item())
    assert plane.seen[row, column].item() == pytest.approx(sum(seen) / len(seen), abs=1e-4)
    assert plane.unseen[row, column].item() == pytest.approx(sum(unseen) / len(unseen), abs=1e-4)
    assert plane.probability[row, column].item() == pytest.approx(sum(probability) / len(probability), abs=1e-3)


def planes_where(gain: float, spread: float) -> list[Plane]:
    """A plane on which all is the same, and one of statistics on which beta .3, gamma 1 gained that much in 8 folds."""
    flat = torch.full((8, len(BETAS), len(GAMMAS)), 60.0)
    risen = flat.clone()
    risen[:, 6, 2] += gain + spread * torch.tensor([1.0, -1.0] * 4)
    mean = flat.mean(dim=0)
    return [Plane(1000.0, mean, mean, flat, flat), Plane(1000.0, mean, mean, risen, risen, 0.1)]


def test_a_gain_that_all_folds_agree_on_is_taken():
    decided = _decided(QUICK, planes_where(1.0, 0.5))
    assert decided.recipe == replace(QUICK, statistics=0.1).asked_at(0.3, 1.0)
    assert decided.setting == (6, 2)
    assert "beta 0.3, gamma 1, lambda 1000, class statistics of weight 0.1 made" in decided.reason


@pytest.mark.parametrize(("gain", "spread"), [(0.0, 0.0), (0.3, 2.0)])
def test_without_clear_evidence_the_defaults_stay_and_it_says_so(gain: float, spread: float):
    decided = _decided(QUICK, planes_where(gain, spread))
    assert decided.recipe == QUICK
    assert decided.setting == (BETAS.index(0.5), GAMMAS.index(20.0))
    assert decided.reason.startswith("no evidence for another setting, beta 0.5 and gamma 20 stay as they are")


def test_a_gain_on_one_half_of_the_classes_is_no_evidence():
    own, other = planes_where(1.0, 0.0)
    other.of_folds[4:, 6, 2] -= 2.1
    assert _decided(QUICK, [own, other]).recipe == QUICK


def test_more_certain_is_not_better_unless_more_is_right():
    own, other = planes_where(1.0, 0.1)
    assert _decided(QUICK, [own, replace(other, right_of_folds=own.right_of_folds)]).recipe == QUICK


def test_an_infinite_gamma_stays_what_it_is_without_evidence():
    decided = _decided(QUICK.asked_at(None, float("inf")), planes_where(0.0, 0.0))
    assert decided.recipe.mask == (0.5, float("inf"))


def test_no_share_of_the_update_is_clip_for_every_gamma(tuning: Tuning):
    for plane in tuning.planes:
        assert len({round(value, 4) for value in plane.probability[0].tolist()}) == 1


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
    assert len(tuning.planes) == 2
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
    (beta, gamma), (honest_beta, honest_gamma) = chosen.mask, tune(SHOTS, QUICK).recipe.mask
    share = interpolation_mask(sweep.image_nearest, beta=beta, gamma=gamma).mean()
    assert share <= interpolation_mask(sweep.image_nearest, beta=honest_beta, gamma=honest_gamma).mean()


TEXTS = unit_rows(6, 48, seed=40)
PICTURES = near(TEXTS.repeat(20, 1), 1.6, seed=41)
CONTROL = Control("others", tuple("abcdef"), TEXTS, rows(PICTURES, torch.arange(6).repeat(20), "x"))
ELSEWHERE = ElsewhereSweep.of(random_adapter(48), [CONTROL])


def likeliest_at(row: int, column: int) -> Tuning:
    """A tuning whose probability falls with the distance from one setting."""
    here = torch.cartesian_prod(torch.arange(float(len(BETAS))), torch.arange(float(len(GAMMAS))))
    probability = -(here - torch.tensor([row, column])).square().sum(dim=1).reshape(1, len(BETAS), len(GAMMAS))
    flat = torch.full((len(BETAS), len(GAMMAS)), 50.0)
    plane = Plane(1000.0, flat, flat, probability, probability)
    return Tuning(QUICK.asked_at(BETAS[row], GAMMAS[column]), "because", (plane,), plane)


def test_a_guard_keeps_what_was_known_elsewhere_and_says_what_it_saved():
    accuracies = ELSEWHERE.plane(BETAS, GAMMAS)
    clip = accuracies[0, 0].item()
    assert accuracies[-1, 0] < 0.9 * clip, "the update has to ruin something"
    found = guarded(likeliest_at(len(BETAS) - 1, 0), ELSEWHERE, 99)
    row, column = found.setting
    allowed = torch.nonzero(accuracies >= 0.99 * clip - 1e-4)
    distance = (allowed - torch.tensor([len(BETAS) - 1, 0])).square().sum(dim=1)
    assert [row, column] in allowed[distance == distance.min()].tolist()
    assert "of all settings that keep 99 % of CLIP's accuracy elsewhere" in found.reason
    assert f"elsewhere {accuracies[row, column]:.1f} % are right (CLIP {clip:.1f} %)" in found.reason
    assert f"beta 1, gamma 0, which leaves {accuracies[-1, 0]:.1f} % elsewhere" in found.reason


def test_a_guard_that_changes_nothing_says_so():
    found = guarded(likeliest_at(0, 3), ELSEWHERE, 99)
    assert found.recipe.mask == (0, GAMMAS[3])
    assert found.reason.startswith("because; elsewhere ")
    assert found.reason.endswith("which is within the guard of 99 % of CLIP's")
    assert guarded(likeliest_at(20, 0), ELSEWHERE, 0).recipe.mask[0] == 1


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


def test_the_tuned_adapter_is_trained_as_those_were_that_were_scored():
    given = Material(SHOTS, LabelledEmbeddings.empty(48))
    fitted = llu.fit_tuned(given, 0, "cpu", QUICK)
    assert isinstance(fitted, AnyClasses)
    adapter, chosen = fitted.classifier, tune(SHOTS, QUICK).recipe
    assert isinstance(adapter, LocalizedAdapter)
    assert (chosen.beta, chosen.gamma) == (QUICK.beta, QUICK.gamma)
    assert (adapter.beta, adapter.gamma) == chosen.mask
    own = fit(SHOTS, replace(QUICK, lam=chosen.lam))
    assert torch.equal(adapter.image.update.weight, own.image.update.weight)
