"""ProGrad (Zhu et al., arXiv 2205.14865): CoOp that never steps against what zero-shot CLIP would say.

What CLIP would say, and the words that the context starts as, follow TEMPLATES, which are not CoOp's. Of those words as
many tokens are learned as there are words between spaces: a comma is a token too, so that the last word of "a type of
pet, a photo of a" stays as it is, as in the official code.

Deviations: float32 throughout, and augmented views in turn where there are any, as for CoOp. For other data sets than
the published eleven the source's own template is taken, what follows the class name in it before what precedes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.encoders.text_tower import TextTower
from llu_core.method.schedule import COOP, CoopRecipe
from llu_core.systems.contract import Device, Fitted, Material
from llu_core.systems.coop import FittedContext, class_prompts
from llu_core.systems.descent import descend

TEMPLATES = {
    "imagenet": "a photo of a {}.",
    "caltech101": "a photo of a {}.",
    "oxford_pets": "a type of pet, a photo of a {}.",
    "stanford_cars": "a photo of a {}.",
    "oxford_flowers": "a type of flower, a photo of a {}.",
    "food101": "a type of food, a photo of {}.",
    "fgvc_aircraft": "a type of aircraft, a photo of a {}.",
    "sun397": "a photo of a {}.",
    "dtd": "a texture of {}.",
    "eurosat": "a centered satellite photo of {}.",
    "ucf101": "a photo of a person doing {}.",
}
"""Data set -> the official code's template, with nothing behind the class name."""

_FILLER = "X"


@dataclass(frozen=True)
class ProgradRecipe:
    """context: vectors that are learned, the template's words at the end, zero vectors before them.

    lam: how much of the opposing part is taken away; gentle_lam: on the sets `gentle_sets` from 8 shots on.
    """

    context: int = 16
    lam: float = 1.0
    gentle_lam: float = 0.8
    gentle_sets: tuple[str, ...] = ("oxford_flowers", "dtd", "eurosat")
    optimizer: CoopRecipe = COOP

    def lam_for(self, shots: FewShotSet) -> float:
        """lambda for training on these shots."""
        per_class = round(len(shots.train) / max(1, len(shots.seen_classes)))
        return self.gentle_lam if shots.name in self.gentle_sets and per_class >= 8 else self.lam


PUBLISHED = ProgradRecipe()


def agreeing(task: Tensor, general: Tensor, lam: float) -> Tensor:
    """The task's gradient without (lam times) its part against the general one; as it is where they agree."""
    along = (task * general).sum()
    if along >= 0:
        return task
    return task - lam * along / general.square().sum() * general


def fit(material: Material, seed: int, device: Device, recipe: ProgradRecipe = PUBLISHED) -> Fitted:
    """Only the context is trained, in float32, on the encoder's own device; `device` is of no use.

    What CLIP would say is its prediction by the published template, at temperature 1.
    """
    shots, tower = material.shots, TextTower.of(material.encoder)
    words, filler, length = _words(TEMPLATES.get(shots.name, shots.templates[0]), recipe.context)
    prompts = class_prompts(tower, words, shots.class_names, length)
    context = prompts.context.clone()
    context[:filler] = 0
    context.requires_grad_()
    zero_shot = general_texts(shots, material.encoder).to(tower.device)
    lam, scale = recipe.lam_for(shots), shots.logit_scale

    def gradients(images: Tensor, targets: Tensor) -> Sequence[Tensor]:
        logits = scale * (images @ tower.encode(prompts, context[None])[0].T)
        teacher = (scale * (images @ zero_shot.T)).softmax(dim=1)
        (task,) = torch.autograd.grad(F.cross_entropy(logits, targets), context, retain_graph=True)
        difference = F.kl_div(logits.log_softmax(dim=1), teacher, reduction="batchmean")
        (general,) = torch.autograd.grad(difference, context)
        return [agreeing(task, general, lam)]

    descend([context], gradients, material, recipe.optimizer, torch.Generator().manual_seed(seed), tower.device)
    return FittedContext(tower, words, context.detach(), scale)


def general_texts(shots: FewShotSet, encoder: Encoder | None) -> Tensor:
    """(C, d): the class texts of the teacher, by the template of TEMPLATES, or those of `shots` where it has none."""
    if encoder is None or shots.name not in TEMPLATES or shots.templates == (TEMPLATES[shots.name],):
        return shots.class_embeddings
    return class_embeddings(encoder, shots.class_names, (TEMPLATES[shots.name],))


def _words(template: str, length: int) -> tuple[str, int, int]:
    """The words of the context, fillers first, the number of fillers, and that of the tokens that are learned.

    A template of more than `length` words makes a longer context.
    """
    before, _, after = template.partition("{}")
    written = ", ".join(part for part in (after.strip(" ,."), before.strip()) if part)
    count = len(written.split())
    filler = max(0, length - count)
    return " ".join([*[_FILLER] * filler, *[written] * bool(written)]), filler, filler + count
