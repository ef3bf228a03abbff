"""WiSE-FT (Wortsman et al., arXiv 2109.01903) of the classification head.

The head starts as the zero-shot weights, logit scale x text, with a bias of zero, is fine-tuned, and ends between where
it started and where it went. The variant that fine-tunes the whole encoder is not a matter of embeddings computed once.

Deviations: the head starts from the source's own templates, not from 80. As in the official code the rate rises for 500
steps, which is longer than most few-shot trainings are: their rate never gets to its full value, and the head hardly
leaves its start.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from llu_core.method.schedule import Batch, cosine_rate
from llu_core.systems.contract import Device, Fitted, FittedHead, Material
from llu_core.systems.descent import cross_entropy_gradients, descend_by


@dataclass(frozen=True)
class WiseFtRecipe:
    """factor: 0 is the zero-shot head, 1 the fine-tuned one; learning_rate: for weights as long as the logit scale;
    warm_up: the steps that the rate rises; largest_norm: what a step's gradients are cut down to."""

    factor: float = 0.5
    learning_rate: float = 1e-5
    weight_decay: float = 0.1
    batch_size: int = 512
    epochs: int = 10
    warm_up: int = 500
    largest_norm: float = 1.0


PUBLISHED = WiseFtRecipe()


def fit(material: Material, seed: int, device: Device, recipe: WiseFtRecipe = PUBLISHED) -> Fitted:
    """Fine-tune the head with AdamW, then interpolate the weights, which hold the logit scale."""
    start = material.shots.logit_scale * material.shots.class_embeddings
    end, bias = _fine_tuned(start, material, recipe, torch.Generator().manual_seed(seed), device)
    return FittedHead(material.shots, (1 - recipe.factor) * start + recipe.factor * end, recipe.factor * bias)


def _fine_tuned(
    start: Tensor, material: Material, recipe: WiseFtRecipe, generator: torch.Generator, device: Device
) -> tuple[Tensor, Tensor]:
    rows = start.to(device, copy=True).requires_grad_()
    bias = torch.zeros(len(start), device=device, requires_grad=True)
    optimizer = torch.optim.AdamW([rows, bias], lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    gradients = cross_entropy_gradients([rows, bias], lambda images: images @ rows.T + bias)

    def rate(batch: Batch, steps: int) -> float:
        return _rate(recipe, batch.step, steps)

    descend_by(
        optimizer,
        rate,
        gradients,
        material,
        recipe.batch_size,
        recipe.epochs,
        generator,
        device,
        largest_norm=recipe.largest_norm,
    )
    return rows.detach().cpu(), bias.detach().cpu()


def _rate(recipe: WiseFtRecipe, step: int, steps: int) -> float:
    """A linear rise, then a cosine to zero."""
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    return cosine_rate(recipe.learning_rate, step - recipe.warm_up, steps - recipe.warm_up)
