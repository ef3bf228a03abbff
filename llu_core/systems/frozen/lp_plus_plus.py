"""LP++ (Huang et al., CVPR 2024): a linear probe beside the class texts, blended by a weight that is learned.

logits = x . w_k + b_k + a_k (x . t_k), without the model's logit scale. The step of W and b follows from the curvature
of the loss, as that of a does; nothing but the number of steps could be chosen on validation rows.

Deviations: the last step's weights are taken, where the official code keeps the step that is best on validation rows;
the biases start from the seed as torch's linear layers do.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.systems.contract import Device, Fitted, Material, trained_labels


@dataclass(frozen=True)
class LpRecipe:
    """alpha_every: the blending weights step once in so many steps, along the gradients summed up so far."""

    steps: int = 300
    momentum: float = 0.9
    alpha_scale: float = 250.0
    alpha_every: int = 10


PUBLISHED = LpRecipe()


@dataclass(frozen=True, eq=False)
class BlendedClassifier:
    """rows (C, d), bias (C,), alpha (C,): W, b and a of the classes asked for."""

    rows: Tensor
    bias: Tensor
    alpha: Tensor

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and the texts (C, d) of the classes it was made for, unit rows."""
        return image_embeddings @ self.rows.T + self.bias + self.alpha * (image_embeddings @ class_embeddings.T)


@dataclass(frozen=True, eq=False)
class FittedBlend:
    """A blend over the classes of `shots`."""

    shots: FewShotSet
    classifier: BlendedClassifier

    def on(self, problem: FewShotSet) -> BlendedClassifier:
        """The rows of the problem's classes; raises CannotAnswer for a class without shots."""
        chosen, whole = trained_labels(self.shots, problem), self.classifier
        return BlendedClassifier(whole.rows[chosen], whole.bias[chosen], whole.alpha[chosen])


def fit(material: Material, seed: int, device: Device, recipe: LpRecipe = PUBLISHED) -> Fitted:
    """Full batch; the seed starts the biases."""
    shots, targets = material.shots, material.targets.to(device)
    texts, images = shots.class_embeddings.to(device), material.images().to(device)
    start = starting_point(images, targets, texts, recipe, torch.Generator().manual_seed(seed))
    parameters = [part.clone().requires_grad_() for part in (start.rows, start.bias, start.alpha)]
    rate, alpha_rate = rates(images, texts)
    probe = torch.optim.SGD(parameters[:2], lr=rate, momentum=recipe.momentum)
    blend = torch.optim.SGD(parameters[2:], lr=alpha_rate, momentum=recipe.momentum)
    for step in range(recipe.steps):
        images = material.images(step).to(device)
        probe.zero_grad()
        F.cross_entropy(BlendedClassifier(*parameters).logits(images, texts), targets).backward()
        probe.step()
        if (step + 1) % recipe.alpha_every == 0:
            blend.step()  # its gradient is never set back to zero, as in the official code
    return FittedBlend(shots, BlendedClassifier(*(part.detach().cpu() for part in parameters)))


def starting_point(
    images: Tensor, targets: Tensor, texts: Tensor, recipe: LpRecipe, generator: torch.Generator
) -> BlendedClassifier:
    """W: the sum of each class's shots; a: one value, alpha_scale times the classes' mean cosine to their own text."""
    classes, width = texts.shape
    rows = images.new_zeros(classes, width).index_add_(0, targets, images)
    counts = torch.bincount(targets, minlength=classes)
    own = (rows * texts).sum(dim=1)[counts > 0] / counts[counts > 0]
    bias = torch.empty(classes).uniform_(-(width**-0.5), width**-0.5, generator=generator).to(images)
    return BlendedClassifier(rows, bias, (recipe.alpha_scale * own.mean()).expand(classes))


def rates(images: Tensor, texts: Tensor) -> tuple[float, float]:
    """Of W and b, 4 N / lambda_max(X'X), and of a, N / (4 max over k of the sum of (x . t_k)^2)."""
    count = len(images)
    largest = torch.linalg.matrix_norm(images.double(), ord=2).square()
    return float(4 * count / largest), float(count / (4 * (images @ texts.T).square().sum(dim=0).max()))
