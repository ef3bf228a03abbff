"""Controls within what the page can show: problems elsewhere as a visitor brings them, of which a sample is kept."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from llu_core.data.fewshot import Control, Rejected
from llu_core.data.pictures import ControlSource, Picture

CONTROL_PICTURES = 400
"""Pictures of all controls together that the page keeps; each costs it as much as a picture of the set."""

Read = Callable[[Sequence[Picture], tuple[Rejected, ...]], tuple[tuple[Picture, ...], tuple[Rejected, ...]]]


def read_controls(
    controls: Sequence[ControlSource], read: Read, rejected: tuple[Rejected, ...]
) -> tuple[tuple[ControlSource, ...], tuple[Rejected, ...]]:
    """A sample of every control's pictures, as `read` takes them into memory, and `rejected` with those it cannot."""
    kept = []
    for control, rows in zip(controls, _sampled([len(each.pictures) for each in controls]), strict=True):
        pictures, rejected = read([control.pictures[row] for row in rows], rejected)
        kept.append(replace(control, pictures=pictures))
    return tuple(each for each in kept if each.pictures), rejected


def sampled_controls(controls: Sequence[Control]) -> tuple[Control, ...]:
    """The controls with as many of their pictures as the page keeps."""
    rows = _sampled([len(each.pictures) for each in controls])
    return tuple(replace(c, pictures=c.pictures.select(kept)) for c, kept in zip(controls, rows, strict=True))


def _sampled(counts: Sequence[int]) -> list[list[int]]:
    """Rows of each problem, all of them where there are few, else drawn at random; in their order."""
    most = CONTROL_PICTURES // max(len(counts), 1)
    generator = torch.Generator().manual_seed(1)
    return [torch.randperm(count, generator=generator)[:most].sort().values.tolist() for count in counts]
