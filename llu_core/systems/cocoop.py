"""CoCoOp (Zhou et al., arXiv 2203.05557): CoOp whose context is shifted by what a small network sees in the image.

Deviations: float32 throughout, and augmented views in turn where there are any, as for CoOp.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.text_tower import Prompts, TextTower
from llu_core.method.classifier import Classifier
from llu_core.method.schedule import CoopRecipe
from llu_core.systems.contract import Device, Fitted, Material
from llu_core.systems.coop import class_prompts
from llu_core.systems.descent import cross_entropy_gradients, descend, linear_layer

_TEXTS_AT_ONCE = 4096
_ONE_BY_ONE = CoopRecipe(batch_size=1, epochs=10)


@dataclass(frozen=True)
class CocoopRecipe:
    """words: what the context starts as; reduction: embedding width / hidden width of the meta-net."""

    words: str = "a photo of a"
    reduction: int = 16
    optimizer: CoopRecipe = _ONE_BY_ONE


PUBLISHED = CocoopRecipe()


@dataclass(frozen=True, eq=False)
class MetaNet:
    """The shift of an image: up relu(down x + a) + b. down: (h, d), a: (h,), up: (w, h), b: (w,)."""

    down: Tensor
    down_bias: Tensor
    up: Tensor
    up_bias: Tensor

    @classmethod
    def random(cls, width: int, hidden: int, outputs: int, generator: torch.Generator) -> "MetaNet":
        """A network whose layers start as torch.nn.Linear's do."""
        down, down_bias = linear_layer(hidden, width, generator), linear_layer(1, width, generator)[:, :1]
        up, up_bias = linear_layer(outputs, hidden, generator), linear_layer(1, hidden, generator)[:, :1]
        return cls(down, down_bias.flatten(), up, up_bias.flatten())

    @property
    def tensors(self) -> Sequence[Tensor]:
        return self.down, self.down_bias, self.up, self.up_bias

    def __call__(self, image_embeddings: Tensor) -> Tensor:
        """(n, d) unit rows -> (n, w)."""
        return F.linear(F.relu(F.linear(image_embeddings, self.down, self.down_bias)), self.up, self.up_bias)


@dataclass(frozen=True, eq=False)
class ConditionalClassifier:
    """Every image is compared with texts of its own; the text tower runs once per image and class."""

    tower: TextTower
    prompts: Prompts
    context: Tensor
    meta: MetaNet
    logit_scale: float

    def image_logits(self, images: Tensor) -> Tensor:
        """(n, C) for images (n, d) on the tower's device; gradients reach context and meta-net."""
        contexts = self.context + self.meta(images)[:, None, :]
        return self.logit_scale * torch.einsum("nd,ncd->nc", images, self.tower.encode(self.prompts, contexts))

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) on the CPU for images (n, d); class_embeddings are of these classes and not looked at."""
        blocks = image_embeddings.split(max(1, _TEXTS_AT_ONCE // len(self.prompts)))
        with torch.no_grad():
            return torch.cat([self.image_logits(block.to(self.tower.device)).cpu() for block in blocks])


@dataclass(frozen=True, eq=False)
class FittedConditionalContext:
    """A learned context (M, w) and the network that shifts it."""

    tower: TextTower
    words: str
    context: Tensor
    meta: MetaNet
    logit_scale: float

    def on(self, problem: FewShotSet) -> Classifier:
        """The texts are made from the problem's class names; the class embeddings play no part."""
        prompts = class_prompts(self.tower, self.words, problem.class_names, len(self.context))
        return ConditionalClassifier(self.tower, prompts, self.context, self.meta, self.logit_scale)


def fit(material: Material, seed: int, device: Device, recipe: CocoopRecipe = PUBLISHED) -> Fitted:
    """Context and meta-net are trained, in float32, on the encoder's own device; `device` is of no use."""
    shots, tower = material.shots, TextTower.of(material.encoder)
    generator = torch.Generator().manual_seed(seed)
    prompts = class_prompts(tower, recipe.words, shots.class_names, tower.count(recipe.words))
    start = MetaNet.random(shots.width, max(1, shots.width // recipe.reduction), tower.width, generator)
    context = prompts.context.clone().requires_grad_()
    meta = MetaNet(*(tensor.to(tower.device).requires_grad_() for tensor in start.tensors))
    student = ConditionalClassifier(tower, prompts, context, meta, shots.logit_scale)
    parameters = [context, *meta.tensors]
    gradients = cross_entropy_gradients(parameters, student.image_logits)
    descend(parameters, gradients, material, recipe.optimizer, generator, tower.device)
    trained = MetaNet(*(tensor.detach() for tensor in meta.tensors))
    return FittedConditionalContext(tower, recipe.words, context.detach(), trained, shots.logit_scale)
