"""Training a LocalizedAdapter on a few-shot set (paper, section 3.3 and 4), step by step.

`train` is a generator of steps, so that a caller can stream or stop it; it leaves the gradient to autograd and is what
`fitting.fit`, which computes the same much faster, is tested against. The embeddings are frozen, hence alpha of every
training point is a constant and no gradient flows through it.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    interpolate,
    interpolation_mask,
    nearest_anchor,
)
from llu_core.method.anchors import cluster_anchors
from llu_core.method.batched.threads import begun
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.schedule import (
    Adam,
    Batch,
    batches_per_epoch,
    coop_epochs,
    coop_optimizer,
    coop_rate,
    cosine_rate,
    set_rate,
    shuffled_batches,
)
from llu_core.method.statistics.gaussian import group_sums
from llu_core.method.statistics.head import ClassStatistics

_NOTHING = 1e-6
"""A direction that carries less than this share of the strongest one's energy is rounding, not signal."""


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
    shots: FewShotSet,
    recipe: Recipe = RECIPES["fast"],
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
    start: tuple[AffineUpdate, AffineUpdate] | None = None,
) -> Generator[TrainingStep, None, LocalizedAdapter]:
    """Train on `shots.train`; yields a TrainingStep per optimiser step and returns the adapter, on the CPU.

    Only classes with shots take part; the others keep CLIP's text until prediction, where they get whatever alpha
    their nearness to the trained texts gives them. Nothing is shared between runs: an abandoned generator
    leaves no trace. The same seed gives the same weights on the CPU. start: g of images and of texts to train further,
    in place of the recipe's start; eq. 6 still draws to the identity. Raises LluError if there are no shots.
    """
    problem, generator = TrainingProblem.of(shots, recipe, device), torch.Generator().manual_seed(seed)
    of_image, of_text = start or (None, None)
    image = _Parameters.start(problem, recipe, generator, of_image)
    text = image if recipe.shared else _Parameters.start(problem, recipe, generator, of_text)
    parameters = list(dict.fromkeys([image.weight, image.bias, text.weight, text.bias]))
    optimizer = _optimizer(recipe, parameters)
    steps = scheduled(recipe, problem, generator, problem.images.device)
    for number, (batch, rate) in enumerate(steps, start=1):
        set_rate(optimizer, rate)
        loss, accuracy, distance = problem.loss(image.update(), text.update(), batch.rows, recipe.lam)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield TrainingStep(number, len(steps), loss.item(), accuracy.item(), distance.item())
    trained = image.update().detach()
    return problem.adapter(recipe, trained, trained if recipe.shared else text.update().detach())


@dataclass(frozen=True, eq=False)
class TrainingProblem:
    """What stays constant while training: n points, C class texts, anchors, and the alpha of every point.

    basis: (r, d) orthonormal rows, the subspace that is trained, or None for all of it.
    """

    images: Tensor
    targets: Tensor
    texts: Tensor
    image_alpha: Tensor
    text_alpha: Tensor
    image_anchors: Tensor
    text_anchors: Tensor
    basis: Tensor | None
    logit_scale: float

    @classmethod
    def of(cls, shots: FewShotSet, recipe: Recipe, device: torch.device | str) -> "TrainingProblem":
        """Raises LluError if there are no shots."""
        if len(shots.train) == 0:
            raise LluError(f"{shots.name} has no training images; add at least one per class to be learned")
        images, (trained, targets) = shots.train.embeddings, shots.train.labels.unique(return_inverse=True)
        texts = shots.class_embeddings[trained]
        # where the shots are, since a GPU is no faster at it, and Adam would make other adapters of other roundings
        subspace = partial(class_subspace, images, targets, texts) if recipe.within_classes else None
        if subspace and images.device.type != torch.device(device).type:
            subspace = begun(subspace)  # while the device finds the anchors
        images, targets, texts = images.to(device), targets.to(device), texts.to(device)
        image_anchors, text_anchors = (cluster_anchors(points, recipe.max_anchors) for points in (images, texts))
        return cls(
            images=images,
            targets=targets,
            texts=texts,
            image_alpha=_training_alpha(images, image_anchors, recipe),
            text_alpha=_training_alpha(texts, text_anchors, recipe),
            image_anchors=image_anchors,
            text_anchors=text_anchors,
            basis=subspace().to(device) if subspace else None,
            logit_scale=shots.logit_scale,
        )

    @property
    def width(self) -> int:
        """d, the number of dimensions of an embedding."""
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

    def adapter(self, recipe: Recipe, image: AffineUpdate, text: AffineUpdate) -> LocalizedAdapter:
        """The trained updates around their anchors, on the CPU."""
        beta, gamma = recipe.mask
        image_anchors, text_anchors = self._anchors_on_cpu
        on_cpu = image.to("cpu")
        return LocalizedAdapter(
            image=LocalizedUpdate(on_cpu, image_anchors),
            text=LocalizedUpdate(on_cpu if text is image else text.to("cpu"), text_anchors),
            beta=beta,
            gamma=gamma,
            logit_scale=self.logit_scale,
            statistics=replace(self._statistics_on_cpu, weight=recipe.statistics) if recipe.statistics else None,
        )

    @cached_property
    def _anchors_on_cpu(self) -> tuple[Tensor, Tensor]:
        return self.image_anchors.cpu(), self.text_anchors.cpu()

    @cached_property
    def _statistics_on_cpu(self) -> ClassStatistics:
        return ClassStatistics(self.images, self.targets, self.texts).to("cpu")


