"""ProGrad (Zhu et al., arXiv 2205.14865): CoOp that never steps against what zero-shot CLIP would say."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.text_tower import TextTower
from llu_core.method.schedule import COOP, CoopRecipe
from llu_core.systems.contract import Device, Fitted, Material
from llu_core.systems.coop import FittedContext, class_prompts
from llu_core.systems.descent import descend

_FILLER = "X"


@dataclass(frozen=True)
class ProgradRecipe:
    """context: tokens, the template's words at the end, zero vectors before them.

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

    What CLIP would say is its prediction by the class embeddings of `material.shots`, at temperature 1.
    """
    shots, tower = material.shots, TextTower.of(material.encoder)
    words, filler, length = _words(tower, shots.templates[0], recipe.context)
    prompts = class_prompts(tower, words, shots.class_names, length)
    context = prompts.context.clone()
    context[:filler] = 0
    context.requires_grad_()
    zero_shot = shots.class_embeddings.to(tower.device)
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


def _words(tower: TextTower, template: str, length: int) -> tuple[str, int, int]:
    """The words of the context, fillers first, the number of fillers, and that of all tokens.

    The template's words come last, what follows the class name before what precedes it. A template of more than
    `length` tokens makes a longer context.
    """
    before, _, after = template.partition("{}")
    written = ", ".join(part for part in (after.strip(" ,."), before.strip()) if part)
    tokens = tower.count(written) if written else 0
    filler = max(0, length - tokens)
    return " ".join([*[_FILLER] * filler, *[written] * bool(written)]), filler, filler + tokens
