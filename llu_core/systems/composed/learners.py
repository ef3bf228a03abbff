"""Systems that learn one set after the other, by name; none is told at test which set a picture is of.

state = None
for step in range(1, len(sets) + 1):
    state = LEARNERS["llu-composed"].learn(state, sets[:step], recipe, seed, "cpu")       a Classifier
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.anchors import cluster_anchors
from llu_core.method.classifier import Classifier, ZeroShotClassifier
from llu_core.method.composition.composition import Composition
from llu_core.method.fitting import fit
from llu_core.method.recipes import Recipe
from llu_core.method.statistics.head import ClassStatistics
from llu_core.method.training import train
from llu_core.steps import drain
from llu_core.systems.composed import rail
from llu_core.systems.composed.merging import union
from llu_core.systems.contract import Device

Learn = Callable[[Classifier | None, Sequence[FewShotSet], Recipe, int, Device], Classifier]
"""(what it was before, None at first; all sets up to the one to be learned; recipe; seed; device) -> what it is now."""


@dataclass(frozen=True)
class Learner:
    """keeps: what it has of earlier sets when it learns another; by_recipe: whether LLU's recipe matters to it.
    version: as a System's."""

    name: str
    title: str
    keeps: str
    learn: Learn
    by_recipe: bool = True
    version: int = 1


def _clip(known, sets, recipe, seed, device) -> Classifier:
    return ZeroShotClassifier(sets[-1].logit_scale)


def _composed(known, sets, recipe, seed, device) -> Classifier:
    adapter = fit(sets[-1], recipe, seed=seed, device=device)
    return Composition((adapter,)) if known is None else known.having(adapter)


def _union(known, sets, recipe, seed, device) -> Classifier:
    return fit(union(sets), recipe, seed=seed, device=device)


def _further(known, sets, recipe, seed, device) -> Classifier:
    """One g for all sets: it goes on from where the last set left it, and acts around the anchors of all."""
    start = None if known is None else (known.image.update, known.text.update)
    trained = drain(train(sets[-1], recipe, seed=seed, device=device, start=start))
    return trained if known is None else _joined(known, trained, recipe)


def _joined(before: LocalizedAdapter, after: LocalizedAdapter, recipe: Recipe) -> LocalizedAdapter:
    image, text = (
        replace(new, anchors=cluster_anchors(torch.cat([old.anchors, new.anchors]), recipe.max_anchors))
        for old, new in ((before.image, after.image), (before.text, after.text))
    )
    statistics = after.statistics
    if statistics is not None and (older := before.statistics) is not None:
        pairs = [(getattr(older, name), getattr(statistics, name)) for name in ("images", "targets", "texts")]
        pairs[1] = pairs[1][0], pairs[1][1] + len(older.texts)
        joined: list[Tensor] = [torch.cat(pair) for pair in pairs]
        statistics = ClassStatistics(*joined, weight=statistics.weight)
    return replace(after, image=image, text=text, statistics=statistics)


def _linear(known, sets, recipe, seed, device) -> Classifier:
    return _further(known, sets, recipe.ablated("linear"), seed, device)


def _rail(known, sets, recipe, seed, device) -> Classifier:
    return rail.learn(known, sets[-1], seed)


LEARNERS = {
    each.name: each
    for each in (
        Learner("clip", "CLIP", "nothing", _clip, by_recipe=False),
        Learner("llu-composed", "LLU, composed", "its adapter", _composed, version=2),
        Learner("llu-union", "LLU on the union", "all its shots, and trains anew", _union),
        Learner("llu-further", "LLU, trained further", "g and the anchors", _further),
        Learner("linear-further", "Linear, trained further", "g", _linear),
        Learner("rail", "RAIL", "its shots, as the regression needs them", _rail, by_recipe=False),
    )
}


def learners_named(names: Sequence[str]) -> list[Learner]:
    """The learners of these names, each once; raises LluError, listing the known ones, for unknown names and none."""
    unknown = [name for name in names if name not in LEARNERS]
    if unknown or not names:
        raise LluError(
            f"unknown method {', '.join(unknown) or '(none)'} of sequences; choose from: {', '.join(LEARNERS)}"
        )
    return [LEARNERS[name] for name in dict.fromkeys(names)]
