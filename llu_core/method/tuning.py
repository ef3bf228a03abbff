"""Choosing beta, gamma and lambda from the few-shot set alone, without a look at test data.

Shots and whole classes are held out in turn: an adapter is trained on half of the classes without a part of their
shots, and asked about these shots (seen) and about all pictures of the other half (unseen), each a closed problem as in
base-to-new. All adapters of all folds are trained at once, and the sweep scores each at every (beta, gamma).

What decides is the mean log-likelihood of the true class, seen plus unseen. Accuracies of a few held-out pictures
are too coarse a ruler: they hardly change over the plane, and their best place is a matter of single pictures.

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
from llu_core.method.classifier import harmonic_mean
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.fitting import fit_many
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.sweep import Sweep

BETAS = tuple(step / 20 for step in range(21))
GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 50.0)
LAMBDAS = (0.1, 1.0, 10.0)
"""Multiples of the recipe's own lambda."""
FOLDS = 4
MIN_SHOTS, MIN_CLASSES = 3, 4
KEEP_ELSEWHERE = 99.0
"""Percent of CLIP's accuracy elsewhere that a guard keeps unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Held-out scores of one lambda at every (beta, gamma), each (len(BETAS), len(GAMMAS)), means over the folds.

    seen, unseen: accuracies in percent; likelihood: mean log-likelihood in nats, seen plus unseen. of_folds: the
    likelihood of every fold, (folds, len(BETAS), len(GAMMAS)).
    """

    lam: float
    seen: Tensor
    unseen: Tensor
    of_folds: Tensor

    @property
    def likelihood(self) -> Tensor:
        return self.of_folds.mean(dim=0)

    @property
    def harmonic(self) -> Tensor:
        """H of the two accuracies."""
        return 2 * self.seen * self.unseen / (self.seen + self.unseen).clamp(min=1e-9)

    @property
    def best(self) -> tuple[int, int]:
        """The indices in BETAS and GAMMAS of the largest likelihood."""
        return self.best_of(torch.ones(len(BETAS), len(GAMMAS), dtype=torch.bool))

    def best_of(self, allowed: Tensor) -> tuple[int, int]:
        """The same among the settings that are `allowed`, (len(BETAS), len(GAMMAS)) bool, at least one of them."""
        index = int(self.likelihood.masked_fill(~allowed, -torch.inf).argmax())
        return index // len(GAMMAS), index % len(GAMMAS)


