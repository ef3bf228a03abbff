"""Clustering the anchors against scikit-learn's agglomerative clustering, and its memory far beyond."""

from collections.abc import Iterator

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
MEMORY_BAR = 2_000.0


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

    ours, theirs = alternately([lambda: cluster_anchors(rows), scikit_learn], repeats=3)
    return Measurement(
        "clustering",
        f"{len(rows):,} points to {PAPER_MAX_ANCHORS} anchors",
        ours.seconds,
        spread=ours.spread,
        peer="scikit-learn's AgglomerativeClustering",
        peer_value=theirs.seconds,
        limit=machine.least_seconds(flops=len(rows) ** 2 * WIDTH, bytes=8 * len(rows) ** 2),
    )


def _beside_the_cpu(machine: Machine, rows: Tensor) -> Measurement:
    on_device = rows.to(machine.device)
    there, here = alternately(
        [lambda: cluster_anchors(on_device), lambda: cluster_anchors(rows)], repeats=2, device=machine.device
    )
    return Measurement(
        "clustering",
        f"{len(rows):,} points to {PAPER_MAX_ANCHORS} anchors on the device",
        there.seconds,
        spread=there.spread,
        peer="on the CPU",
        peer_value=here.seconds,
        limit=machine.least_seconds(flops=len(rows) ** 2 * WIDTH, bytes=8 * len(rows) ** 2),
    )
