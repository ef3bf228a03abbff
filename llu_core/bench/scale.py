"""How time and memory of a training grow with shots, classes and width, up to 1,000 classes of 16 shots."""

import math
from collections.abc import Iterator, Sequence

from llu_core.bench.clouds import clouds
from llu_core.bench.clustering import points
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.process import Cost, cost_of
from llu_core.data.fewshot import FewShotSet
from llu_core.method.anchors import cluster_anchors
from llu_core.method.fitting import fit, warm_up

CLASSES, SHOTS, WIDTH = 100, 16, 512
AXES = {
    "shots": (4, 8, 16, 32, 64),
    "classes": (25, 50, 100, 200, 400),
    "width": (128, 256, 512, 1024),
}
CLUSTERED = (2_000, 4_000, 8_000, 16_000, 32_000, 50_000)
LEAST_BYTES = 2**20
"""Less memory than this cannot be told from what the process does anyhow."""
LARGEST, SECONDS_BAR, MEMORY_BAR = 1_000, 20.0, 1_800.0


def measurements(machine: Machine) -> Iterator[Measurement]:
    for axis, sizes in AXES.items():
        costs = []
        for size in sizes:
            setting = {"classes": CLASSES, "shots": SHOTS, "width": WIDTH} | {axis: size}
            costs.append(cost_of(_few_shots, fit, *setting.values()))
            yield from _both("training, {classes} classes x {shots} shots, width {width}".format(**setting), costs[-1])
        yield from _growth(f"training with {axis}", sizes, costs)
    costs = []
    for count in CLUSTERED:
        costs.append(cost_of(points, cluster_anchors, count))
        yield from _both(f"clustering {count:,} points", costs[-1])
    yield from _growth("clustering with points", CLUSTERED, costs)
    largest = cost_of(_few_shots, fit, LARGEST, SHOTS, WIDTH)
    what = f"training, {LARGEST:,} classes x {SHOTS} shots"
    yield Measurement("scale", what, largest.seconds, bar=SECONDS_BAR)
    yield Measurement("scale", f"{what}: peak of the process", largest.peak_bytes / 1e6, "MB", bar=MEMORY_BAR)


def _few_shots(classes: int, shots: int, width: int) -> FewShotSet:
    warm_up()
    return clouds(classes=classes, shots=shots, width=width)


def _both(what: str, cost: Cost) -> Iterator[Measurement]:
    yield Measurement("scale", what, cost.seconds)
    yield Measurement("scale", f"{what}: peak of the process", cost.peak_bytes / 1e6, "MB")


def _growth(what: str, sizes: Sequence[int], costs: Sequence[Cost]) -> Iterator[Measurement]:
    for kind, values in (
        ("time", [cost.seconds for cost in costs]),
        ("memory beyond the data", [float(max(cost.work_bytes, LEAST_BYTES)) for cost in costs]),
    ):
        yield Measurement("scale", f"{what}: {kind} grows with the power", growth_exponent(sizes, values), "")


def growth_exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log(value) over log(size) by least squares: 1 grows in proportion, 2 with the square."""
    x, y = ([math.log(each) for each in series] for series in (sizes, values))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - middle_x) ** 2 for a in x)
