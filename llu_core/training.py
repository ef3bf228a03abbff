"""Training a LocalizedAdapter on a few-shot set (paper, section 3.3 and 4).

`train` is a generator of steps, so that a caller can stream or stop it; `fit` drains it. The embeddings are frozen,
hence alpha of every training point is a constant and no gradient flows through it.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    check_mask,
    interpolate,
    interpolation_mask,
    nearest_anchor,
)
from llu_core.anchors import PAPER_MAX_ANCHORS, cluster_anchors
from llu_core.errors import LluError
from llu_core.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.schedule import (
    Batch,
    coop_epochs,
    coop_optimizer,
    coop_rate,
    cosine_rate,
    set_rate,
    shuffled_batches,
)
from llu_core.steps import drain


@dataclass(frozen=True)
class Recipe:
    """How to train: beta, gamma, lam (lambda of eq. 6), max_anchors and init are the paper's, the rest is optimiser.

    batch_size: images per step, None for all at once. steps: optimiser steps, or None for `epochs` over the set.
    epochs: None for the paper's rule by shots per class. shared: one g for both modalities.
    """

    name: str
    optimizer: str
    learning_rate: float
    steps: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    beta: float = 0.5
    gamma: float = 20.0
    lam: float = 1e3
    max_anchors: int | None = PAPER_MAX_ANCHORS
    init: str = "identity"
    shared: bool = False

    def __post_init__(self):
        check_mask(self.beta, self.gamma)
        if not (self.lam >= 0 and math.isfinite(self.lam)):
            raise LluError(f"lambda is {self.lam:g}; give a finite number that is not negative (the paper uses 1000)")
        if any(value is not None and value < 1 for value in (self.steps, self.epochs, self.batch_size)):
            raise LluError("steps, epochs and batch_size must be at least 1, or none")
        if self.init not in ("identity", "random"):
            raise LluError(f"init is {self.init!r}; choose identity or random")
        if self.optimizer not in ("adam", "sgd"):
            raise LluError(f"optimizer is {self.optimizer!r}; choose adam or sgd")

    def ablated(self, ablation: str) -> "Recipe":
        """This recipe under one of the paper's ablations (Table 4), a key of ABLATIONS."""
        if ablation not in ABLATIONS:
            raise LluError(f"unknown ablation {ablation!r}; choose one of: {', '.join(ABLATIONS)}")
        return replace(self, **ABLATIONS[ablation])


RECIPES = {
    "fast": Recipe("fast", "adam", 3e-4, steps=80),
    "paper": Recipe("paper", "sgd", 2e-3, batch_size=32),
}

ABLATIONS: dict[str, dict] = {
    "default": {},
    "no cluster": {"max_anchors": None},
    "no damp": {"beta": 1.0},
    "no mask": {"gamma": 0.0},
    "dirac mask": {"gamma": math.inf},
    "no reg": {"lam": 0.0},
    "rand. init": {"init": "random"},
    "linear": {"init": "random", "beta": 1.0, "gamma": 0.0, "lam": 0.0},
}


def recipe(name: str) -> Recipe:
    """The recipe called `name`; raises LluError listing the known ones."""
    if name not in RECIPES:
        raise LluError(f"unknown recipe {name!r}; choose one of: {', '.join(RECIPES)}")
    return RECIPES[name]


@dataclass(frozen=True)
class TrainingStep:
    """One optimiser step out of `steps`: loss (eq. 3 plus eq. 6), accuracy on the shots of its batch in percent,
    and the distance to identity (eq. 6 without lambda), all before the step's update."""

    step: int
    steps: int
    loss: float
    accuracy: float
    distance_to_identity: float


def train(
    shots: FewShotSet, recipe: Recipe = RECIPES["fast"], *, seed: int = 0, device: torch.device | str = "cpu"
) -> Generator[TrainingStep, None, LocalizedAdapter]:
    """Train on `shots.train`; yields a TrainingStep per optimiser step and returns the adapter, on the CPU.

    Only classes with shots take part; the others keep CLIP's text until prediction, where they get whatever alpha
    their nearness to the trained texts gives them. Nothing is shared between runs: an abandoned generator
    leaves no trace. The same seed gives the same weights on the CPU. Raises LluError if there are no shots.
    """
    problem = _Problem.of(shots, recipe, device)
    generator = torch.Generator().manual_seed(seed)
    image = _parameters(_initial(recipe, problem.width, generator), device)
    text = image if recipe.shared else _parameters(_initial(recipe, problem.width, generator), device)
    parameters = list(dict.fromkeys([image.weight, image.bias, text.weight, text.bias]))
    optimizer = _optimizer(recipe, parameters)
    batches = list(_batches(problem, recipe, generator))
    for step, (rows, rate) in enumerate(batches):
        set_rate(optimizer, rate)
        loss, accuracy, distance = problem.loss(image, text, rows, recipe.lam)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield TrainingStep(step + 1, len(batches), loss.item(), accuracy.item(), distance.item())
    return _finished(problem, recipe, image, text, shots.logit_scale)


def fit(
    shots: FewShotSet, recipe: Recipe = RECIPES["fast"], *, seed: int = 0, device: torch.device | str = "cpu"
) -> LocalizedAdapter:
    """`train` to the end; returns the adapter."""
    return drain(train(shots, recipe, seed=seed, device=device))


