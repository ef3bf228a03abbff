"""One forward and backward pass of every system's own training, over a batch of pictures and against all classes.

A pass lies between two steps of an optimiser, so it is found by hooks on the optimiser and a system need not know; what
else lies there, choosing the batch, counts. LLU is timed in its plain form, the loss differentiated by autograd with
respect to all of W and b, which is the same kind of pass as the others', and as "llu-fast" in its fast form, the closed
gradient that `fit` trains by, within the subspace of its recipe.
"""

import contextlib
import inspect
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass, replace
from functools import partial
from statistics import median
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from llu_core.evaluation.protocols import Trial, material_for, system_of
from llu_core.evaluation.results import TimingRow
from llu_core.evaluation.timing.live_bytes import LiveBytes
from llu_core.method.adapter import AffineUpdate
from llu_core.method.batched.run import BatchedTraining
from llu_core.method.fitting import job_of
from llu_core.method.recipes import Recipe
from llu_core.method.training import TrainingProblem
from llu_core.systems.registry import CannotAnswer, Material

REPEATS, MOST_REPEATS, FEW_SECONDS, ENOUGH_SECONDS = 5, 50, 0.2, 10.0
"""So many passes are timed, short ones again until they are MOST_REPEATS or took FEW_SECONDS together; after
ENOUGH_SECONDS no other is begun."""
PATIENCE = 60.0
"""Seconds that a training may take to its first step; what takes longer is not timed."""
NO_GRADIENT, TOO_FEW = "has no gradient pass", "has fewer than three gradient passes"
ON_CPU = "tensors made during the pass and alive at once (CPU)"
ON_CUDA = "torch.cuda.max_memory_allocated during the pass, less what was allocated before it"
FAST, PLAIN = "fast form", "plain form"
FAST_SUFFIX = "-fast"
"""What the name of LLU ends in where its fast form is timed."""
_ONE_BY_ONE = {"cocoop"}
"""Its recipe takes pictures one by one; a pass over a batch is then so many steps, of which some are timed."""


def time_pass(trial: Trial, batch_size: int, *, fast: bool = False) -> TimingRow:
    """Time the pass of `trial.system` over `batch_size` shots; fast: of LLU, in its fast form."""
    problem = trial.drawn.problem
    form = "" if system_of(trial).recipe is None else FAST if fast else PLAIN
    row = TimingRow(
        protocol="timing",
        source=problem.name,
        method=f"{trial.system}{FAST_SUFFIX}" if fast else trial.system,
        batch_size=batch_size,
        seed=trial.seed,
        seconds=None,
        memory_bytes=None,
        classes=len(problem.class_names),
        form=form,
    )
    passes = _Passes(torch.device(trial.device))
    try:
        material = material_for(trial, trial.drawn)
        _run(_training(trial, material, batch_size, passes, fast=fast), passes)
    except CannotAnswer as error:
        return replace(row, reason=str(error))
    if not passes.seconds:
        return replace(row, reason=TOO_FEW if passes.done else NO_GRADIENT)
    return replace(
        row,
        seconds=median(passes.seconds) * (batch_size if trial.system in _ONE_BY_ONE else 1),
        memory_bytes=passes.allocated,
        held_bytes=passes.held,
        memory=ON_CUDA if passes.device.type == "cuda" else ON_CPU,
    )


