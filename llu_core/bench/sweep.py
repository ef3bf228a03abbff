"""The (beta, gamma) plane at once against one prediction per setting."""

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import alternately
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.sweep import Sweep

IMAGES, CLASSES, WIDTH, SIDE = 1000, 100, 512, 41
BAR = 1.5
OPERATIONS = 6
"""The operations per image, class and setting: a polynomial of degree two, a product and a comparison."""


def measurements(machine: Machine) -> Iterator[Measurement]:
    sweep = random_sweep(IMAGES, CLASSES)
    betas = [step / (SIDE - 1) for step in range(SIDE)]
    gammas = [100 * step / (SIDE - 1) for step in range(SIDE)]

    def one_by_one() -> None:
        for gamma in gammas:
            sweep.predictions(beta=0.5, gamma=gamma)

    fast, simple = alternately([lambda: sweep.plane(betas, gammas), one_by_one], repeats=5)
    yield Measurement(
        "sweep",
        f"plane of {SIDE} x {SIDE} settings, {IMAGES} images x {CLASSES} classes",
        fast.seconds,
        spread=fast.spread,
        peer=f"a prediction per setting (timed on {SIDE} of them)",
        peer_value=SIDE * simple.seconds,
        limit=machine.least_seconds(flops=OPERATIONS * IMAGES * CLASSES * SIDE**2),
        bar=BAR,
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
