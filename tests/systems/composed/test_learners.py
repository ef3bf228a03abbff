"""Systems that learn one set after the other."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import ZeroShotClassifier
from llu_core.method.composition.composition import Composition
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.training import train
from llu_core.steps import drain
from llu_core.systems.composed import rail
from llu_core.systems.composed.learners import LEARNERS, learners_named
from llu_core.systems.composed.merging import union, with_common_texts
from support.synthetic import halves, problem

FAST = RECIPES["fast"]


def named(seed: int, prefix: str):
    base, _ = halves(problem(seed=seed))
    return replace(base, name=prefix, class_names=tuple(f"{prefix} {name}" for name in base.class_names))


SETS = [named(5, "a"), named(50, "b")]


def test_classes_of_one_name_are_one_class_with_the_first_text():
    shared = replace(SETS[1], class_names=("a class 2", *SETS[1].class_names[1:]))
    one = union([SETS[0], shared])
    assert one.class_names == (*SETS[0].class_names, *SETS[1].class_names[1:])
    assert torch.equal(one.class_embeddings[2], SETS[0].class_embeddings[2])
    assert one.shots_per_class.tolist() == [4, 4, 8, 4, 4, 4, 4]
    _, second = with_common_texts([SETS[0], shared])
    assert torch.equal(second.class_embeddings[0], SETS[0].class_embeddings[2])
    assert torch.equal(second.class_embeddings[1], SETS[1].class_embeddings[1])


def test_every_learner_learns_set_after_set_and_is_a_classifier():
    for learner in LEARNERS.values():
        state = None
        for step in (1, 2):
            state = learner.learn(state, SETS[:step], FAST, 1, "cpu")
        logits = state.logits(SETS[1].test.embeddings, union(SETS).class_embeddings)
        assert logits.shape == (len(SETS[1].test), 8)
        assert logits.isfinite().all()
    with pytest.raises(LluError, match="unknown method llu of sequences; choose from: clip, llu-composed"):
        learners_named(["llu"])


def test_the_composed_one_has_the_adapters_of_each_set_and_the_union_all_shots():
    composed = None
    for step in (1, 2):
        composed = LEARNERS["llu-composed"].learn(composed, SETS[:step], FAST, 1, "cpu")
    assert isinstance(composed, Composition)
    for member, each in zip(composed.members, SETS, strict=True):
        assert torch.equal(member.image.update.weight, fit(each, FAST, seed=1).image.update.weight)
    together = LEARNERS["llu-union"].learn(composed, SETS, FAST, 1, "cpu")
    assert isinstance(together, LocalizedAdapter)
    assert len(together.image.anchors) == sum(len(each.train) for each in SETS)


@pytest.mark.parametrize("recipe", ["fast", "full", "best"])
def test_training_goes_on_from_a_start(recipe: str):
    short = replace(RECIPES[recipe], steps=3)
    first = drain(train(SETS[0], short, seed=1))
    updates = first.image.update, first.text.update
    step = next(train(SETS[0], short, seed=1, start=updates))
    assert step.distance_to_identity == pytest.approx(first.distance_to_identity(), rel=1e-4)
    assert step.loss < next(train(SETS[0], short, seed=1)).loss
    further = LEARNERS["llu-further"].learn(first, SETS, short, 1, "cpu")
    assert isinstance(further, LocalizedAdapter)
    assert torch.equal(further.image.anchors[: len(SETS[0].train)], first.image.anchors)
    assert len(further.text.anchors) == 8
    if further.statistics is not None:
        assert further.statistics.targets.max() == 7


def test_rail_is_the_recursive_ridge_regression(monkeypatch: pytest.MonkeyPatch):
    """The recursion of the paper, Theorem 1, in the expanded space."""
    monkeypatch.setattr(rail, "HIDDEN", 40)
    known, R, W = None, torch.eye(40).double() / rail.REGULARISATION, torch.zeros(40, 0).double()
    for each in SETS:
        known = rail.learn(known, each, 1)
        x = (each.train.embeddings @ known.expansion.T).relu().double()
        y = F.one_hot(W.shape[1] + each.train.labels, W.shape[1] + len(each.class_names)).double()
        W = torch.cat([W, torch.zeros(40, len(each.class_names)).double()], dim=1)
        R = R - R @ x.T @ torch.linalg.inv(torch.eye(len(x)).double() + x @ R @ x.T) @ x @ R
        W = W + R @ x.T @ (y - x @ W)
    assert known is not None
    asked = SETS[0].test.embeddings
    regression = ((asked @ known.expansion.T).relu().double() @ W).float()
    texts = union(SETS).class_embeddings
    clip = ZeroShotClassifier().logits(asked, texts).softmax(dim=1)
    assert torch.allclose(known.logits(asked, texts), 0.1 * clip + 0.9 * regression, atol=1e-4)


def test_rail_leaves_to_clip_what_clip_takes_for_something_else():
    known = rail.learn(None, SETS[0], 1)
    asked, texts = SETS[1].test.embeddings, union(SETS).class_embeddings
    clip = ZeroShotClassifier().logits(asked, texts).softmax(dim=1)
    unseen = clip.argmax(dim=1) >= 4
    assert 0 < unseen.sum() < len(asked)
    assert torch.equal(known.logits(asked, texts)[unseen], clip[unseen])
    assert not torch.equal(known.logits(asked, texts)[~unseen], clip[~unseen])
