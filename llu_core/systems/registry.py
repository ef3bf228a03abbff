"""The systems by name, in reading order: CLIP, prompt learners, adapters, linear heads, LLU, and then one's own.

fitted = SYSTEMS["coop"].fit(Material(shots, validation, views, encoder), seed, "cpu")
logits = fitted.on(problem).logits(images, problem.class_embeddings)      or CannotAnswer

One's own join them by `register(System("mine", ...))`, or as entry points of the group ENTRY_POINTS, each of them a
System, which are loaded when they are asked for by name.
"""

import re
from collections.abc import Sequence
from functools import partial
from importlib.metadata import entry_points

from llu_core.errors import LluError, one_line
from llu_core.method.recipes import ABLATIONS, RECIPES, Recipe
from llu_core.systems import (
    clip,
    clip_adapter,
    cocoop,
    coop,
    linear_probe,
    llu,
    prograd,
    rla,
    tip_adapter,
    wise_ft,
)
from llu_core.systems.contract import CannotAnswer, Fit, Fitted, Material
from llu_core.systems.frozen import clap, gda_clip, lfa, lp_plus_plus, proker
from llu_core.systems.system import System

__all__ = ["SYSTEMS", "CannotAnswer", "Fit", "Fitted", "Material", "System", "llu_system", "register", "systems_named"]

ENTRY_POINTS = "llu_core.systems"

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


def _system(
    name: str,
    title: str,
    fit: Fit,
    settings: object = None,
    version: int = 1,
    *,
    new_classes: bool = True,
    needs_encoder: bool = False,
) -> System:
    return System(
        name,
        title,
        new_classes=new_classes,
        needs_encoder=needs_encoder,
        fit=fit,
        settings=settings,
        version=version,
    )


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        _system("clip", "CLIP", clip.fit),
        _system("coop", "CoOp", coop.fit, coop.PUBLISHED, 2, needs_encoder=True),
        _system("cocoop", "CoCoOp", cocoop.fit, cocoop.PUBLISHED, needs_encoder=True),
        _system("prograd", "ProGrad", prograd.fit, prograd.PUBLISHED, 2, needs_encoder=True),
        _system("clip-adapter", "CLIP-Adapter", clip_adapter.fit, clip_adapter.PUBLISHED, 2),
        _system("tip-adapter", "Tip-Adapter", tip_adapter.fit, tip_adapter.PUBLISHED, new_classes=False),
        _system(
            "tip-adapter-f", "Tip-Adapter-F", tip_adapter.fit_trained, tip_adapter.PUBLISHED_F, 2, new_classes=False
        ),
        _system("wise-ft", "WiSE-FT (head)", wise_ft.fit, wise_ft.PUBLISHED, 2, new_classes=False),
        _system("linear-probe", "linear probe", linear_probe.fit, linear_probe.PUBLISHED, 2, new_classes=False),
        _system("rla", "RLA", rla.fit, rla.PUBLISHED, 2),
        _system("gda-clip", "GDA-CLIP", gda_clip.fit, gda_clip.PUBLISHED, 2),
        _system("lfa", "LFA", lfa.fit, lfa.PUBLISHED),
        _system("lp-plus-plus", "LP++", lp_plus_plus.fit, lp_plus_plus.PUBLISHED, new_classes=False),
        _system("clap", "CLAP", clap.fit, clap.PUBLISHED, new_classes=False),
        _system("proker", "ProKeR", proker.fit, proker.PUBLISHED, new_classes=False),
        *(llu_system(ablation=ablation) for ablation in ABLATIONS),
        tuned_system(),
    )
}
_BUILT_IN = frozenset(SYSTEMS)


def register(system: System) -> System:
    """Let a system of one's own be named like the others; returns it. One that was registered before is replaced.

    Raises LluError for a name that cannot be written on the command line or is one of the project's own.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.+-]+", system.name):
        raise LluError(f"a system cannot be called {system.name!r}; use letters, digits and any of _ . + -")
    if system.name in _BUILT_IN or system.name == "all":
        raise LluError(f"there is a system called {system.name!r} already; give yours another name")
    SYSTEMS[system.name] = system
    return system


def own_system(name: str) -> System | None:
    """The registered system of that name, None for one of the project's own, which every process has."""
    return None if name in _BUILT_IN else SYSTEMS.get(name)


def systems_named(names: Sequence[str], recipe: Recipe = RECIPES["fast"]) -> list[System]:
    """The systems of these names, in their order, each once; LLU and its ablations train by `recipe`.

    Raises LluError, listing the known ones, for unknown names and for none.
    """
    for name in names:
        if name not in SYSTEMS:
            _load(name)
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown or not names:
        known = ", ".join(dict.fromkeys((*SYSTEMS, *entry_points(group=ENTRY_POINTS).names)))
        raise LluError(f"unknown method {', '.join(unknown) or '(none)'}; choose from: {known}")
    own = (*(llu_system(recipe, ablation) for ablation in ABLATIONS), tuned_system(recipe))
    by_recipe = {system.name: system for system in own}
    return [by_recipe.get(name, SYSTEMS[name]) for name in dict.fromkeys(names)]


def _load(name: str) -> None:
    """Register what an entry point of that name offers, if there is one."""
    for point in entry_points(group=ENTRY_POINTS, name=name):
        try:
            system = point.load()
        except Exception as error:  # somebody else's code
            said = f"{type(error).__name__}: {one_line(error)}"
            raise LluError(f"the entry point {name} = {point.value} cannot be loaded ({said})") from None
        if not isinstance(system, System) or system.name != name:
            raise LluError(f"the entry point {name} = {point.value} must be a System with the name {name!r}")
        register(system)
