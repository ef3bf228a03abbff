"""The compared systems by name, in reading order: CLIP, prompt learners, adapters, linear heads, and LLU.

fitted = SYSTEMS["coop"].fit(Material(shots, validation, views, encoder), seed, "cpu")
logits = fitted.on(problem).logits(images, problem.class_embeddings)      or CannotAnswer
"""

import inspect
import time
from collections.abc import Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from functools import partial
from typing import Any

from llu_core.errors import LluError
from llu_core.method.fitting import warm_up
from llu_core.method.recipes import ABLATIONS, RECIPES, Recipe
from llu_core.systems import (
    clip,
    clip_adapter,
    cocoop,
    coop,
    gda_clip,
    linear_probe,
    llu,
    prograd,
    rla,
    tip_adapter,
    wise_ft,
)
from llu_core.systems.contract import CannotAnswer, Device, Fit, Fitted, Material
from llu_core.systems.frozen import clap, lfa, lp_plus_plus, proker

__all__ = ["SYSTEMS", "CannotAnswer", "Fit", "Fitted", "Material", "System", "llu_system", "systems_named"]


@dataclass(frozen=True)
class System:
    """A way to learn from few shots.

    name: as the command line calls it; title: as tables do. new_classes: whether it can answer for classes without
    shots; needs_encoder: whether it trains through the model's text tower and so cannot work on embeddings alone.
    version: of what its code means, to be raised whenever the same settings give other answers. recipe: LLU's, None for
    the others.
    """

    name: str
    title: str
    _: KW_ONLY
    new_classes: bool
    needs_encoder: bool
    fit: Fit
    version: int = 1
    recipe: Recipe | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """Everything about the system that decides its answers, as JSON values."""
        given = inspect.signature(self.fit).parameters.get("recipe")
        settings = given.default if self.recipe is None and given is not None else self.recipe
        return {"settings": None if settings is None else asdict(settings), "version": self.version}

    def timed_fit(self, material: Material, seed: int, device: Device = "cpu") -> tuple[Fitted, float]:
        """The trained system and the seconds it took, without what torch loads at a process's first training."""
        warm_up(str(device))
        start = time.perf_counter()
        fitted = self.fit(material, seed, device)
        return fitted, time.perf_counter() - start


_ABLATION_TITLES = {
    "no cluster": "LLU, no clustering",
    "no damp": "LLU, no damping",
    "no mask": "LLU, no mask",
    "dirac mask": "LLU, Dirac mask",
    "no reg": "LLU, no regularisation",
    "rand. init": "LLU, random init",
    "linear": "LLU, Linear",
}


def llu_system(recipe: Recipe = RECIPES["fast"], ablation: str = "default") -> System:
    """LLU trained by `recipe`, under one of the paper's ablations (a key of ABLATIONS)."""
    ablated = recipe.ablated(ablation)
    name, title = "llu", "LLU"
    if ablation != "default":
        name, title = f"llu-{ablation.replace('. ', '-').replace(' ', '-')}", _ABLATION_TITLES[ablation]
    fit = partial(llu.fit, recipe=ablated)
    return System(name, title, new_classes=True, needs_encoder=False, fit=fit, recipe=ablated)


def tuned_system(recipe: Recipe = RECIPES["fast"]) -> System:
    """LLU trained by `recipe` with beta, gamma and lambda chosen on the shots."""
    fit = partial(llu.fit_tuned, recipe=recipe)
    return System("llu-tuned", "LLU, tuned", new_classes=True, needs_encoder=False, fit=fit, recipe=recipe)


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System("clip", "CLIP", new_classes=True, needs_encoder=False, fit=clip.fit),
        System("coop", "CoOp", new_classes=True, needs_encoder=True, fit=coop.fit),
        System("cocoop", "CoCoOp", new_classes=True, needs_encoder=True, fit=cocoop.fit),
        System("prograd", "ProGrad", new_classes=True, needs_encoder=True, fit=prograd.fit),
        System("clip-adapter", "CLIP-Adapter", new_classes=True, needs_encoder=False, fit=clip_adapter.fit),
        System("tip-adapter", "Tip-Adapter", new_classes=False, needs_encoder=False, fit=tip_adapter.fit),
        System("tip-adapter-f", "Tip-Adapter-F", new_classes=False, needs_encoder=False, fit=tip_adapter.fit_trained),
        System("wise-ft", "WiSE-FT (head)", new_classes=False, needs_encoder=False, fit=wise_ft.fit),
        System("linear-probe", "linear probe", new_classes=False, needs_encoder=False, fit=linear_probe.fit),
        System("rla", "RLA", new_classes=True, needs_encoder=False, fit=rla.fit),
        System("gda-clip", "GDA-CLIP", new_classes=True, needs_encoder=False, fit=gda_clip.fit),
        System("lfa", "LFA", new_classes=True, needs_encoder=False, fit=lfa.fit),
        System("lp-plus-plus", "LP++", new_classes=False, needs_encoder=False, fit=lp_plus_plus.fit),
        System("clap", "CLAP", new_classes=False, needs_encoder=False, fit=clap.fit),
        System("proker", "ProKeR", new_classes=False, needs_encoder=False, fit=proker.fit),
        *(llu_system(ablation=ablation) for ablation in ABLATIONS),
        tuned_system(),
    )
}


def systems_named(names: Sequence[str], recipe: Recipe = RECIPES["fast"]) -> list[System]:
    """The systems of these names, in their order, each once; LLU and its ablations train by `recipe`.

    Raises LluError, listing the known ones, for unknown names and for none.
    """
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown or not names:
        raise LluError(f"unknown method {', '.join(unknown) or '(none)'}; choose from: {', '.join(SYSTEMS)}")
    own = (*(llu_system(recipe, ablation) for ablation in ABLATIONS), tuned_system(recipe))
    by_recipe = {system.name: system for system in own}
    return [by_recipe.get(name, SYSTEMS[name]) for name in dict.fromkeys(names)]
