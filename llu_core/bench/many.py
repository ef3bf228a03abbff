"""Many adapters at once against one by one."""

from collections.abc import Iterator

from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import alternately
from llu_core.method.fitting import fit, fit_many, warm_up
from llu_core.method.recipes import RECIPES

COUNT, CLASSES, SHOTS, WIDTH = 64, 10, 16, 512
CPU_RATIO = 3.0
"""The bar on the CPU: at most a third of the time of as many single runs."""
CUDA_RATIO = 1 / 3
"""The bar on CUDA: at most three times the time of one run."""


def measurements(machine: Machine) -> Iterator[Measurement]:
    device = machine.device
    warm_up(str(device))
    shots, recipe = clouds(classes=CLASSES, shots=SHOTS, width=WIDTH), RECIPES["fast"]
    on_gpu = device.type == "cuda"

    def singly() -> list:
        return [fit(shots, recipe, seed=seed, device=device) for seed in range(1 if on_gpu else COUNT)]

    together, apart = alternately(
        [lambda: fit_many([shots], [recipe], seeds=range(COUNT), device=device), singly], repeats=5, device=device
    )
    yield Measurement(
        "many",
        f"{COUNT} adapters of {SHOTS} shots x {CLASSES} classes at once, {recipe.name} recipe",
        together.seconds,
        spread=together.spread,
        peer="one of them" if on_gpu else f"{COUNT} single runs",
        peer_value=apart.seconds,
        ratio_bar=CUDA_RATIO if on_gpu else CPU_RATIO,
    )
