"""CoOp's optimiser recipe run on a system's own parameters."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.baselines.material import Material
from llu_core.schedule import CoopRecipe, coop_epochs, coop_optimizer, coop_rate, set_rate, shuffled_batches

Gradients = Callable[[Tensor, Tensor], Sequence[Tensor]]
"""(images (m, d), targets (m,)) -> one gradient per parameter."""


def descend(
    parameters: Sequence[Tensor],
    gradients: Gradients,
    material: Material,
    recipe: CoopRecipe,
    generator: torch.Generator,
    device: torch.device | str,
) -> None:
    """Move `parameters` in place along their `gradients`, batch by batch over the training images."""
    targets = material.targets.to(device)
    epochs = coop_epochs(material.targets) if recipe.epochs is None else recipe.epochs
    steps = epochs * math.ceil(len(targets) / recipe.batch_size)
    optimizer = coop_optimizer(parameters, recipe.learning_rate)
    for batch in shuffled_batches(len(targets), recipe.batch_size, steps, generator, device):
        images = material.images(batch.epoch).to(device)
        rows = slice(None) if batch.rows is None else batch.rows
        set_rate(optimizer, coop_rate(recipe.learning_rate, batch.epoch, epochs))
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
