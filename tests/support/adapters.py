"""A small trained adapter, and what it answers to the same pictures every time."""

from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.synthetic import problem, unit_rows

RECIPE = replace(RECIPES["fast"], steps=3)


def trained(*, thumbnails: bool = False, model: str = "toy", **settings: Any) -> TrainedAdapter:
    shots: FewShotSet = replace(problem(width=16), encoder_identity="toy 1", logit_scale=20.0)
    if thumbnails:
        pixels = np.random.default_rng(0).integers(0, 256, (len(shots.train), 8, 8, 3), dtype=np.uint8)
        shots = replace(shots, train=replace(shots.train, thumbnails=pixels))
    recipe = replace(RECIPE, **settings)
    return TrainedAdapter.of(shots, fit(shots, recipe, seed=7), recipe, seed=7, model=model, pictures=thumbnails)


def logits(adapter: TrainedAdapter) -> Tensor:
    return adapter.adapter.logits(unit_rows(5, 16), adapter.class_embeddings)
