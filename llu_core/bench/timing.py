"""Timing that is fair to both sides: in turns, warm, medians."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from llu_core.bench.machine import synchronize

CPU = torch.device("cpu")
REST = 0.2


@dataclass(frozen=True)
class Timing:
    """Seconds of the repetitions, in order."""

    all: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(self.all)

    @property
    def spread(self) -> float | None:
        """Half the distance between the quartiles; None of fewer than three."""
        if len(self.all) < 3:
            return None
        low, _, high = statistics.quantiles(self.all, n=4, method="inclusive")
        return (high - low) / 2


def alternately(
    works: Sequence[Callable[[], object]], repeats: int, *, warm_ups: int = 1, device: torch.device = CPU
) -> list[Timing]:
    """Time each of `works` `repeats` times in turns (A B A B ...), after `warm_ups` rounds that do not count.

    What slows the machine down for a while so meets all of them alike; before each there is a rest, in which the
    threads of the one before stop waiting for more work and no longer keep the cores from it.
    """
    seconds = [[] for _ in works]
    for turn in range(warm_ups + repeats):
        for each, work in zip(seconds, works, strict=True):
            synchronize(device)
            time.sleep(REST)
            start = time.perf_counter()
            work()
            synchronize(device)
            if turn >= warm_ups:
                each.append(time.perf_counter() - start)
    return [Timing(tuple(each)) for each in seconds]
