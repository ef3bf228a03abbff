"""The cells of a sequence: one per learner and draw."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import torch

from llu_core.data.features import Features, without_thumbnails
from llu_core.errors import LluError
from llu_core.evaluation.configuration import MEANING, Setting, fingerprint, of_draw, plain
from llu_core.evaluation.results import columns_of
from llu_core.evaluation.runner import Cell, Task
from llu_core.evaluation.sequence.protocol import SequenceTrial, run_sequence, source_of
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.systems.composed.learners import Learner, learners_named

SEQUENCE_SETS = ("picto:sketched-shapes", "picto:sketched-textures", "picto:new-words", "picto:digits")
"""What the embedded model finds hard and new: of the plain sets it knows all before."""


def sequence_cells(
    features: Sequence[Features], learners: Sequence[str], draws: Sequence[tuple[int, int]], setting: Setting
) -> list[Cell]:
    """features: of the sets, in the order of learning; draws: pairs (shots, seed)."""
    made, about = [], _about(features, setting)
    for shots, seed in draws:
        drawn = {"shots": shots, "seed": seed, "views": 0, "drawn": _drawn_as(features, shots, seed)}
        for learner in learners_named(learners):
            prepare = partial(_prepare, features, learner.name, shots, seed, setting)
            made.append(Cell(about | _of_learner(learner, setting) | drawn, prepare))
    return made


def _about(features: Sequence[Features], setting: Setting) -> dict[str, Any]:
    problems = [each.problem for each in features]
    encoders = {each.encoder_identity or each.encoder_name for each in problems}
    templates = list(problems[0].templates) if all(each.templates_known for each in problems) else None
    of_sets = {each.name: fingerprint(each, controls=True) for each in problems}
    together = "\0".join(f"{name} {digest}" for name, digest in of_sets.items())
    return {
        "protocol": "sequence",
        "source": source_of(tuple(each.name for each in problems)),
        "meaning": MEANING,
        "encoder": ", ".join(sorted(encoders)) if "" not in encoders else None,
        "templates": templates,
        "problem": hashlib.blake2b(together.encode(errors="replace"), digest_size=16).hexdigest(),
        "listed": [each.listed or None for each in features] if any(each.listed for each in features) else None,
        "targets": of_sets,
        "device": torch.device(setting.device).type,
        "columns": list(columns_of(SequenceRow)),
    }


def _of_learner(learner: Learner, setting: Setting) -> dict[str, Any]:
    settings = plain(asdict(setting.recipe)) if learner.by_recipe else None
    return {"method": learner.name, "system": {"settings": settings, "version": learner.version}}


def _drawn_as(features: Sequence[Features], shots: int, seed: int) -> str:
    try:
        return " ".join(str(of_draw(each.draw(shots, seed), shots, seed)["drawn"]) for each in features)
    except LluError:
        return ""  # the cells say it themselves when they are prepared, each by its name


def _prepare(features: Sequence[Features], learner: str, shots: int, seed: int, setting: Setting) -> Task:
    sets = tuple(without_thumbnails(each.draw(shots, seed).problem) for each in features)
    return partial(run_sequence, SequenceTrial(learner, shots, seed, sets, setting.recipe, setting.device))
