"""CoOp's optimiser recipe (Zhou et al., arXiv 2109.01134), which most of the field trains by, LLU's "paper" recipe too.

SGD with momentum, a first epoch at a tiny rate, then one cosine step per epoch; the epochs follow from the shots.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

WARM_UP_RATE = 1e-5
MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
ADAM_BETAS, ADAM_EPSILON = (0.9, 0.999), 1e-7
"""torch's, but for an epsilon above the rounding of the gradients: Adam would blow up what is nothing but noise."""


@dataclass(frozen=True)
class Batch:
    """One step of training: its epoch and step, both from 0, and its rows (m,) int64, or None for all of them."""

    epoch: int
    step: int
    rows: Tensor | None


@dataclass(frozen=True)
class CoopRecipe:
    """SGD as CoOp runs it. epochs: None for the rule by shots per class; batch_size in images; drop_last: an epoch ends
    before a batch that would be smaller, as the library under CoOp does it."""

    learning_rate: float = 2e-3
    batch_size: int = 32
    epochs: int | None = None
    drop_last: bool = True


COOP = CoopRecipe()
"""The recipe as it was published."""


def batches_per_epoch(count: int, batch_size: int, *, drop_last: bool = False) -> int:
    """How many batches `count` rows are; the smaller last one is not dropped where it is the only one."""
    return max(1, count // batch_size) if drop_last else math.ceil(count / batch_size)


def shuffled_batches(
    count: int,
    batch_size: int,
    steps: int,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    *,
    drop_last: bool = False,
) -> Iterator[Batch]:
    """`steps` batches out of `count` rows, shuffled anew every epoch; the last one of an epoch may be smaller, unless
    it is dropped."""
    size = min(batch_size, count)
    if size == count:
        yield from (Batch(step, step, None) for step in range(steps))
        return
    per_epoch = batches_per_epoch(count, size, drop_last=drop_last)
    for epoch, first in enumerate(range(0, steps, per_epoch)):
        order = torch.randperm(count, generator=generator).to(device)
        for step, rows in zip(range(first, min(first + per_epoch, steps)), order.split(size), strict=False):
            yield Batch(epoch, step, rows)


def coop_epochs(targets: Tensor) -> int:
    """200 epochs from 8 shots per class, 100 from 2, 50 for one; 50 from 500 classes on, as for ImageNet.

    targets: (n,) int64, the labels of the training rows.
    """
    classes = int(targets.max()) + 1
    shots = round(len(targets) / classes)
    if classes >= 500 or shots < 2:
        return 50
    return 100 if shots < 8 else 200


def coop_rate(learning_rate: float, epoch: int, epochs: int) -> float:
    """The rate of an epoch, counted from 0: one warm-up epoch, then a cosine towards zero."""
    if epoch == 0:
        return WARM_UP_RATE
    return cosine_rate(learning_rate, epoch - 1, epochs)


def cosine_rate(learning_rate: float, done: float, total: float) -> float:
    """The rate on a cosine from `learning_rate` at 0 done to zero at `total`."""
    return learning_rate * 0.5 * (1 + math.cos(math.pi * done / total))


def coop_optimizer(parameters: Sequence[Tensor], learning_rate: float) -> torch.optim.Optimizer:
    """SGD with momentum 0.9 and weight decay 5e-4."""
    return torch.optim.SGD(parameters, lr=learning_rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)


class Adam:
    """Adam as the recipes here run it: torch's own step without its class, which imports torch's compiler besides.

    That takes a second and 100 MB, where a training takes 20 ms.
    """

    def __init__(self, parameters: Sequence[Tensor], learning_rate: float):
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": learning_rate}]
        self._first, self._second = ([torch.zeros_like(each) for each in parameters] for _ in range(2))
        self._counts = [torch.zeros((), dtype=torch.float32, device=each.device) for each in parameters]

    def zero_grad(self) -> None:
        for each in self.param_groups[0]["params"]:
            each.grad = None

    def step(self) -> None:
        """Move the parameters by their gradients, which all of them must have."""
        parameters, rate = self.param_groups[0]["params"], self.param_groups[0]["lr"]
        (beta1, beta2), gradients = ADAM_BETAS, [each.grad for each in parameters]
        told: dict[str, Any] = {"amsgrad": False, "weight_decay": 0.0, "maximize": False, "fused": True}
        with torch.no_grad():
            adam(
                parameters, gradients, self._first, self._second, [], self._counts,
                beta1=beta1, beta2=beta2, lr=rate, eps=ADAM_EPSILON, **told,
            )  # fmt: skip


def set_rate(optimizer: torch.optim.Optimizer | Adam, rate: float) -> None:
    """The learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