def class_subspace(images: Tensor, targets: Tensor, texts: Tensor) -> Tensor:
    """(r, d) orthonormal rows that span the class texts and mean images, their principal directions; r <= d.

    images (n, d), targets (n,) of the C classes, texts (C, d). A class has two mean images, each of every other shot,
    so that its spread counts too, but one where three points per class would fill more than half of the space. Adam
    scales every coordinate by itself, so it matters that the coordinates are these and not any others.
    """
    classes, width = texts.shape
    parts = 2 if 6 * classes <= width else 1
    order = targets.argsort(stable=True)
    part = torch.empty_like(targets)
    part[order] = torch.arange(len(targets), device=targets.device) % parts
    sums = group_sums(images, targets * parts + part, classes * parts)
    points = torch.cat([texts, F.normalize(sums[sums.any(dim=1)], dim=1)])
    if len(points) < width:
        energy, directions = torch.linalg.eigh(points @ points.T)
        kept = energy > _NOTHING * energy[-1]
        return (directions[:, kept] / energy[kept].sqrt()).T @ points
    energy, directions = torch.linalg.eigh(points.T @ points)
    return directions[:, energy > _NOTHING * energy[-1]].T.contiguous()


def initial(recipe: Recipe, width: int, generator: torch.Generator) -> AffineUpdate:
    """Where training starts, by `recipe.init`."""
    return AffineUpdate.random(width, generator) if recipe.init == "random" else AffineUpdate.identity(width)


def scheduled(
    recipe: Recipe, problem: TrainingProblem, generator: torch.Generator, device: torch.device | str = "cpu"
) -> list[tuple[Batch, float]]:
    """(batch, learning rate) per step: a cosine over the steps, or CoOp's epochs. The batches' rows are on `device`."""
    targets, count = problem.targets, len(problem.targets)
    size = min(recipe.batch_size or count, count)
    per_epoch = batches_per_epoch(count, size)
    epochs = math.ceil(recipe.steps / per_epoch) if recipe.steps else recipe.epochs or coop_epochs(targets)
    steps = recipe.steps or epochs * per_epoch
    batches = list(shuffled_batches(count, size, steps, generator, device))
    if recipe.optimizer == "sgd":
        rates = [coop_rate(recipe.learning_rate, epoch, epochs) for epoch in range(batches[-1].epoch + 1)]
        return [(batch, rates[batch.epoch]) for batch in batches]
    peak = recipe.learning_rate
    if recipe.subspace == "classes":
        peak /= math.sqrt(problem.width if problem.basis is None else len(problem.basis))
    return [(batch, cosine_rate(peak, batch.step, steps)) for batch in batches]


def _training_alpha(points: Tensor, anchors: Tensor, recipe: Recipe) -> Tensor:
    """alpha of training points (n,): beta where they are their own anchors, and under the paper's Dirac mask."""
    if anchors is points or math.isinf(recipe.gamma):
        return torch.full_like(points[:, 0], recipe.beta)
    return interpolation_mask(nearest_anchor(points, anchors)[0], beta=recipe.beta, gamma=recipe.gamma)


@dataclass(frozen=True, eq=False)
class _Parameters:
    """What the optimiser moves for one modality: W (d, d) and b (d,), or within a basis (r, d) what is added to the
    `origin`'s W as (r, r) and to its b as (r,)."""

    weight: Tensor
    bias: Tensor
    basis: Tensor | None
    origin: AffineUpdate

    @classmethod
    def start(
        cls, problem: TrainingProblem, recipe: Recipe, generator: torch.Generator, given: AffineUpdate | None
    ) -> "_Parameters":
        origin = (given or initial(recipe, problem.width, generator)).to(problem.images.device)
        basis = problem.basis
        if basis is not None:
            weight, bias = basis.new_zeros(len(basis), len(basis)), basis.new_zeros(len(basis))
        else:
            weight, bias = origin.weight.clone(), origin.bias.clone()
        return cls(weight.requires_grad_(), bias.requires_grad_(), basis, origin)

    def update(self) -> AffineUpdate:
        if self.basis is None:
            return AffineUpdate(self.weight, self.bias)
        weight = self.origin.weight + self.basis.T @ self.weight @ self.basis
        return AffineUpdate(weight, self.origin.bias + self.bias @ self.basis)


def _optimizer(recipe: Recipe, parameters: list[Tensor]) -> torch.optim.Optimizer | Adam:
    if recipe.optimizer == "adam":
        return Adam(parameters, recipe.learning_rate)
    return coop_optimizer(parameters, recipe.learning_rate)
