"""Training to the end, as fast as the machine allows: one adapter, or many at once."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import torch

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.batched.run import BatchedTraining, Job
from llu_core.method.batched.threads import threads_for
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.training import TrainingProblem, initial, scheduled, train
from llu_core.steps import drain, relay

Value = TypeVar("Value")


def fit(
    shots: FewShotSet, recipe: Recipe = RECIPES["fast"], *, seed: int = 0, device: torch.device | str = "cpu"
) -> LocalizedAdapter:
    """What `train` arrives at, up to rounding, without its readings of every step.

    Raises LluError as `train` does, and for one class alone.
    """
    return drain(fit_steps(shots, recipe, seed=seed, device=device))


@dataclass(frozen=True)
class Fitting:
    """How far a training is: `step` of `steps` are taken.

    reading: computes loss (eq. 3) and accuracy in percent on the last step's batch, as they were before that step; it
    must be asked before the training goes on.
    """

    step: int
    steps: int
    reading: Callable[[], tuple[float, float]]


def fit_steps(
    shots: FewShotSet, recipe: Recipe = RECIPES["fast"], *, seed: int = 0, device: torch.device | str = "cpu"
) -> Generator[Fitting, None, LocalizedAdapter]:
    """What `fit` does, telling now and then how far it is; an abandoned generator leaves no trace."""
    shots.require_choice()
    steps = _little_by_little(shots, recipe, seed, device)
    while True:
        with threads_for(shots.train.embeddings.numel()):  # these are this thread's, and the next step may be another's
            try:
                step = next(steps)
            except StopIteration as finished:
                return finished.value
        yield step


def _little_by_little(
    shots: FewShotSet, recipe: Recipe, seed: int, device: torch.device | str
) -> Generator[Fitting, None, LocalizedAdapter]:
    if recipe.shared:  # one g for two modalities has no closed form
        plain = train(shots, recipe, seed=seed, device=device)
        return (yield from relay(plain, lambda at: Fitting(at.step, at.steps, lambda: (at.loss, at.accuracy))))
    job = job_of(TrainingProblem.of(shots, recipe, device), recipe, seed)
    training = BatchedTraining([job])
    (adapter,) = yield from relay(training.steps(), lambda done: Fitting(done, len(job.steps), training.reading))
    return adapter


def fit_many(
    shots: Sequence[FewShotSet],
    recipes: Sequence[Recipe],
    *,
    seeds: Sequence[int],
    device: torch.device | str = "cpu",
) -> list[LocalizedAdapter]:
    """K adapters, the k-th of shots[k] by recipes[k] with seeds[k]: the same as one by one, in one batched run.

    A sequence of one is used for all. Those that differ in their optimiser, their steps or their kind of start are
    trained in runs of their own. Raises LluError where a length is neither 1 nor K, and as `train` does.
    """
    count = max(map(len, (shots, recipes, seeds)), default=0)
    if any(len(each) not in (1, count) for each in (shots, recipes, seeds)):
        raise LluError(f"{len(shots)} sets, {len(recipes)} recipes, {len(seeds)} seeds; give K of each, or one for all")
    sets, settings, numbers = _of_length(count, shots), _of_length(count, recipes), _of_length(count, seeds)
    with threads_for(sum(each.train.embeddings.numel() for each in sets)):
        return _fitted(sets, settings, numbers, device)


def _fitted(
    sets: Sequence[FewShotSet], recipes: Sequence[Recipe], seeds: Sequence[int], device: torch.device | str
) -> list[LocalizedAdapter]:
    adapters: dict[int, LocalizedAdapter] = {}
    kinds: dict[tuple, dict[int, Job]] = {}
    problems: dict[tuple, TrainingProblem] = {}
    for index, (one, recipe, seed) in enumerate(zip(sets, recipes, seeds, strict=True)):
        if recipe.shared:  # one g for two modalities has no closed form here
            adapters[index] = drain(train(one, recipe, seed=seed, device=device))
            continue
        constant = id(one), recipe.beta, recipe.gamma, recipe.max_anchors, recipe.within_classes
        if constant not in problems:
            problems[constant] = TrainingProblem.of(one, recipe, device)
        job = job_of(problems[constant], recipe, seed)
        kinds.setdefault(job.kind, {})[index] = job
    for jobs in kinds.values():
        adapters |= zip(jobs, drain(BatchedTraining(list(jobs.values())).steps()), strict=True)
    return [adapters[index] for index in range(len(sets))]


def _of_length(count: int, values: Sequence[Value]) -> list[Value]:
    return list(values) * (count if len(values) == 1 else 1)


def job_of(problem: TrainingProblem, recipe: Recipe, seed: int) -> Job:
    """The training of a problem that starts and shuffles by `seed`, to be run by a BatchedTraining."""
    generator, starts = torch.Generator().manual_seed(seed), None
    if recipe.init == "random":
        image, text = (initial(recipe, problem.width, generator).to(problem.images.device) for _ in range(2))
        starts = image, text
    return Job(problem, recipe, scheduled(recipe, problem, generator), starts)


@cache
def warm_up(device: str = "cpu") -> None:
    """One step on a toy set, so that no training that is timed pays for what torch loads at a process's first one."""
    points = torch.eye(2, dtype=torch.float32)
    rows = LabelledEmbeddings(points, torch.arange(2), ("a", "b"))
    toy = FewShotSet("warm-up", ("a", "b"), points, rows, rows, base_classes=2)
    fit(toy, replace(RECIPES["fast"], steps=1), device=device)
