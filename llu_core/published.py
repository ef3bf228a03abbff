"""The paper's own numbers (Ibing, Lim, Kobbelt, arXiv 2212.06556) and those of later work, to stand beside ours.

Averages over 11 data sets in percent: CLIP ViT-B/16, 16 shots, 3 seeds, the paper's Tables 1 and 4. The later systems
are quoted from their own papers, same data sets and backbone.
"""

from dataclasses import dataclass

CONDITIONS = "CLIP ViT-B/16, 16 shots, average over 11 data sets and 3 seeds"


@dataclass(frozen=True)
class Published:
    """Base and new accuracy of a system, and where the numbers stand. method: our name of it, "" where it has none."""

    title: str
    method: str
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


def published_for(table: tuple[Published, ...], method: str) -> Published | None:
    """The published row of one of our systems, None where the literature has none."""
    return next((row for row in table if row.method == method), None)
