"""The timing protocol (Figure 3): one forward and backward pass of a system's own training, seconds and peak memory.

A pass lies between two steps of the optimiser, so it is found by hooks on the optimiser and a system need not know;
LLU, whose gradient is a closed form, is asked for it.
"""

import contextlib
import time
import weakref
from dataclasses import dataclass, field, replace
from statistics import median

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from llu_core.evaluation.protocols import Trial, material_for, system_of
from llu_core.evaluation.results import TimingRow
from llu_core.method.batched import BatchedTraining
from llu_core.method.fitting import job_of
from llu_core.method.recipes import Recipe
from llu_core.method.training import TrainingProblem
from llu_core.systems.registry import CannotAnswer, Material

BATCH_SIZES = (1, 2, 4, 8, 16, 32)
REPEATS = 5
NO_GRADIENT = "has no gradient pass"
ON_CPU = "tensors made during the pass and alive at once (CPU; without the model)"
ON_CUDA = "torch.cuda.max_memory_allocated during the pass"
_ONE_BY_ONE = {"cocoop"}
"""Its recipe takes pictures one by one; a pass over a batch is then so many steps."""


def time_pass(trial: Trial, batch_size: int) -> TimingRow:
    """Time the pass of `trial.system` over `batch_size` shots; a batch of 32 at most is one batch of every recipe."""
    row = TimingRow("timing", trial.drawn.problem.name, trial.system, batch_size, trial.seed, None, None)
    try:
        material = _first_rows(material_for(trial, trial.drawn), batch_size)
        passes = _measured(trial, material, batch_size)
    except CannotAnswer as error:
        return replace(row, reason=str(error))
    if not passes.seconds:
        return replace(row, reason=NO_GRADIENT)
    on_cuda = torch.device(trial.device).type == "cuda"
    return replace(
        row, seconds=median(passes.seconds), memory_bytes=max(passes.bytes), memory=ON_CUDA if on_cuda else ON_CPU
    )


def _first_rows(material: Material, count: int) -> Material:
    """The first `count` shots when the classes take turns, repeated where there are fewer; all classes stay."""
    labels = material.shots.train.labels
    turn = torch.zeros_like(labels)
    for label in labels.unique():
        turn[labels == label] = torch.arange(int((labels == label).sum()))
    order = (turn * (int(labels.max()) + 1) + labels).argsort()
    rows = order[torch.arange(count) % len(order)]
    shots = replace(material.shots, train=material.shots.train.select(rows))
    return replace(material, shots=shots, views=None if material.views is None else material.views[:, rows])


class _Enough(Exception):
    """Leaves a training that has been measured."""


@dataclass
class _Passes:
    """What the hooks note. Each pass is `steps` optimiser steps; the first is not counted, and the last is the one
    whose memory is measured, since measuring slows it down."""

    steps: int
    device: torch.device
    seconds: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    done: int = 0
    start: float = 0.0
    live: "LiveBytes | None" = None

    def before_step(self, *_) -> None:
        self.done += 1
        _synchronize(self.device)
        elapsed = time.perf_counter() - self.start
        counted, step = divmod(self.done - 1, self.steps)
        if counted == 0:
            return
        if counted <= REPEATS:
            if step == 0:
                self.seconds.append(0.0)
            self.seconds[-1] += elapsed
            return
        self.bytes.append(_peak_bytes(self.live, self.device))
        raise _Enough

    def after_step(self, *_) -> None:
        if self.done == (REPEATS + 1) * self.steps:
            self.live = _start_memory(self.device)
        _synchronize(self.device)
        self.start = time.perf_counter()


def _measured(trial: Trial, material: Material, batch_size: int) -> _Passes:
    recipe = system_of(trial).recipe
    if recipe is not None and not recipe.shared:
        return _closed_form(trial, material, recipe)
    steps = batch_size if trial.system in _ONE_BY_ONE else 1
    passes = _Passes(steps, torch.device(trial.device))
    hooks = (
        register_optimizer_step_pre_hook(passes.before_step),
        register_optimizer_step_post_hook(passes.after_step),
    )
    try:
        with contextlib.suppress(_Enough):
            system_of(trial).fit(material, trial.seed, trial.device)
    finally:
        for hook in hooks:
            hook.remove()
    return passes


def _closed_form(trial: Trial, material: Material, recipe: Recipe) -> _Passes:
    """The passes of LLU over all rows at once."""
    whole = replace(recipe, batch_size=None)
    training = BatchedTraining([job_of(TrainingProblem.of(material.shots, whole, trial.device), whole, trial.seed)])
    passes = _Passes(1, torch.device(trial.device))
    passes.after_step()
    with contextlib.suppress(_Enough):
        while True:
            training.differentiate(0)
            passes.before_step()
            passes.after_step()
    return passes


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _start_memory(device: torch.device) -> "LiveBytes | None":
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return None
    live = LiveBytes()
    live.__enter__()
    return live


def _peak_bytes(live: "LiveBytes | None", device: torch.device) -> int:
    """The most that was allocated at once since `_start_memory`."""
    if live is None:
        return torch.cuda.max_memory_allocated(device)
    live.__exit__(None, None, None)
    return live.peak


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of tensors made while it is on, and the most of them alive at once: `peak`.

    Tensors that were there before do not count, nor does what an operator allocates and frees inside itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tree_map_only(torch.Tensor, lambda tensor: self._know(tensor, made_here=False), (args, kwargs or {}))
        made = func(*args, **(kwargs or {}))
        tree_map_only(torch.Tensor, lambda tensor: self._know(tensor, made_here=True), made)
        return made

    def _know(self, tensor: Tensor, *, made_here: bool) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes() if made_here else 0
        if key in self._known:
            return
        self._known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, key, size).atexit = False

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size
