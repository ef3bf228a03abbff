"""The pass that `evaluate timing` tells of LLU against a loop written by hand from the paper's equations."""

from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import alternately
from llu_core.data.features import Features
from llu_core.data.fewshot import FewShotSet
from llu_core.evaluation.protocols import Trial
from llu_core.evaluation.timing.passes import time_pass

CLASSES, BATCH_SIZES, SHOTS, WIDTH = 1000, (1, 32, 256), 4, 512
ROUNDS = 3
WITHIN = 0.5
"""The bar: neither form takes more than twice the time of the loop."""


def measurements(machine: Machine) -> Iterator[Measurement]:
    shots = clouds(classes=CLASSES, shots=SHOTS, width=WIDTH)
    trial = Trial("timing", "llu", SHOTS, 1, Features.of(shots).draw(SHOTS, 1), device=machine.device)
    for size in BATCH_SIZES:
        loop = hand_written(shots, size, machine.device)
        ours: dict[bool, list[float]] = {False: [], True: []}
        theirs: list[float] = []
        for _ in range(ROUNDS):
            for fast, seconds in ours.items():
                seconds.append(time_pass(trial, size, fast=fast).seconds or 0.0)
            theirs.append(alternately([loop], repeats=5, device=machine.device)[0].seconds)
        for fast, seconds in ours.items():
            yield Measurement(
                "passes",
                f"LLU, {'fast' if fast else 'plain'} form, {size} pictures x {CLASSES:,} classes",
                median(seconds),
                peer="loop written by hand",
                peer_value=median(theirs),
                ratio_bar=WITHIN,
            )


def hand_written(shots: FewShotSet, batch_size: int, device: torch.device) -> Callable[[], None]:
    """One forward and backward pass of eq. 3 to 6 at beta .5, where every point is its own anchor."""
    images, labels = shots.train.embeddings[:batch_size].to(device), shots.train.labels[:batch_size].to(device)
    texts, eye = shots.class_embeddings.to(device), torch.eye(shots.width, device=device)
    weights = [eye.clone().requires_grad_() for _ in range(2)]
    biases = [torch.zeros(shots.width, device=device).requires_grad_() for _ in range(2)]

    def updated(points: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return F.normalize(0.5 * F.normalize(points @ weight.T + bias, dim=1) + 0.5 * points, dim=1)

    def one_pass() -> None:
        z_image, z_text = updated(images, weights[0], biases[0]), updated(texts, weights[1], biases[1])
        loss = F.cross_entropy(100 * z_image @ z_text.T, labels)
        for weight, bias in zip(weights, biases, strict=True):
            loss = loss + 1e3 * ((weight - eye).square().mean() + bias.square().mean())
        torch.autograd.grad(loss, [*weights, *biases])

    return one_pass
