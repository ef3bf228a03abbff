"""Choosing beta, gamma, lambda and the statistics from the few-shot set alone, without a look at test data.

Shots and whole classes are held out in turn: an adapter is trained on half of the classes without a part of their
shots, and asked about these shots (seen) and about all pictures of the other half (unseen), each a closed problem as in
base-to-new. All adapters of all folds are trained at once, and the sweep scores each at every (beta, gamma).

The weight of class statistics is a candidate too, 0 or WEIGHT, put on after the training as every mask is.

What decides is the mean probability of the true class, seen and unseen. Accuracies of a few held-out pictures are too
coarse a ruler to find a setting with, and the likelihood minds single pictures too much. What is found is taken only on
clear evidence, since folds train on half of the classes and are a rough likeness of the task: against the recipe as
it is, fold by fold, both that probability and the accuracy must have risen by more than CLEAR standard errors, and on
either half of the classes. Otherwise the answer is that there is no evidence for another setting, and the recipe stays.

Held-out classes are of the kind that was taught, and may gain by an update that ruins everything else. Where a set
brings controls, `guarded` chooses only among settings that keep a share of CLIP's accuracy on them. They are no test
data of the task; an accuracy elsewhere that is reported after they were a guard is no test any more, though.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import harmonic_mean
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.fitting import fit_many
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.statistics.head import WEIGHT, share
from llu_core.method.sweep import Sweep

BETAS = tuple(step / 20 for step in range(21))
GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 50.0)
LAMBDAS = (0.1, 1.0, 10.0)
"""Multiples of the recipe's own lambda."""
FOLDS = 4
MIN_SHOTS, MIN_CLASSES = 3, 4
CLEAR = 2.0
"""Standard errors of the folds: about one chance in forty where nothing is gained, twice over."""
KEEP_ELSEWHERE = 99.0
"""Percent of CLIP's accuracy elsewhere that a guard keeps unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Held-out scores of one lambda at every (beta, gamma), each (len(BETAS), len(GAMMAS)), means over the folds.

    seen, unseen: accuracies in percent. of_folds: the mean probability of the true class in percent, seen and unseen
    alike, and right_of_folds: the accuracy likewise, both of every fold, (folds, len(BETAS), len(GAMMAS)).
    statistics: the weight of class statistics that was asked with.
    """

    lam: float
    seen: Tensor
    unseen: Tensor
    of_folds: Tensor
    right_of_folds: Tensor
    statistics: float = 0.0

    @property
    def probability(self) -> Tensor:
        return self.of_folds.mean(dim=0)

    @property
    def harmonic(self) -> Tensor:
        """H of the two accuracies."""
        return 2 * self.seen * self.unseen / (self.seen + self.unseen).clamp(min=1e-9)

    @property
    def best(self) -> tuple[int, int]:
        """The indices in BETAS and GAMMAS of the largest probability."""
        return self.best_of(torch.ones(len(BETAS), len(GAMMAS), dtype=torch.bool))

    def best_of(self, allowed: Tensor) -> tuple[int, int]:
        """The same among the settings that are `allowed`, (len(BETAS), len(GAMMAS)) bool, at least one of them."""
        index = int(self.probability.masked_fill(~allowed, -torch.inf).argmax())
        return index // len(GAMMAS), index % len(GAMMAS)


@dataclass(frozen=True, eq=False)
class Tuning:
    """recipe: the given one with the chosen lambda and weight of statistics, trained under its own mask, as the scored
    adapters were, and asked under the chosen beta and gamma; as it was without evidence for another setting.

    reason: in a sentence, why. planes: one per lambda and weight, none where nothing could be held out; chosen: the one
    that the recipe is on.
    """

    recipe: Recipe
    reason: str
    planes: tuple[Plane, ...] = ()
    chosen: Plane | None = None

    @property
    def setting(self) -> tuple[int, int]:
        """The indices in BETAS and GAMMAS that the recipe's mask is nearest to."""
        return nearest_setting(self.recipe)


@dataclass(frozen=True, eq=False)
class Fold:
    """train: half of the classes without the held-out shots, which are its test rows; unseen: the other half."""

    train: FewShotSet
    unseen: FewShotSet


