"""What a cell of the timing protocol does: a form of a system, over so many classes and pictures."""

import platform
from dataclasses import replace

import torch

from llu_core.errors import LluError
from llu_core.evaluation.protocols import Trial
from llu_core.evaluation.results import TimingRow
from llu_core.evaluation.timing.passes import FAST, time_pass
from llu_core.systems.recipes_named import without_recipe


def timed_forms(system: str) -> tuple[str, ...]:
    """The forms that a system is timed in: LLU in its fast one too, all others in the usual one."""
    return ("", FAST) if without_recipe(system) == "llu" else ("",)


def timed_rows(trial: Trial, form: str, classes: int | None, batch_size: int) -> list[TimingRow]:
    """A pass against the first `classes` classes that have shots, None for all of them.

    Raises LluError where there are fewer.
    """
    seen = trial.drawn.problem.seen_classes
    if classes is not None and len(seen) < classes:
        raise LluError(f"{trial.drawn.problem.name} has {len(seen)} classes with shots, not {classes}; ask for fewer")
    drawn = trial.drawn.select_classes(seen[:classes])
    row = time_pass(replace(trial, drawn=drawn), batch_size, fast=form == FAST)
    return [replace(row, where=processor(trial.device))]


def processor(device: torch.device | str) -> str:
    """The name of the GPU, or of the CPU with the one thread that a cell has."""
    chosen = torch.device(device)
    if chosen.type == "cuda":
        return torch.cuda.get_device_name(chosen)
    return f"{platform.processor() or platform.machine()}, one thread"
