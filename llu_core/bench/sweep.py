"""The (beta, gamma) plane at once against one prediction per setting, and what class statistics add to a sweep."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch.nn import functional as F

from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import alternately
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.fitting import fit
from llu_core.method.statistics.head import ClassStatistics
from llu_core.method.sweep import Sweep
from llu_core.systems.contract import Material
from llu_core.systems.frozen import gda_clip

IMAGES, CLASSES, WIDTH, SIDE = 1000, 100, 512, 41
BAR, STATISTICS_BAR = 0.5, 0.05
SHOTS, TESTS = 16, 10
OPERATIONS = 6
"""The operations per image, class and setting: a polynomial of degree two, a product and a comparison."""


def measurements(machine: Machine) -> Iterator[Measurement]:
    yield _plane(machine)
    yield _statistics()


def _plane(machine: Machine) -> Measurement:
    sweep = random_sweep(IMAGES, CLASSES)
    betas = [step / (SIDE - 1) for step in range(SIDE)]
    gammas = [100 * step / (SIDE - 1) for step in range(SIDE)]

    def one_by_one() -> None:
        for gamma in gammas:
            sweep.predictions(beta=0.5, gamma=gamma)

    fast, simple = alternately([lambda: sweep.plane(betas, gammas), one_by_one], repeats=5)
    return Measurement(
        "sweep",
        f"plane of {SIDE} x {SIDE} settings, {IMAGES} images x {CLASSES} classes",
        fast.seconds,
        spread=fast.spread,
        peer=f"a prediction per setting (timed on {SIDE} of them)",
        peer_value=SIDE * simple.seconds,
        limit=machine.least_seconds(flops=OPERATIONS * IMAGES * CLASSES * SIDE**2),
        bar=BAR,
    )


def _statistics() -> Measurement:
    """Class statistics from nothing but shots to what they add for every picture, beside GDA-CLIP's whole work."""
    shots = clouds(classes=CLASSES, shots=SHOTS, width=WIDTH, tests=TESTS)
    images, texts = shots.test.embeddings, shots.class_embeddings
    sweep, material = Sweep.of(fit(shots), images, texts), Material.of(shots)
    known = ClassStatistics(shots.train.embeddings, shots.train.labels, texts)

    def ours() -> None:
        replace(known).logits(images, texts, sweep.image_nearest, sweep.class_nearest)  # a new one remembers nothing

    def theirs() -> None:
        gda_clip.fit(material, 1, "cpu").on(shots).logits(images, texts)

    fast, other = alternately([ours, theirs], repeats=9)
    return Measurement(
        "sweep",
        f"class statistics, {SHOTS} shots x {CLASSES} classes, for {len(images)} images",
        fast.seconds,
        spread=fast.spread,
        peer="GDA-CLIP, from the same shots to its logits",
        peer_value=other.seconds,
        bar=STATISTICS_BAR,
    )


def random_sweep(images: int, classes: int) -> Sweep:
    """The sweep of a random adapter near the identity on random points; the time does not depend on what they are."""
    generator = torch.Generator().manual_seed(0)

    def rows(count: int) -> torch.Tensor:
        return F.normalize(torch.randn(count, WIDTH, generator=generator) + 1, dim=1)

    def side(points: torch.Tensor) -> LocalizedUpdate:
        weight = torch.eye(WIDTH) + 0.02 * torch.randn(WIDTH, WIDTH, generator=generator)
        return LocalizedUpdate(AffineUpdate(weight, torch.zeros(WIDTH)), points)

    image_points, class_points = rows(images), rows(classes)
    adapter = LocalizedAdapter(side(image_points[::4]), side(class_points[::2]))
    return Sweep.of(adapter, image_points, class_points)