@dataclass(frozen=True, eq=False)
class _Problem:
    """What stays constant while training: points, targets, anchors, and the alpha of every point."""

    images: Tensor
    targets: Tensor
    texts: Tensor
    image_alpha: Tensor
    text_alpha: Tensor
    image_anchors: Tensor
    text_anchors: Tensor
    logit_scale: float

    @classmethod
    def of(cls, shots: FewShotSet, recipe: Recipe, device: torch.device | str) -> "_Problem":
        if len(shots.train) == 0:
            raise LluError(f"{shots.name} has no training images; add at least one per class to be learned")
        images = shots.train.embeddings.to(device)
        trained, targets = shots.train.labels.to(device).unique(return_inverse=True)
        texts = shots.class_embeddings.to(device)[trained]
        image_anchors, text_anchors = (cluster_anchors(points, recipe.max_anchors) for points in (images, texts))
        return cls(
            images=images,
            targets=targets,
            texts=texts,
            image_alpha=_training_alpha(images, image_anchors, recipe),
            text_alpha=_training_alpha(texts, text_anchors, recipe),
            image_anchors=image_anchors,
            text_anchors=text_anchors,
            logit_scale=shots.logit_scale,
        )

    @property
    def width(self) -> int:
        return self.images.shape[1]

    def loss(self, image: AffineUpdate, text: AffineUpdate, rows: Tensor | None, lam: float):
        """Loss (eq. 3 and 6), accuracy in percent and distance to identity on the images `rows`, None for all."""
        images, targets, alpha = self.images, self.targets, self.image_alpha
        if rows is not None:
            images, targets, alpha = images[rows], targets[rows], alpha[rows]
        z_image = interpolate(images, image(images), alpha)
        z_text = interpolate(self.texts, text(self.texts), self.text_alpha)
        logits = self.logit_scale * z_image @ z_text.T
        distance = image.distance_to_identity() + text.distance_to_identity()
        accuracy = 100.0 * (logits.detach().argmax(dim=1) == targets).float().mean()
        return F.cross_entropy(logits, targets) + lam * distance, accuracy, distance.detach()


def _training_alpha(points: Tensor, anchors: Tensor, recipe: Recipe) -> Tensor:
    """alpha of training points (n,); under the paper's Dirac mask it is beta on each of them, clustered or not."""
    if math.isinf(recipe.gamma):
        return torch.full_like(points[:, 0], recipe.beta)
    return interpolation_mask(nearest_anchor(points, anchors)[0], beta=recipe.beta, gamma=recipe.gamma)


def _initial(recipe: Recipe, width: int, generator: torch.Generator) -> AffineUpdate:
    return AffineUpdate.random(width, generator) if recipe.init == "random" else AffineUpdate.identity(width)


def _parameters(update: AffineUpdate, device: torch.device | str) -> AffineUpdate:
    return AffineUpdate(update.weight.to(device).requires_grad_(), update.bias.to(device).requires_grad_())


def _optimizer(recipe: Recipe, parameters: list[Tensor]) -> torch.optim.Optimizer:
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=recipe.learning_rate, fused=True)
    return coop_optimizer(parameters, recipe.learning_rate)


def _batches(problem: _Problem, recipe: Recipe, generator: torch.Generator) -> Iterator[tuple[Tensor | None, float]]:
    """(rows, learning rate) per step; rows None means the whole set."""
    count = len(problem.targets)
    size = min(recipe.batch_size or count, count)
    per_epoch = math.ceil(count / size)
    if recipe.steps is not None:
        epochs = math.ceil(recipe.steps / per_epoch)
        steps = recipe.steps
    else:
        epochs = recipe.epochs or coop_epochs(problem.targets)
        steps = epochs * per_epoch
    for batch in shuffled_batches(count, size, steps, generator, problem.targets.device):
        yield batch.rows, _rate(recipe, batch, steps, epochs)


def _rate(recipe: Recipe, batch: Batch, steps: int, epochs: int) -> float:
    """Adam: cosine to zero per step. SGD: CoOp's schedule, per epoch."""
    if recipe.optimizer == "adam":
        return cosine_rate(recipe.learning_rate, batch.step, steps)
    return coop_rate(recipe.learning_rate, batch.epoch, epochs)


def _finished(
    problem: _Problem, recipe: Recipe, image: AffineUpdate, text: AffineUpdate, logit_scale: float
) -> LocalizedAdapter:
    frozen = AffineUpdate(image.weight.detach(), image.bias.detach())
    frozen_text = frozen if recipe.shared else AffineUpdate(text.weight.detach(), text.bias.detach())
    return LocalizedAdapter(
        image=LocalizedUpdate(frozen, problem.image_anchors),
        text=LocalizedUpdate(frozen_text, problem.text_anchors),
        beta=recipe.beta,
        gamma=recipe.gamma,
        logit_scale=logit_scale,
    ).to("cpu")


@cache
def warm_up(device: str = "cpu") -> None:
    """One step on a toy set, so that no training that is timed pays for what torch loads at a process's first one."""
    points = torch.eye(2)
    rows = LabelledEmbeddings(points, torch.arange(2), ("a", "b"))
    toy = FewShotSet("warm-up", ("a", "b"), points, rows, rows, base_classes=2)
    fit(toy, replace(RECIPES["fast"], steps=1), device=device)
