"""Another default type of torch, which programs set for reasons of their own, changes nothing that is computed here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.method.fitting import fit, fit_many
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.training import train
from llu_core.method.tuning import tune
from llu_core.steps import drain
from support.synthetic import problem

P = problem(base=5, new=4, shots=5, width=24)
PAPER = replace(RECIPES["paper"], epochs=3)
KINDS = {**RECIPES, "paper": PAPER, "shared": replace(PAPER, shared=True), "linear": PAPER.ablated("linear")}


@contextmanager
def doubles() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("recipe", KINDS.values(), ids=KINDS)
def test_fitting_gives_the_same_to_the_last_bit(recipe: Recipe):
    def logits() -> torch.Tensor:
        return fit(P, recipe).logits(P.test.embeddings, P.class_embeddings)

    expected = logits()  # here, as the last bit also turns on the threads that were set last
    with doubles():
        assert torch.equal(logits(), expected)


@pytest.mark.parametrize("recipe", [RECIPES["fast"], PAPER, PAPER.ablated("linear")], ids=["fast", "paper", "linear"])
def test_training_step_by_step_works_too(recipe: Recipe):
    with doubles():
        adapter = drain(train(P, recipe))
    assert adapter.image.update.weight.dtype == torch.float32


def test_sets_of_several_sizes_tuning_and_arrays_work_too():
    few = P.select_classes(range(3))
    with doubles():
        both = fit_many([P, few], [PAPER], seeds=[0])
        assert [each.image.update.weight.dtype for each in both] == [torch.float32] * 2
        assert tune(P).chosen is not None
        made = FewShotSet.of(P.train.embeddings.tolist(), P.train.labels.tolist(), P.class_embeddings, P.class_names)
        assert made.train.embeddings.dtype == torch.float32


@pytest.mark.parametrize("name", ["picto", "photo"])
def test_the_embedded_models_read_pictures(name: str):
    pixels = np.random.default_rng(0).integers(0, 255, (2, 90, 80, 3), dtype=np.uint8)
    with doubles():
        encoder = OpenClipEncoder.load(name)
        rows = encoder.encode_images([Image.fromarray(each) for each in pixels])
        assert rows.dtype == encoder.encode_texts(["a star"]).dtype == torch.float32
    again = OpenClipEncoder.load(name)
    assert again.identity == encoder.identity
    torch.testing.assert_close(rows, again.encode_images([Image.fromarray(each) for each in pixels]))
