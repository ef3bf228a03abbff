"""Fast training: the closed gradient arrives where autograd does, alone or many at once."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.batched import run
from llu_core.method.fitting import fit, fit_many, fit_steps
from llu_core.method.recipes import ABLATIONS, RECIPES, Recipe
from llu_core.method.training import TrainingStep, train
from llu_core.steps import drain
from support.synthetic import problem

FAST, PAPER = RECIPES["fast"], replace(RECIPES["paper"], epochs=6)
FULL = replace(RECIPES["full"], steps=20)


def weights(adapter: LocalizedAdapter) -> list[torch.Tensor]:
    updates = (adapter.image.update, adapter.text.update)
    return [tensor for update in updates for tensor in (update.weight, update.bias)]


def assert_same(found: LocalizedAdapter, expected: LocalizedAdapter, atol: float = 1e-4) -> None:
    for mine, theirs in zip(weights(found), weights(expected), strict=True):
        torch.testing.assert_close(mine, theirs, atol=atol, rtol=0)
    assert (found.beta, found.gamma, found.logit_scale) == (expected.beta, expected.gamma, expected.logit_scale)
    assert torch.equal(found.image.anchors, expected.image.anchors)
    assert torch.equal(found.text.anchors, expected.text.anchors)


def few_in_many_dimensions() -> FewShotSet:
    """Fewer points than dimensions: 12 pictures and 4 texts in 64."""
    return problem(shots=3, width=64)


def many_in_few_dimensions() -> FewShotSet:
    """More points than dimensions: 80 pictures in 16, and a last batch that is not full."""
    return problem(shots=20, width=16)


@pytest.mark.parametrize("shots", [few_in_many_dimensions(), many_in_few_dimensions()], ids=["n < d", "n > d"])
@pytest.mark.parametrize("recipe", [FAST, PAPER, FULL], ids=["fast", "paper", "full"])
@pytest.mark.parametrize("ablation", ABLATIONS)
def test_the_closed_form_arrives_where_autograd_does(shots: FewShotSet, recipe: Recipe, ablation: str):
    setting = recipe.ablated(ablation)
    assert_same(fit(shots, setting, seed=3), drain(train(shots, setting, seed=3)))


def test_the_whole_paper_recipe_arrives_where_autograd_does():
    shots = problem(shots=8, width=48)
    assert_same(fit(shots, RECIPES["paper"]), drain(train(shots, RECIPES["paper"])))


def test_strong_regularisation_and_clustered_anchors_are_followed_too():
    for recipe in (FAST, PAPER, FULL):
        setting = replace(recipe, lam=1e5, max_anchors=3, beta=0.8)
        assert_same(fit(few_in_many_dimensions(), setting), drain(train(few_in_many_dimensions(), setting)))


def test_a_shared_update_is_trained_step_by_step():
    setting = replace(FAST, shared=True)
    assert fit(problem(), setting).shared
    assert_same(fit(problem(), setting), drain(train(problem(), setting)), atol=0)


def test_the_fast_recipe_leaves_what_is_no_class_as_it_is():
    shots = few_in_many_dimensions()
    adapter = fit(shots, FAST)
    trained = shots.class_embeddings[list(shots.seen_classes)]
    of_classes = [shots.train.embeddings[shots.train.labels == k] for k in shots.seen_classes]
    means = [some.mean(dim=0) for rows in of_classes for some in (rows[::2], rows[1::2])]
    span = torch.linalg.qr(torch.cat([trained, torch.stack(means)]).T).Q
    outside = torch.eye(64) - span @ span.T
    for update in (adapter.image.update, adapter.text.update):
        torch.testing.assert_close(update.weight @ outside, outside, atol=1e-5, rtol=0)
        torch.testing.assert_close(outside @ update.bias, torch.zeros(64), atol=1e-5, rtol=0)


@pytest.mark.parametrize("recipe", [FAST, PAPER, FULL.ablated("rand. init")], ids=["fast", "paper", "random"])
def test_many_at_once_are_the_same_as_one_by_one(recipe: Recipe):
    # other sizes, classes, seeds, lambda, beta, gamma: padding must count for nothing
    sets = [problem(base=3 + k, shots=4, seed=k) for k in range(3)] + [problem(shots=4)]
    recipes = [replace(recipe, lam=10.0**k, beta=0.3 + k / 10, gamma=5.0 * k, max_anchors=6) for k in range(4)]
    together = fit_many(sets, recipes, seeds=range(4))
    for k, adapter in enumerate(together):
        assert_same(adapter, fit(sets[k], recipes[k], seed=k), atol=2e-5)


def test_one_set_serves_for_many_seeds_and_keeps_their_order():
    shots = problem(shots=12)  # more than a batch, so that the seed matters
    adapters = fit_many([shots], [PAPER], seeds=[3, 1, 3])
    assert_same(adapters[0], adapters[2], atol=0)
    assert not torch.equal(adapters[0].image.update.weight, adapters[1].image.update.weight)
    assert_same(adapters[1], fit(shots, PAPER, seed=1), atol=2e-5)


def test_different_optimisers_and_steps_may_be_mixed():
    recipes = [FAST, PAPER, replace(FAST, steps=3), replace(FAST, shared=True), FAST.ablated("linear")]
    for recipe, adapter in zip(recipes, fit_many([problem()], recipes, seeds=[1]), strict=True):
        assert_same(adapter, fit(problem(), recipe, seed=1), atol=2e-5)


@pytest.mark.parametrize(
    "recipe",
    [FAST, PAPER, FULL.ablated("rand. init"), replace(FAST, shared=True)],
    ids=["fast", "paper", "random", "one"],
)
def test_steps_tell_what_autograd_has_on_the_way_and_arrive_at_the_same_bits(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run, "TOLD_SECONDS", 0.0)  # so that every step is told
    shots = problem(shots=12)  # a last batch that is not full
    told = []
    adapter = drain(fit_steps(shots, recipe, seed=3), lambda at: told.append((at.step, at.steps, *at.reading())))
    plain: list[TrainingStep] = []
    drain(train(shots, recipe, seed=3), plain.append)
    assert_same(adapter, fit_many([shots], [recipe], seeds=[3])[0], atol=0)
    assert [each[:2] for each in told] == [(each.step, each.steps) for each in plain]
    lam = 0.0 if recipe.shared else recipe.lam  # what autograd trains is told with eq. 6
    expected = torch.tensor([[each.loss - lam * each.distance_to_identity, each.accuracy] for each in plain])
    torch.testing.assert_close(torch.tensor([each[2:] for each in told]), expected, atol=2e-3, rtol=1e-3)


def test_between_two_steps_the_caller_may_compute_gradients(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "TOLD_SECONDS", 0.0)
    for _ in fit_steps(problem(), FAST):
        assert torch.ones(2, requires_grad=True).sum().requires_grad  # the steps' own mode is theirs alone


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(LluError, match="2 sets, 1 recipes, 3 seeds; give K of each"):
        fit_many([problem()] * 2, [FAST], seeds=[1, 2, 3])
    assert fit_many([], [], seeds=[]) == []


def test_no_shots_are_refused():
    shots = problem()
    with pytest.raises(LluError, match="synthetic has no training images; add"):
        fit(replace(shots, train=shots.train.select([])))


def test_a_far_point_gets_the_clip_answer_after_training():
    adapter = fit(problem(width=64)).with_mask(gamma=math.inf)
    points = torch.nn.functional.normalize(torch.randn(4, 64, generator=torch.Generator().manual_seed(0)), dim=1)
    assert torch.equal(adapter.image(points, beta=adapter.beta, gamma=adapter.gamma), points)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("recipe", [FAST, PAPER, FULL], ids=["fast", "paper", "full"])
def test_cuda_replays_to_nearly_the_same_adapters_and_returns_them_on_the_cpu(recipe: Recipe):
    here, there = (fit_many([problem(), problem(seed=1)], [recipe], seeds=[1], device=d) for d in ("cpu", "cuda"))
    for mine, theirs in zip(here, there, strict=True):
        assert theirs.image.anchors.device.type == "cpu"
        assert_same(theirs, mine, atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_threads_that_train_at_once_on_cuda_get_what_one_alone_gets():
    shots = problem(width=64)
    alone = fit(shots, FAST, device="cuda")
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: fit(shots, FAST, device="cuda"), range(12)))
    assert all(
        torch.equal(mine, theirs)
        for each in together
        for mine, theirs in zip(*map(weights, (each, alone)), strict=True)
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_device_memory_of_a_training_serves_the_next_one():
    for _ in range(5):
        fit(problem(width=64), FAST, device="cuda")
    before = torch.cuda.memory_reserved()
    for _ in range(20):
        fit(problem(width=64), FAST, device="cuda")
    assert torch.cuda.memory_reserved() == before
