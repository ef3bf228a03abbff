"""The literature's own numbers, to stand beside ours: percent, CLIP ViT-B/16, 16 shots, 3 seeds.

Tables 1 and 4 are averages over 11 data sets from the paper (Ibing, Lim, Kobbelt, arXiv 2212.06556); the later systems
are quoted from their own papers. PER_SET, CROSS_DATASET and DOMAIN_SHIFT are Tables 1 to 3 of CoCoOp (Zhou et al.,
arXiv 2203.05557), read in two papers that reprint them, LoGoPrompt (Shi and Yang, ICCV 2023, Tables 1 and 3) and
RMAdapter (Lin et al., AAAI 2026, Tables 1 to 3). Where the two differ (CoCoOp on cars and food), the number counts that
gives the printed harmonic mean and average.
"""

from dataclasses import dataclass

from llu_core.data.coop.datasets import BASE_TO_NEW, SHIFTED

CONDITIONS = "CLIP ViT-B/16, 16 shots, average over 11 data sets and 3 seeds"
SETS_FROM = "from CoCoOp's paper (CLIP ViT-B/16, 16 shots)"
NOT_AT_HAND = (
    "The paper's own numbers set by set, of its Tables 2 and 3 and behind its Figures 2 and 3 were not at hand; its "
    "averages are, and CoCoOp's numbers set by set."
)


@dataclass(frozen=True)
class Published:
    """Base and new accuracy of a system, and where the numbers stand. system: our name of it, "" where it has none."""

    title: str
    system: str
    base: float
    new: float
    where: str = "the paper"


TABLE_1 = (
    Published("CLIP", "clip", 69.34, 74.22),
    Published("CoOp", "coop", 82.69, 63.22),
    Published("CoCoOp", "cocoop", 80.47, 71.69),
    Published("ProGrad", "prograd", 82.79, 68.55),
    Published("CLIP-Adapter", "clip-adapter", 82.62, 70.97),
    Published("LLU", "llu", 83.48, 74.47),
    Published("ProLIP", "rla", 83.90, 74.78, "later work"),
    Published("GDA-CLIP", "gda-clip", 83.96, 74.53, "later work"),
    Published("LFA", "", 83.62, 74.56, "later work"),
)

TABLE_4 = (
    Published("default", "llu", 83.48, 74.47),
    Published("no cluster", "llu-no-cluster", 83.35, 74.40),
    Published("no damp", "llu-no-damp", 83.58, 73.98),
    Published("no mask", "llu-no-mask", 83.41, 72.53),
    Published("Dirac mask", "llu-dirac-mask", 83.28, 74.21),
    Published("no reg", "llu-no-reg", 83.32, 74.42),
    Published("rand. init", "llu-rand-init", 82.91, 72.67),
    Published("Linear", "llu-linear", 81.02, 32.60),
)

LINEAR_DISTANCE_TO_IDENTITY = 6.5e-3
"""Table 4's distance to identity of "Linear", that of two fresh linear layers of width 512."""

LLU_MEAN_H = 78.46
"""The paper's H of LLU, the mean of the sets' harmonic means; of CLIP, CoOp and CoCoOp it gives H of the averages."""


def published_for(table: tuple[Published, ...], system: str) -> Published | None:
    """The published row of one of our systems, None where the literature has none."""
    return next((row for row in table if row.system == system), None)


PER_SET: dict[str, dict[str, tuple[float, float]]] = {
    "imagenet": {"clip": (72.43, 68.14), "coop": (76.47, 67.88), "cocoop": (75.98, 70.43)},
    "caltech101": {"clip": (96.84, 94.00), "coop": (98.00, 89.81), "cocoop": (97.96, 93.81)},
    "oxford_pets": {"clip": (91.17, 97.26), "coop": (93.67, 95.29), "cocoop": (95.20, 97.69)},
    "stanford_cars": {"clip": (63.37, 74.89), "coop": (78.12, 60.40), "cocoop": (70.49, 73.59)},
    "oxford_flowers": {"clip": (72.08, 77.80), "coop": (97.60, 59.67), "cocoop": (94.87, 71.75)},
    "food101": {"clip": (90.10, 91.22), "coop": (88.33, 82.26), "cocoop": (90.70, 91.29)},
    "fgvc_aircraft": {"clip": (27.19, 36.29), "coop": (40.44, 22.30), "cocoop": (33.41, 23.71)},
    "sun397": {"clip": (69.36, 75.35), "coop": (80.60, 65.89), "cocoop": (79.74, 76.86)},
    "dtd": {"clip": (53.24, 59.90), "coop": (79.44, 41.18), "cocoop": (77.01, 56.00)},
    "eurosat": {"clip": (56.48, 64.05), "coop": (92.19, 54.74), "cocoop": (87.49, 60.04)},
    "ucf101": {"clip": (70.53, 77.50), "coop": (84.69, 56.05), "cocoop": (82.33, 73.45)},
}
"""Data set -> system -> (base, new)."""


@dataclass(frozen=True)
class PublishedTransfer:
    """Accuracy of a system trained on ImageNet, on its own test pictures and then on the targets of a protocol."""

    system: str
    accuracies: tuple[float, ...]

    @property
    def average(self) -> float:
        """The mean accuracy over the targets."""
        return sum(self.accuracies[1:]) / len(self.accuracies[1:])


CROSS_DATASET = (
    PublishedTransfer("coop", (71.51, 93.70, 89.14, 64.51, 68.71, 85.30, 18.47, 64.15, 41.92, 46.39, 66.55)),
    PublishedTransfer("cocoop", (71.02, 94.43, 90.14, 65.32, 71.88, 86.06, 22.94, 67.36, 45.73, 45.37, 68.21)),
)

DOMAIN_SHIFT = (
    PublishedTransfer("clip", (66.73, 60.83, 46.15, 47.77, 73.96)),
    PublishedTransfer("coop", (71.51, 64.20, 47.99, 49.71, 75.21)),
    PublishedTransfer("cocoop", (71.02, 64.07, 48.75, 50.63, 76.18)),
)

TRANSFER: dict[str, tuple[tuple[str, ...], tuple[PublishedTransfer, ...]]] = {
    "cross-dataset": (BASE_TO_NEW, CROSS_DATASET),
    "domain-shift": ((BASE_TO_NEW[0], *SHIFTED), DOMAIN_SHIFT),
}
"""Protocol -> the data sets of the accuracies, the source first, and the systems."""