def tune(
    shots: FewShotSet,
    recipe: Recipe = RECIPES["best"],
    *,
    lambdas: Sequence[float] = LAMBDAS,
    weights: Sequence[float] = (0.0, WEIGHT),
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Tuning:
    """Beta, gamma, lambda and the weight of statistics for `shots` under `recipe`, from its training rows alone.

    lambdas: the candidates, as multiples of the recipe's own, which must be among them (1.0); weights: candidates
    besides the recipe's own. What there is no clear evidence for is not chosen.

    With fewer than MIN_SHOTS shots in any class, or MIN_CLASSES classes with shots, the recipe is kept and the reason
    says so. The same seed holds out the same shots and classes. Raises LluError if there are no shots.
    """
    if len(shots.train) == 0:
        raise LluError(f"{shots.name} has no training images; add at least one per class to be learned")
    kept = _why_kept(shots)
    if kept:
        beta, gamma = recipe.mask
        return Tuning(recipe, f"beta {beta:g} and gamma {gamma:g} stay as they are: {kept}")
    cut = list(folds(shots, seed))
    settings = [replace(recipe, lam=recipe.lam * factor) for factor in (lambdas if recipe.lam else (1.0,))]
    by_lambda = [replace(setting, statistics=WEIGHT) for setting in settings for _ in cut]
    adapters = fit_many([fold.train for _ in settings for fold in cut], by_lambda, seeds=[seed], device=device)
    planes = []
    for index, setting in enumerate(settings):
        of_lambda = adapters[index * len(cut) : (index + 1) * len(cut)]
        planes += _planes(setting.lam, tuple(dict.fromkeys((recipe.statistics, *weights))), of_lambda, cut)
    return _decided(recipe, planes)


def _planes(
    lam: float, weights: Sequence[float], adapters: Sequence[LocalizedAdapter], cut: Sequence[Fold]
) -> Iterator[Plane]:
    """The scores of all folds, asked with statistics of each weight."""
    scored = [_scored(adapter, fold, weights) for adapter, fold in zip(adapters, cut, strict=True)]
    for index, weight in enumerate(weights):
        seen, unseen, probability = torch.stack([each[:, index] for each in scored], dim=1)
        yield Plane(lam, seen.mean(dim=0), unseen.mean(dim=0), probability, (seen + unseen) / 2, weight)


def nearest_setting(recipe: Recipe) -> tuple[int, int]:
    """The indices in BETAS and GAMMAS nearest to the mask that the recipe asks under."""
    beta, gamma = recipe.mask
    row = min(range(len(BETAS)), key=lambda index: abs(BETAS[index] - beta))
    # an infinite gamma is nearest to the largest one
    return row, min(range(len(GAMMAS)), key=lambda index: abs(GAMMAS[index] - min(gamma, GAMMAS[-1])))


def _decided(recipe: Recipe, planes: Sequence[Plane]) -> Tuning:
    """The best setting of all planes where the evidence for it is clear, the recipe as it is otherwise."""
    own = min(planes, key=lambda plane: (abs(plane.lam - recipe.lam), plane.statistics != recipe.statistics))
    here = nearest_setting(recipe)
    best = max(planes, key=lambda plane: float(plane.probability.max()))
    row, column = best.best
    if not _is_clear(best, (row, column), own, here):
        beta, gamma = recipe.mask
        reason = (
            f"no evidence for another setting, beta {beta:g} and gamma {gamma:g} stay as they are: "
            f"{_told(own, here)}; the best of {len(planes) * len(BETAS) * len(GAMMAS)} other settings, beta "
            f"{BETAS[row]:g}, gamma {GAMMAS[column]:g}, was not clearly better over {len(own.of_folds)} folds"
        )
        return Tuning(recipe, reason, tuple(planes), own)
    tuned = replace(recipe, lam=best.lam, statistics=best.statistics).asked_at(BETAS[row], GAMMAS[column])
    return Tuning(tuned, _reason(best, (row, column)), tuple(planes), best)


def _is_clear(best: Plane, there: tuple[int, int], own: Plane, here: tuple[int, int]) -> bool:
    """Whether `best` at `there` beats `own` at `here` by more than CLEAR standard errors, fold by fold, in probability
    and in accuracy, and on both halves of the classes, which the first and the second half of the folds train on."""
    for found, kept in ((best.of_folds, own.of_folds), (best.right_of_folds, own.right_of_folds)):
        gain = found[:, there[0], there[1]] - kept[:, here[0], here[1]]
        error = float(gain.std()) / math.sqrt(len(gain))
        middle = len(gain) // 2
        if not (float(gain.mean()) > CLEAR * error and min(gain[:middle].mean(), gain[middle:].mean()) > 0):
            return False
    return True


def guarded(tuning: Tuning, elsewhere: ElsewhereSweep, keep: float = KEEP_ELSEWHERE) -> Tuning:
    """The chosen setting where it keeps `keep` percent of CLIP's accuracy elsewhere, or else the best that does.

    elsewhere: of the adapter that is to be asked. The reason says what was guarded, and what the unguarded choice would
    have cost. Without a plane nothing is chosen, and without controls nothing guarded; the reason then says so.
    Raises LluError unless keep is a percentage.
    """
    check_keep(keep)
    if tuning.chosen is None:
        return tuning
    if not elsewhere.problems:
        return replace(tuning, reason=f"{tuning.reason}; nothing was guarded elsewhere: the set brings no controls")
    accuracies = elsewhere.plane(BETAS, GAMMAS)
    clip, free = float(accuracies[0, 0]), tuning.setting
    allowed = accuracies >= clip * keep / 100 - 1e-4
    row, column = free if allowed[free] else tuning.chosen.best_of(allowed)
    kept = f"elsewhere {accuracies[row, column]:.1f} % are right (CLIP {clip:.1f} %)"
    if (row, column) == free:
        return replace(tuning, reason=f"{tuning.reason}; {kept}, which is within the guard of {keep:g} % of CLIP's")
    reason = (
        f"of all settings that keep {keep:g} % of CLIP's accuracy elsewhere, {_reason(tuning.chosen, (row, column))}; "
        f"{kept}. Unguarded it would have been beta {BETAS[free[0]]:g}, gamma {GAMMAS[free[1]]:g}, which leaves "
        f"{accuracies[free]:.1f} % elsewhere"
    )
    return replace(tuning, recipe=tuning.recipe.asked_at(BETAS[row], GAMMAS[column]), reason=reason)


def check_keep(keep: float) -> None:
    """Raise LluError unless `keep` is a percentage."""
    if not 0 <= keep <= 100:
        raise LluError(f"{keep:g} % of CLIP's accuracy elsewhere cannot be kept; give a number from 0 to 100")


def _why_kept(shots: FewShotSet) -> str:
    counts = shots.shots_per_class[list(shots.seen_classes)]
    if len(counts) < MIN_CLASSES:
        return f"{len(counts)} classes have shots, and {MIN_CLASSES} are needed to hold some out"
    if int(counts.min()) < MIN_SHOTS:
        return f"a class has only {int(counts.min())} shot(s), and {MIN_SHOTS} are needed to hold some out"
    return ""


def folds(shots: FewShotSet, seed: int) -> Iterator[Fold]:
    """2 x FOLDS folds over the classes with shots: either half of them, each without each part of its shots."""
    generator = torch.Generator().manual_seed(seed)
    labels = shots.train.labels
    seen = torch.tensor(shots.seen_classes)[torch.randperm(len(shots.seen_classes), generator=generator)]
    part = torch.empty_like(labels)
    for label in seen:
        rows = torch.nonzero(labels == label).flatten()
        part[rows[torch.randperm(len(rows), generator=generator)]] = torch.arange(len(rows)) % FOLDS
    middle = math.ceil(len(seen) / 2)
    for half, other in ((seen[:middle], seen[middle:]), (seen[middle:], seen[:middle])):
        mine = torch.isin(labels, half)
        parts = min(FOLDS, int(shots.shots_per_class[half].min()))
        unseen = replace(shots, test=shots.train).select_classes(other.tolist())
        for fold in range(parts):
            split = (torch.nonzero(mine & chosen).flatten().tolist() for chosen in (part != fold, part == fold))
            train, held_out = (shots.train.select(rows) for rows in split)
            yield Fold(replace(shots, train=train, test=held_out).select_classes(half.tolist()), unseen)


def _scored(adapter: LocalizedAdapter, fold: Fold, weights: Sequence[float]) -> Tensor:
    """Accuracy on seen, on unseen and the mean probability of both, in percent: (3, weights, BETAS, GAMMAS)."""
    seen, unseen = (
        _surface(Sweep.of(adapter, asked.test.embeddings, asked.class_embeddings), asked.test.labels, weights)
        for asked in (fold.train, fold.unseen)
    )
    return torch.stack([seen[0], unseen[0], (seen[1] + unseen[1]) / 2])


def _surface(sweep: Sweep, labels: Tensor, weights: Sequence[float]) -> Tensor:
    """Accuracy and mean probability of the true class in percent at every weight and setting, for rows of these labels
    (n,): (2, weights, BETAS, GAMMAS). The sweep's statistics are of WEIGHT."""
    found = torch.empty(2, len(weights), len(BETAS), len(GAMMAS), dtype=torch.float32)
    betas = torch.tensor(BETAS, dtype=torch.float32)[:, None]
    shares = torch.tensor([share(beta) for beta in BETAS], dtype=torch.float32)[:, None, None] / WEIGHT
    true = labels[None, :, None].expand(len(BETAS), -1, 1)
    for column, gamma in enumerate(GAMMAS):
        bare = sweep.logit_scale * sweep.scores(beta=betas, gamma=gamma)
        for index, weight in enumerate(weights):
            logits = bare if sweep.statistics is None or not weight else bare + weight * shares * sweep.statistics
            found[0, index, :, column] = (logits.argmax(dim=2) == labels).float().mean(dim=1)
            own = logits.gather(2, true)[..., 0] - logits.logsumexp(dim=2)
            found[1, index, :, column] = own.exp().mean(dim=1)
    return 100.0 * found


def _reason(plane: Plane, setting: tuple[int, int]) -> str:
    row, column = setting
    statistics = f", class statistics of weight {plane.statistics:g}" if plane.statistics else ""
    return (
        f"beta {BETAS[row]:g}, gamma {GAMMAS[column]:g}, lambda {plane.lam:g}{statistics} made the held-out pictures' "
        f"classes most probable: {_told(plane, setting)}"
    )


def _told(plane: Plane, setting: tuple[int, int]) -> str:
    seen, unseen = float(plane.seen[setting]), float(plane.unseen[setting])
    clip = harmonic_mean(float(plane.seen[0, 0]), float(plane.unseen[0, 0])) or 0.0
    return (
        f"over {len(plane.of_folds)} folds {seen:.1f} % of the held-out shots and {unseen:.1f} % of the held-out "
        f"classes' pictures are right (H {float(plane.harmonic[setting]):.1f}, CLIP {clip:.1f})"
    )