@dataclass(frozen=True, eq=False)
class Tuning:
    """recipe: the given one with the chosen beta, gamma and lambda, or as it was where nothing could be held out.

    reason: in a sentence, why. planes: one per lambda, none where nothing could be held out; chosen: the one taken.
    """

    recipe: Recipe
    reason: str
    planes: tuple[Plane, ...] = ()
    chosen: Plane | None = None

    def training(self, recipe: Recipe) -> Recipe:
        """How to train by `recipe`, which was tuned: with the chosen lambda and under its own mask, as the adapters
        were trained that were asked at every setting; then asked under the chosen mask."""
        if self.chosen is None:
            return recipe
        return replace(recipe, lam=self.recipe.lam).asked_at(self.recipe.beta, self.recipe.gamma)


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
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Tuning:
    """Beta, gamma and lambda for `shots` under `recipe`, from its training rows alone.

    lambdas: the candidates, as multiples of the recipe's own, which must be among them (1.0).

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
    sets = [fold.train for _ in settings for fold in cut]
    by_lambda = [setting for setting in settings for _ in cut]
    adapters = fit_many(sets, by_lambda, seeds=[seed], device=device)
    planes = []
    for index, setting in enumerate(settings):
        of_lambda = adapters[index * len(cut) : (index + 1) * len(cut)]
        scored = [_scored(adapter, fold) for adapter, fold in zip(of_lambda, cut, strict=True)]
        seen, unseen, likelihood = (torch.stack(part) for part in zip(*scored, strict=True))
        planes.append(Plane(setting.lam, seen.mean(dim=0), unseen.mean(dim=0), likelihood))
    chosen = _chosen(planes, recipe)
    beta, gamma = BETAS[chosen.best[0]], GAMMAS[chosen.best[1]]
    tuned = replace(recipe, beta=beta, gamma=gamma, lam=chosen.lam, asked_beta=None, asked_gamma=None)
    return Tuning(tuned, _reason(chosen, len(cut), chosen.best), tuple(planes), chosen)


def guarded(tuning: Tuning, elsewhere: ElsewhereSweep, keep: float = KEEP_ELSEWHERE) -> Tuning:
    """The likeliest setting of the chosen plane that keeps `keep` percent of CLIP's accuracy elsewhere.

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
    clip = float(accuracies[0, 0])
    free = tuning.chosen.best
    row, column = tuning.chosen.best_of(accuracies >= clip * keep / 100 - 1e-4)
    kept = f"elsewhere {accuracies[row, column]:.1f} % are right (CLIP {clip:.1f} %)"
    if (row, column) == free:
        return replace(tuning, reason=f"{tuning.reason}; {kept}, which is within the guard of {keep:g} % of CLIP's")
    reason = (
        f"of all settings that keep {keep:g} % of CLIP's accuracy elsewhere, "
        f"{_reason(tuning.chosen, len(tuning.chosen.of_folds), (row, column))}; {kept}. Unguarded it would have been "
        f"beta {BETAS[free[0]]:g}, gamma {GAMMAS[free[1]]:g}, which leaves {accuracies[free]:.1f} % elsewhere"
    )
    return replace(tuning, recipe=replace(tuning.recipe, beta=BETAS[row], gamma=GAMMAS[column]), reason=reason)


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


def _scored(adapter, fold: Fold) -> tuple[Tensor, Tensor, Tensor]:
    """Accuracy on seen and on unseen in percent and the likelihood of both, each (len(BETAS), len(GAMMAS))."""
    (seen, seen_likelihood), (unseen, unseen_likelihood) = (
        _surface(Sweep.of(adapter, asked.test.embeddings, asked.class_embeddings), asked.test.labels)
        for asked in (fold.train, fold.unseen)
    )
    return seen, unseen, seen_likelihood + unseen_likelihood


def _surface(sweep: Sweep, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Accuracy in percent and mean log-likelihood at every setting, for rows of these labels (n,)."""
    accuracy, likelihood = torch.empty(2, len(BETAS), len(GAMMAS))
    for row, beta in enumerate(BETAS):
        for column, gamma in enumerate(GAMMAS):
            logits = sweep.logits(beta=beta, gamma=gamma)
            accuracy[row, column] = 100.0 * (logits.argmax(dim=1) == labels).float().mean()
            likelihood[row, column] = -torch.nn.functional.cross_entropy(logits, labels)
    return accuracy, likelihood


def _chosen(planes: Sequence[Plane], recipe: Recipe) -> Plane:
    """The recipe's own lambda, unless another one is better by more than the folds' standard error."""
    own = min(planes, key=lambda plane: abs(plane.lam - recipe.lam))
    best = max(planes, key=lambda plane: float(plane.likelihood.max()))
    gain = best.of_folds[:, best.best[0], best.best[1]] - own.of_folds[:, own.best[0], own.best[1]]
    return best if gain.mean() > gain.std() / math.sqrt(len(gain)) else own


def _reason(plane: Plane, count: int, setting: tuple[int, int]) -> str:
    row, column = setting
    seen, unseen = float(plane.seen[row, column]), float(plane.unseen[row, column])
    clip = harmonic_mean(float(plane.seen[0, 0]), float(plane.unseen[0, 0])) or 0.0
    return (
        f"beta {BETAS[row]:g}, gamma {GAMMAS[column]:g}, lambda {plane.lam:g} made the held-out pictures most likely: "
        f"over {count} folds {seen:.1f} % of the held-out shots and {unseen:.1f} % of the held-out classes' pictures "
        f"are right (H {float(plane.harmonic[row, column]):.1f}, CLIP {clip:.1f})"
    )
