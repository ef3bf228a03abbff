"""Clustering the anchors against scikit-learn's agglomerative clustering, and its memory far beyond."""

from collections.abc import Callable, Iterator

from torch import Tensor

from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.process import cost_of
from llu_core.bench.timing import alternately
from llu_core.method.anchors import PAPER_MAX_ANCHORS, cluster_anchors

WIDTH, SHOTS = 512, 16
COMPARED = (1_600, 4_000)
LARGE = (16_000, 50_000)
MEMORY_BAR = 1_800.0


def measurements(machine: Machine) -> Iterator[Measurement]:
    if machine.device.type != "cpu":
        yield _beside_the_cpu(machine, points(LARGE[0]))
        return
    for count in COMPARED:
        yield _beside_scikit_learn(machine, points(count))
    for count in LARGE:
        cost = cost_of(points, cluster_anchors, count)
        what = f"{count:,} points to {PAPER_MAX_ANCHORS} anchors"
        yield Measurement("clustering", what, cost.seconds)
        yield Measurement("clustering", f"{what}: peak of the process", cost.peak_bytes / 1e6, "MB", bar=MEMORY_BAR)


def points(count: int) -> Tensor:
    """(count, WIDTH), SHOTS of each class."""
    return clouds(classes=count // SHOTS, shots=SHOTS, width=WIDTH).train.embeddings


def _beside_scikit_learn(machine: Machine, rows: Tensor) -> Measurement:
    from sklearn.cluster import AgglomerativeClustering

    def scikit_learn() -> None:
        AgglomerativeClustering(n_clusters=PAPER_MAX_ANCHORS, metric="cosine", linkage="complete").fit(rows.numpy())

    return _beside(machine, rows, scikit_learn, "scikit-learn's AgglomerativeClustering", repeats=3)


def _beside_the_cpu(machine: Machine, rows: Tensor) -> Measurement:
    return _beside(machine, rows.to(machine.device), lambda: cluster_anchors(rows), "on the CPU", repeats=2)


def _beside(machine: Machine, rows: Tensor, theirs: Callable[[], object], peer: str, repeats: int) -> Measurement:
    """Rows that lie on the machine's device, clustered there."""
    ours, other = alternately([lambda: cluster_anchors(rows), theirs], repeats=repeats, device=machine.device)
    where = "" if machine.device.type == "cpu" else " on the device"
    return Measurement(
        "clustering",
        f"{len(rows):,} points to {PAPER_MAX_ANCHORS} anchors{where}",
        ours.seconds,
        spread=ours.spread,
        peer=peer,
        peer_value=other.seconds,
        limit=machine.least_seconds(flops=len(rows) ** 2 * WIDTH, bytes=8 * len(rows) ** 2),
    )
