"""CoOp (Zhou et al., arXiv 2109.01134): the words around the class name become vectors, learned by gradient descent.

Deviations: the official code computes in half precision, which overflows now and then; here it is float32. Where there
are augmented views, as many as were made take turns; there, every epoch crops anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.text_tower import Prompts, TextTower
from llu_core.method.classifier import Classifier
from llu_core.method.schedule import COOP, CoopRecipe
from llu_core.systems.contract import Device, Fitted, FixedClassifier, Material
from llu_core.systems.descent import cross_entropy_gradients, descend


@dataclass(frozen=True)
class CoopPromptRecipe:
    """words: what the context starts as, one vector per token of it, shared by all classes."""

    words: str = "a photo of a"
    optimizer: CoopRecipe = COOP


PUBLISHED = CoopPromptRecipe()


@dataclass(frozen=True, eq=False)
class FittedContext:
    """A learned context (M, w) that stands before any class name, in the place of `words`."""

    tower: TextTower
    words: str
    context: Tensor
    logit_scale: float

    def on(self, problem: FewShotSet) -> Classifier:
        """The texts are made from the problem's class names; the class embeddings play no part."""
        prompts = class_prompts(self.tower, self.words, problem.class_names, len(self.context))
        with torch.no_grad():
            texts = self.tower.encode(prompts, self.context[None])[0]
        return FixedClassifier(texts.cpu(), self.logit_scale)


def class_prompts(tower: TextTower, words: str, class_names: Sequence[str], length: int) -> Prompts:
    """ "{words} {name}." of every class, its first `length` tokens being the slot."""
    return tower.prompts([f"{words} {name}." for name in class_names], length)


def fit(material: Material, seed: int, device: Device, recipe: CoopPromptRecipe = PUBLISHED) -> Fitted:
    """Only the context is trained, in float32, on the encoder's own device; `device` is of no use."""
    shots, tower = material.shots, TextTower.of(material.encoder)
    prompts = class_prompts(tower, recipe.words, shots.class_names, tower.count(recipe.words))
    context = prompts.context.clone().requires_grad_()

    def logits(images: Tensor) -> Tensor:
        return shots.logit_scale * (images @ tower.encode(prompts, context[None])[0].T)

    gradients = cross_entropy_gradients([context], logits)
    descend([context], gradients, material, recipe.optimizer, torch.Generator().manual_seed(seed), tower.device)
    return FittedContext(tower, recipe.words, context.detach(), shots.logit_scale)
