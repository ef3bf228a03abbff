"""Everything that decides the rows of a cell, as JSON values: its key is made of it, and a report reads from it."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from llu_core.data.features import Drawn, Features
from llu_core.data.fewshot import FewShotSet
from llu_core.evaluation.protocols import LoadEncoder
from llu_core.evaluation.results import ROW_TYPES, columns_of
from llu_core.evaluation.timing.sizes import Sizes
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.systems.registry import System

MEANING = 1
"""Of what the protocols ask and how it is scored; to be raised whenever the same cell would get other numbers."""


@dataclass(frozen=True)
class Setting:
    """How to run, the same for every cell. views: augmented views per training picture; load_encoder: makes the model
    that the pictures were embedded with, None where there were none; sizes: over which a pass is timed; predictions:
    whether rows carry the answer to every picture."""

    recipe: Recipe = RECIPES["fast"]
    device: str = "cpu"
    views: int = 0
    load_encoder: LoadEncoder | None = None
    sizes: Sizes = field(default_factory=Sizes)
    predictions: bool = False


def configuration(
    protocol: str, source: Features, targets: Mapping[str, str], system: System, setting: Setting
) -> dict[str, Any]:
    """What is the same for every draw; targets: their names and fingerprints.

    encoder and templates are null where nobody knows them: a feature bundle need not say what embedded it; listed is
    null where shots are drawn at random.
    """
    problem = source.problem
    return {
        "protocol": protocol,
        "source": problem.name,
        "method": system.name,
        "meaning": MEANING,
        "system": plain(system.identity),
        "encoder": problem.encoder_identity or problem.encoder_name or None,
        "templates": list(problem.templates) if problem.templates_known else None,
        "problem": fingerprint(problem, controls=protocol in ("base-to-new", "ablation")),
        "listed": source.listed or None,
        "targets": dict(targets),
        "device": torch.device(setting.device).type,
        "columns": list(columns_of(ROW_TYPES[protocol])),
    }


def plain(value: Any) -> Any:
    """The same in what JSON has: it knows no infinite numbers, of which a Dirac mask has one."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def of_draw(drawn: Drawn | None, shots: int, seed: int) -> dict[str, Any]:
    """What a draw adds; None where it could not be drawn. views: as many as there are of every training picture."""
    views = 0 if drawn is None or drawn.views is None else len(drawn.views)
    return {"shots": shots, "seed": seed, "views": views, "drawn": "" if drawn is None else _of_rows(drawn)}


def fingerprint(problem: FewShotSet, *, controls: bool = False) -> str:
    """Of the classes and everything that is asked about them; controls: those too."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\0".join((problem.encoder_identity, *problem.class_names)).encode(errors="replace"))
    digest.update(f"{problem.base_classes} {problem.logit_scale}".encode())
    tensors = [problem.class_embeddings, problem.test.embeddings, problem.test.labels]
    for control in problem.controls if controls else ():
        digest.update("\0".join(control.class_names).encode(errors="replace"))
        tensors += [control.class_embeddings, control.pictures.embeddings, control.pictures.labels]
    return _digested(digest, tensors)


def _of_rows(drawn: Drawn) -> str:
    """A fingerprint of the shots, their order included, the validation rows and the views."""
    tensors = [drawn.problem.train.embeddings, drawn.problem.train.labels]
    tensors += [drawn.validation.embeddings, drawn.validation.labels]
    return _digested(hashlib.blake2b(digest_size=16), tensors if drawn.views is None else [*tensors, drawn.views])


def _digested(digest: "hashlib.blake2b", tensors: Iterable[Tensor]) -> str:
    for tensor in tensors:
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
