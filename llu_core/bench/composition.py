"""Many sets in one model: time and memory of a prediction, beside one adapter after the other."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.process import cost_of
from llu_core.bench.timing import alternately
from llu_core.data.fewshot import FewShotSet
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.composition.composition import Composition

SETS, ANCHORS, IMAGES, CLASSES, WIDTH = 50, 512, 1_000, 100, 512
BUDGET = 5_120
"""A fifth of all anchors."""
BAR, MEMORY_BAR = 1.0, 1_500.0


def measurements(machine: Machine) -> Iterator[Measurement]:
    images, texts = asked()
    whole, within = composition(None), composition(BUDGET)
    within.logits(images[:1], texts)  # clusters the anchors, which is done once

    def one_by_one() -> None:
        for member in whole.members:
            member.logits(images, texts)

    together, fewer, apart = alternately(
        [lambda: whole.logits(images, texts), lambda: within.logits(images, texts), one_by_one], repeats=5
    )
    what = f"{SETS} sets of {ANCHORS} anchors composed, {IMAGES:,} images x {CLASSES} classes"
    peer = f"{SETS} adapters one after the other"
    limit = machine.least_seconds(flops=2 * SETS * ANCHORS * (IMAGES + CLASSES) * WIDTH)
    yield Measurement("composition", what, together.seconds, "s", together.spread, peer, apart.seconds, limit, bar=BAR)
    yield Measurement(
        "composition",
        f"{what}, {BUDGET:,} anchors in all",
        fewer.seconds,
        spread=fewer.spread,
        peer="all anchors",
        peer_value=together.seconds,
    )
    cost = cost_of(composition, _predict, None)
    yield Measurement("composition", f"{what}: peak of the process", cost.peak_bytes / 1e6, "MB", bar=MEMORY_BAR)
    yield Measurement("composition", f"{what}: memory beyond the sets", cost.work_bytes / 1e6, "MB")


def composition(max_anchors: int | None) -> Composition:
    """Random adapters near the identity, each around points of its own."""
    return Composition(tuple(_adapter(number) for number in range(SETS)), max_anchors)


def _adapter(number: int) -> LocalizedAdapter:
    generator, points = torch.Generator().manual_seed(number), _points(number)

    def side(anchors: Tensor) -> LocalizedUpdate:
        weight = torch.eye(WIDTH) + 0.02 * torch.randn(WIDTH, WIDTH, generator=generator)
        return LocalizedUpdate(AffineUpdate(weight, torch.zeros(WIDTH)), anchors)

    texts = clouds(classes=ANCHORS, shots=1, width=WIDTH, seed=number).class_embeddings
    return LocalizedAdapter(side(points.train.embeddings[:ANCHORS]), side(texts))


def _points(number: int) -> FewShotSet:
    """The pictures of a set, of which some are asked about."""
    return clouds(classes=20, shots=math.ceil(ANCHORS / 20), width=WIDTH, tests=IMAGES // SETS // 20, seed=number)


def asked() -> tuple[Tensor, Tensor]:
    """IMAGES pictures and CLASSES class texts, as many of every set."""
    sets = [_points(number) for number in range(SETS)]
    texts = torch.cat([each.class_embeddings[: CLASSES // SETS] for each in sets])
    return torch.cat([each.test.embeddings for each in sets]), texts


def _predict(composed: Composition) -> Tensor:
    return composed.logits(*asked())
