"""What a shelf is: trained sets by their names."""

from dataclasses import dataclass, replace

import torch

from demo.session.model import Model
from llu_core.method.adapter import LocalizedAdapter

Mask = tuple[float, float]
"""Beta and gamma of a set."""


@dataclass(frozen=True, eq=False)
class Shelved:
    """A trained set that is kept, without what was asked of it. name: no other on the shelf has it; mask: with which it
    came there, until it is moved."""

    name: str
    model: Model
    mask: Mask


@dataclass(frozen=True, eq=False)
class Shelf:
    """Trained sets, in the order in which they were put there."""

    entries: tuple[Shelved, ...] = ()

    def free_name(self, wanted: str) -> str:
        """The name, with a number where there is a set of that name already."""
        taken, number, free = {each.name for each in self.entries}, 2, wanted
        while free in taken:
            free, number = f"{wanted} ({number})", number + 1
        return free

    def entry_of(self, model: Model | None) -> Shelved | None:
        """The entry that keeps this model's adapter with its statistics, be it asked about other things by now."""
        if model is None:
            return None
        weight = _statistics_weight(model)
        kept = (e for e in self.entries if _statistics_weight(e.model) == weight and same_set(e.model, model))
        return next(kept, None)

    def having(self, entry: Shelved) -> "Shelf":
        """With one more set."""
        return replace(self, entries=(*self.entries, entry))

    def moved(self, name: str, mask: Mask) -> "Shelf":
        """With another mask for the set of that name."""
        return replace(self, entries=tuple(replace(e, mask=mask) if e.name == name else e for e in self.entries))

    def without(self, name: str) -> "Shelf":
        """Without the set of that name."""
        return replace(self, entries=tuple(each for each in self.entries if each.name != name))


def same_set(one: Model, other: Model) -> bool:
    """Whether two models have the same update, by what it holds; mask, names and statistics are no part of it."""
    first, second = one.trained.adapter, other.trained.adapter
    return first is second or all(map(torch.equal, _learned(first), _learned(second)))


def _learned(adapter: LocalizedAdapter) -> list[torch.Tensor]:
    sides = adapter.image, adapter.text
    return [part for side in sides for part in (side.anchors, side.update.weight, side.update.bias)]


def _statistics_weight(model: Model) -> float | None:
    statistics = model.trained.adapter.statistics
    return None if statistics is None else statistics.weight
