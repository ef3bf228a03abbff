"""Gradient descent on a system's own parameters, by CoOp's optimiser recipe or another."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.schedule import (
    Batch,
    CoopRecipe,
    coop_epochs,
    coop_optimizer,
    coop_rate,
    set_rate,
    shuffled_batches,
)
from llu_core.systems.contract import Material

Gradients = Callable[[Tensor, Tensor], Sequence[Tensor]]
"""(images (m, d), targets (m,)) -> one gradient per parameter."""

Rate = Callable[[Batch, int], float]
"""(batch, all steps) -> the learning rate of its step."""


def descend(
    parameters: Sequence[Tensor],
    gradients: Gradients,
    material: Material,
    recipe: CoopRecipe,
    generator: torch.Generator,
    device: torch.device | str,
) -> None:
    """Move `parameters` in place as CoOp does, batch by batch over the training images."""
    epochs = coop_epochs(material.targets) if recipe.epochs is None else recipe.epochs
    optimizer = coop_optimizer(parameters, recipe.learning_rate)

    def rate(batch: Batch, steps: int) -> float:
        return coop_rate(recipe.learning_rate, batch.epoch, epochs)

    descend_by(optimizer, rate, gradients, material, recipe.batch_size, epochs, generator, device)


def descend_by(
    optimizer: torch.optim.Optimizer,
    rate: Rate,
    gradients: Gradients,
    material: Material,
    batch_size: int,
    epochs: int,
    generator: torch.Generator,
    device: torch.device | str,
) -> None:
    """Move the optimiser's parameters in place along their `gradients`, `epochs` times over the training images."""
    targets = material.targets.to(device)
    parameters = optimizer.param_groups[0]["params"]
    steps = epochs * math.ceil(len(targets) / batch_size)
    epoch, images = 0, material.images().to(device)
    for batch in shuffled_batches(len(targets), batch_size, steps, generator, device):
        if batch.epoch != epoch:  # not at every step: a copy to the device takes longer than a step
            epoch, images = batch.epoch, material.images(batch.epoch).to(device)
        rows = slice(None) if batch.rows is None else batch.rows
        set_rate(optimizer, rate(batch, steps))
        for parameter, gradient in zip(parameters, gradients(images[rows], targets[rows]), strict=True):
            parameter.grad = gradient
        optimizer.step()


def cross_entropy_gradients(parameters: Sequence[Tensor], logits: Callable[[Tensor], Tensor]) -> Gradients:
    """Gradients of the cross entropy of `logits`: images (m, d) -> (m, C)."""

    def gradients(images: Tensor, targets: Tensor) -> Sequence[Tensor]:
        return torch.autograd.grad(F.cross_entropy(logits(images), targets), list(parameters))

    return gradients


def linear_layer(outputs: int, inputs: int, generator: torch.Generator) -> Tensor:
    """(outputs, inputs) weights as torch.nn.Linear starts them: uniform within 1 / sqrt(inputs)."""
    return torch.empty(outputs, inputs).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)