def _training(
    trial: Trial, material: Material, batch_size: int, passes: "_Passes", *, fast: bool
) -> Callable[[], object]:
    """What is to be run for the passes to be found in it."""
    system = system_of(trial)
    if system.recipe is not None:
        # anchors only make alpha, a constant of the training: they are not clustered, which would take longer than all
        recipe = replace(system.recipe, batch_size=None, max_anchors=None)
        return partial(_fast_form if fast else _plain_form, material, batch_size, recipe, trial, passes)
    fit, sized = _with_batch_size(system.fit, batch_size)
    if trial.system in _ONE_BY_ONE or sized:
        whole = max(1, len(material.targets) // batch_size) * batch_size  # no epoch ends in a smaller batch
        return partial(fit, _rows_of(material, whole), trial.seed, trial.device)
    return partial(fit, _rows_of(material, batch_size), trial.seed, trial.device)


def _with_batch_size(fit: Callable[..., Any], batch_size: int) -> tuple[Callable[..., Any], bool]:
    """The training by a system's own recipe with another batch size, and whether the recipe has one."""
    given = inspect.signature(fit).parameters.get("recipe")
    recipe = None if given is None else given.default
    if not is_dataclass(recipe) or isinstance(recipe, type):
        return fit, False
    if isinstance(getattr(recipe, "batch_size", None), int):
        return partial(fit, recipe=replace(recipe, batch_size=batch_size)), True
    optimizer = getattr(recipe, "optimizer", None)
    if is_dataclass(optimizer) and getattr(optimizer, "batch_size", 1) > 1:
        sized = replace(optimizer, batch_size=batch_size)  # pyright: ignore[reportArgumentType]
        return partial(fit, recipe=replace(recipe, optimizer=sized)), True
    return fit, False


def _rows_of(material: Material, count: int) -> Material:
    """The first `count` shots when the classes take turns, repeated where there are fewer; all classes stay."""
    rows = _in_turns(material.shots.train.labels, count)
    shots = replace(material.shots, train=material.shots.train.select(rows))
    return replace(material, shots=shots, views=None if material.views is None else material.views[:, rows])


def _in_turns(labels: torch.Tensor, count: int) -> torch.Tensor:
    """(count,) rows: the first of every class, then the second of every class, and so on, from the start again."""
    turn = torch.zeros_like(labels)
    for label in labels.unique():
        turn[labels == label] = torch.arange(int((labels == label).sum()))
    order = (turn * (int(labels.max()) + 1) + labels).argsort()
    return order[torch.arange(count) % len(order)]


class _Enough(Exception):
    """Leaves a training that has been measured."""


@dataclass
class _Passes:
    """What is noted of a training: the first pass warms up, the memory of the second is measured, which slows it down,
    and those that follow are timed."""

    device: torch.device
    seconds: list[float] = field(default_factory=list)
    held: int = 0
    allocated: int = 0
    done: int = 0
    start: float = 0.0
    live: LiveBytes | None = None

    def before_step(self, *_) -> None:
        """A step of the optimiser begins, and a pass has ended."""
        _synchronize(self.device)
        elapsed = time.perf_counter() - self.start
        self.done += 1
        if self.done == 1 and elapsed > PATIENCE:
            raise CannotAnswer(f"took {elapsed:.0f} s to its first step and was left at that")
        if self.done > 2:
            self.seconds.append(elapsed)

    def after_step(self, *_) -> None:
        """A step of the optimiser has ended, and the next pass begins."""
        if self.done == 1:
            self._watch_memory()
        if self.done == 2:
            self._note_memory()
        timed, taken = len(self.seconds), sum(self.seconds)
        if timed == MOST_REPEATS or taken > ENOUGH_SECONDS or (timed >= REPEATS and taken > FEW_SECONDS):
            raise _Enough
        _synchronize(self.device)
        self.start = time.perf_counter()

    def _watch_memory(self) -> None:
        self.held = self.live.held if self.live else 0
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            self.allocated = -torch.cuda.memory_allocated(self.device)
        elif self.live:
            self.live.forget_peak()
            self.allocated = -self.live.now

    def _note_memory(self) -> None:
        if self.device.type == "cuda":
            self.allocated += torch.cuda.max_memory_allocated(self.device)
        elif self.live:
            self.allocated += self.live.peak
        self.stop_watching()

    def stop_watching(self) -> None:
        """From now on tensors are not counted, which takes time."""
        if self.live is not None:
            self.live.__exit__(None, None, None)
            self.live = None


def _run(training: Callable[[], object], passes: _Passes) -> None:
    """Run a training until its passes are noted."""
    hooks = (
        register_optimizer_step_pre_hook(passes.before_step),
        register_optimizer_step_post_hook(passes.after_step),
    )
    passes.live = LiveBytes(passes.device)
    passes.live.__enter__()
    passes.start = time.perf_counter()
    try:
        with contextlib.suppress(_Enough), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that rows are few matters nothing here
            training()
    finally:
        passes.stop_watching()
        for hook in hooks:
            hook.remove()


def _fast_form(material: Material, batch_size: int, recipe: Recipe, trial: Trial, passes: _Passes) -> None:
    problem = _batch_of(TrainingProblem.of(material.shots, recipe, passes.device), batch_size)
    training = BatchedTraining([job_of(problem, recipe, trial.seed)])
    while True:
        training.differentiate(0)
        passes.before_step()
        passes.after_step()


def _plain_form(material: Material, batch_size: int, recipe: Recipe, trial: Trial, passes: _Passes) -> None:
    problem = _batch_of(TrainingProblem.of(material.shots, replace(recipe, subspace="all"), passes.device), batch_size)
    start = AffineUpdate.identity(problem.width).to(passes.device)
    image, text = (AffineUpdate(start.weight.clone(), start.bias.clone()) for _ in range(2))
    parameters = [part.requires_grad_() for update in (image, text) for part in (update.weight, update.bias)]
    while True:
        loss, _, _ = problem.loss(image, text, None, recipe.lam)
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = gradient
        passes.before_step()
        passes.after_step()


def _batch_of(problem: TrainingProblem, batch_size: int) -> TrainingProblem:
    """The problem of a batch: all class texts and anchors, and `batch_size` of the pictures."""
    rows = _in_turns(problem.targets.cpu(), batch_size).to(problem.targets.device)
    return replace(
        problem, images=problem.images[rows], targets=problem.targets[rows], image_alpha=problem.image_alpha[rows]
    )


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
