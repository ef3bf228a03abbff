"""The literature's own numbers, to stand beside ours: percent, CLIP ViT-B/16, 16 shots, 3 seeds.

paper.json holds Tables 1 to 4 of the paper (Ibing, Lim, Kobbelt, arXiv 2212.06556) as printed; of its Figures 2 and 3
no numbers are printed. The later systems are quoted from their own papers, which give averages.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llu_core.data.coop.datasets import BASE_TO_NEW, SHIFTED
from llu_core.systems.recipes_named import without_recipe

CONDITIONS = "CLIP ViT-B/16, 16 shots, 3 seeds"
AVERAGE_H = (
    "The paper's average H is the mean of the sets' H for ProGrad, CLIP-Adapter and LLU, and the H of the averages for "
    "CLIP, CoOp and CoCoOp"
)
FROM_IMAGENET = "trained on ImageNet, 16 shots"
_PAPER: dict[str, Any] = json.loads(Path(__file__).with_name("paper.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Published:
    """Accuracies of a system on both halves, and their harmonic mean where it is printed.

    system: our name of it; distance: to the identity (eq. 6 without lambda), of Table 4.
    """

    system: str
    base: float
    new: float
    h: float | None = None
    distance: float | None = None


LATER_WORK = (Published("rla", 83.90, 74.78), Published("gda-clip", 83.96, 74.53), Published("lfa", 83.62, 74.56))
"""Averages over the 11 sets, from the systems' own papers; RLA's are ProLIP's."""
LATER = "RLA (beside ProLIP, which it resembles), GDA-CLIP and LFA are later; their numbers are of their own papers."

PER_SET: dict[str, tuple[Published, ...]] = {
    name: tuple(Published(system, *numbers) for system, numbers in systems.items())
    for name, systems in _PAPER["base_to_new"].items()
    if name != "average"
}
"""Table 1: data set -> a row per system."""

TABLE_1 = (*(Published(system, *numbers) for system, numbers in _PAPER["base_to_new"]["average"].items()), *LATER_WORK)
"""Averages over the 11 sets, of the paper and of later work."""

TABLE_4 = tuple(
    Published(setting, row["base"], row["new"], row["mean_h"], row.get("distance_to_identity"))
    for setting, row in _PAPER["ablation"].items()
)


def published_for(table: tuple[Published, ...], system: str) -> Published | None:
    """The published row of one of our systems, under whatever recipe; None where the literature has none."""
    name = without_recipe(system)
    return next((row for row in table if row.system == name), None)


@dataclass(frozen=True)
class PublishedTransfer:
    """Accuracy of a system trained on ImageNet, by the name of the data set that it was asked about."""

    system: str
    accuracies: dict[str, float]

    @property
    def itself(self) -> float:
        """On ImageNet's own test pictures."""
        return self.accuracies[BASE_TO_NEW[0]]

    @property
    def average(self) -> float:
        """The mean accuracy over the targets."""
        targets = [accuracy for name, accuracy in self.accuracies.items() if name != BASE_TO_NEW[0]]
        return sum(targets) / len(targets)


def _transfer(table: str, names: tuple[str, ...]) -> tuple[PublishedTransfer, ...]:
    return tuple(
        PublishedTransfer(system, {name: numbers[name] for name in names}) for system, numbers in _PAPER[table].items()
    )


TRANSFER: dict[str, tuple[tuple[str, ...], tuple[PublishedTransfer, ...]]] = {
    "cross-dataset": (BASE_TO_NEW, _transfer("cross_dataset", BASE_TO_NEW)),
    "domain-shift": ((BASE_TO_NEW[0], *SHIFTED), _transfer("domain_shift", (BASE_TO_NEW[0], *SHIFTED))),
}
"""Protocol -> its data sets, the source first, and a row per system: Tables 2 and 3."""


def published_transfer(protocol: str, system: str) -> PublishedTransfer | None:
    """The published row of a system; None where the literature has none."""
    name = without_recipe(system)
    return next((row for row in TRANSFER[protocol][1] if row.system == name), None) if protocol in TRANSFER else None
