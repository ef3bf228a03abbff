"""Training: what it learns, what it keeps, and that every run stands for itself."""

import math
from dataclasses import replace

import pytest
import torch

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import ZeroShotClassifier, accuracy
from llu_core.method.fitting import fit
from llu_core.method.recipes import ABLATIONS, RECIPES, Recipe, recipe
from llu_core.method.training import TrainingStep, train
from support.synthetic import halves, problem, rows, unit_rows

FAST, FULL, PAPER = RECIPES["fast"], RECIPES["full"], RECIPES["paper"]
FIVE_STEPS = replace(FAST, steps=5)


def weights(adapter: LocalizedAdapter) -> list[torch.Tensor]:
    return [
        adapter.image.update.weight,
        adapter.image.update.bias,
        adapter.text.update.weight,
        adapter.text.update.bias,
    ]


def equal(first: LocalizedAdapter, second: LocalizedAdapter) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def of_labels(labels: list[int], *, classes: int | None = None, width: int = 16) -> FewShotSet:
    """Random shots with these labels."""
    count = classes or max(labels) + 1
    return FewShotSet(
        name="uneven",
        class_names=tuple(f"class {k}" for k in range(count)),
        class_embeddings=unit_rows(count, width, seed=1),
        train=rows(unit_rows(len(labels), width, seed=2), torch.tensor(labels), "train"),
        test=LabelledEmbeddings.empty(width),
        base_classes=count,
    )


@pytest.mark.parametrize("name", ["fast", "paper"])
@pytest.mark.parametrize("ablation", ["default", "rand. init"])
def test_the_same_seed_gives_the_same_weights(name: str, ablation: str):
    shots, setting = problem(shots=12), replace(RECIPES[name].ablated(ablation), steps=5)
    assert equal(fit(shots, setting, seed=3), fit(shots, setting, seed=3))
    if name == "paper" or ablation == "rand. init":  # nothing is random in a full batch from the identity
        assert not equal(fit(shots, setting, seed=3), fit(shots, setting, seed=4))


def test_training_neither_uses_nor_moves_the_global_random_numbers():
    before = torch.get_rng_state()
    fit(problem(), replace(PAPER, steps=3, init="random"))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_abandoned_run_leaves_no_trace():
    shots = problem()
    images, texts = shots.train.embeddings.clone(), shots.class_embeddings.clone()
    run = train(shots, FIVE_STEPS)
    next(run)
    next(run)
    run.close()
    assert torch.equal(shots.train.embeddings, images)
    assert torch.equal(shots.class_embeddings, texts)
    assert equal(fit(shots, FIVE_STEPS), fit(problem(), FIVE_STEPS))


def test_two_runs_side_by_side_do_not_disturb_each_other():
    runs = [train(problem(), FIVE_STEPS) for _ in range(2)]
    assert [first == second for first, second in zip(*runs, strict=True)] == [True] * 5


@pytest.mark.parametrize("name", ["fast", "paper"])
def test_the_loss_goes_down_and_the_distance_to_identity_up(name: str):
    steps = list(train(problem(), RECIPES[name]))
    assert steps[-1].loss < steps[0].loss
    assert steps[0].distance_to_identity == 0 < steps[-1].distance_to_identity
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert {step.steps for step in steps} == {len(steps)}


def test_the_first_step_reports_clip():
    shots = problem()
    first: TrainingStep = next(train(shots, FAST))
    logits = ZeroShotClassifier().logits(shots.train.embeddings, shots.class_embeddings[:4])
    assert first.loss == pytest.approx(torch.nn.functional.cross_entropy(logits, shots.train.labels).item(), rel=1e-4)
    assert first.accuracy == pytest.approx(100 * (logits.argmax(1) == shots.train.labels).float().mean().item())


def test_lambda_weighs_the_distance_to_identity():
    free, held = (next(train(problem(), replace(FULL, init="random", lam=lam))) for lam in (0.0, 10.0))
    assert held.loss - free.loss == pytest.approx(10 * held.distance_to_identity, rel=1e-3)


def test_training_improves_the_shots_and_the_test_pictures():
    shots, _ = halves(problem(shots=16, tests=20))
    test = (shots.test.embeddings, shots.test.labels, shots.class_embeddings)
    assert accuracy(fit(shots), *test) > accuracy(ZeroShotClassifier(), *test)


def test_the_mask_keeps_distant_new_classes_and_the_linear_ablation_does_not():
    base, new = halves(problem(width=64, shots=16, tests=10))
    test = (new.test.embeddings, new.test.labels, new.class_embeddings)
    clip, local, linear = ZeroShotClassifier(), fit(base), fit(base, FAST.ablated("linear"))
    before, after = clip.logits(test[0], test[2]), local.logits(test[0], test[2])
    assert torch.equal(after.argmax(1), before.argmax(1))
    assert (after - before).abs().max() < 0.5
    assert (linear.logits(test[0], test[2]) - before).abs().max() > 10
    assert accuracy(linear, *test) < accuracy(clip, *test) - 20
    moved = local.logits(base.train.embeddings, base.class_embeddings)
    assert (moved - clip.logits(base.train.embeddings, base.class_embeddings)).abs().max() > 1


@pytest.mark.parametrize("name", ["fast", "paper"])
def test_one_class_can_be_trained_beside_an_unseen_one(name: str):
    adapter = fit(of_labels([0, 0, 0], classes=2), replace(RECIPES[name], steps=5))
    assert all(weight.isfinite().all() for weight in weights(adapter))
    assert adapter.text.anchors.shape == (1, 16)


def test_one_class_alone_is_refused():
    with pytest.raises(LluError, match="uneven has one class alone, class 'class 0'; add a second one"):
        fit(of_labels([0, 0, 0]))


def test_ablations_with_a_random_start_take_the_steps_of_the_full_recipe():
    for name in ("rand. init", "linear"):
        ablated, full = FAST.ablated(name), FULL.ablated(name)
        assert replace(ablated, name="full") == full
    assert PAPER.ablated("linear").learning_rate == PAPER.learning_rate


def test_one_picture_can_be_trained():
    assert fit(of_labels([0], classes=2), FIVE_STEPS).image.anchors.shape == (1, 16)


def test_classes_may_have_uneven_shots_in_any_order():
    shots = of_labels([2, 0, 2, 1, 2, 2, 0])
    adapter = fit(shots, replace(PAPER, steps=4, batch_size=3))
    assert torch.equal(adapter.image.anchors, shots.train.embeddings)
    assert torch.equal(adapter.text.anchors, shots.class_embeddings)


def test_only_classes_with_shots_take_part():
    shots = of_labels([4, 1, 1, 4], classes=6)
    adapter = fit(shots, FIVE_STEPS)
    assert torch.equal(adapter.text.anchors, shots.class_embeddings[[1, 4]])
    train = replace(shots.train, labels=torch.tensor([1, 0, 0, 1]))
    texts = shots.class_embeddings[[1, 4]]
    without = replace(shots, class_names=("b", "e"), class_embeddings=texts, base_classes=2, train=train)
    assert equal(adapter, fit(without, FIVE_STEPS))


@pytest.mark.parametrize("width", [2, 7, 512])
def test_any_width_can_be_trained(width: int):
    adapter = fit(of_labels([0, 1, 2], width=width), replace(FAST, steps=2))
    assert adapter.width == width
    assert adapter.logits(unit_rows(2, width), unit_rows(5, width)).shape == (2, 5)


def test_thousands_of_classes_can_be_trained():
    adapter = fit(of_labels(list(range(2500)), width=8), replace(FAST, steps=2, batch_size=256))
    assert adapter.image.anchors.shape == adapter.text.anchors.shape == (512, 8)


def test_more_points_than_anchors_are_clustered():
    adapter = fit(problem(), replace(FIVE_STEPS, max_anchors=3))
    assert adapter.image.anchors.shape == adapter.text.anchors.shape == (3, 32)
    assert fit(problem(), replace(FIVE_STEPS, max_anchors=None)).image.anchors.shape == (16, 32)


def test_a_shared_update_is_one_update():
    adapter = fit(problem(), replace(FIVE_STEPS, shared=True))
    assert adapter.shared
    assert adapter.distance_to_identity() == pytest.approx(2 * adapter.image.update.distance_to_identity().item())
    assert not fit(problem(), FIVE_STEPS).shared


def test_the_dirac_mask_trains_all_shots_even_clustered_ones():
    adapter = fit(problem(), replace(FIVE_STEPS, max_anchors=2).ablated("dirac mask"))
    assert adapter.gamma == math.inf
    assert adapter.distance_to_identity() > 0


@pytest.mark.parametrize(
    ("shots", "classes", "epochs"), [(1, 3, 50), (2, 3, 100), (4, 3, 100), (8, 3, 200), (16, 3, 200), (2, 500, 50)]
)
def test_the_paper_recipe_has_coops_epochs(shots: int, classes: int, epochs: int):
    few = of_labels([k for k in range(classes) for _ in range(shots)], width=2)
    assert next(train(few, PAPER)).steps == epochs * math.ceil(shots * classes / 32)


def test_epochs_and_steps_can_be_given():
    assert next(train(problem(shots=20), replace(PAPER, epochs=7))).steps == 7 * 3
    assert next(train(problem(), replace(PAPER, steps=11))).steps == 11


def test_the_paper_recipe_is_sgd_with_momentum_weight_decay_and_a_cosine():
    # with one class that has shots the loss has no gradient, so the weights only decay
    weight, momentum, epochs = 1.0, 0.0, 50
    for epoch in range(epochs):
        rate = 1e-5 if epoch == 0 else 1e-3 * (1 + math.cos(math.pi * (epoch - 1) / epochs))
        momentum = 0.9 * momentum + 5e-4 * weight
        weight -= rate * momentum
    trained = fit(of_labels([0], classes=2), replace(PAPER, lam=0.0)).image.update.weight
    torch.testing.assert_close(1 - trained.diagonal(), torch.full((16,), 1 - weight), rtol=0.01, atol=0)


def test_the_paper_recipe_warms_up_for_one_epoch():
    steps = list(train(problem(), replace(PAPER, lam=0.0, epochs=10)))
    after_warm_up, later = (math.sqrt(step.distance_to_identity) for step in steps[1:3])
    assert later > 100 * after_warm_up > 0


def test_the_ablations_are_settings_and_nothing_else():
    assert {
        "default": {},
        "no cluster": {"max_anchors": None},
        "no damp": {"beta": 1.0},
        "no mask": {"gamma": 0.0},
        "dirac mask": {"gamma": math.inf},
        "no reg": {"lam": 0.0},
        "rand. init": {"init": "random"},
        "linear": {"init": "random", "beta": 1.0, "gamma": 0.0, "lam": 0.0},
    } == ABLATIONS
    for name, changes in ABLATIONS.items():
        assert PAPER.ablated(name) == replace(PAPER, **changes)


def test_both_recipes_have_the_papers_settings():
    for each in (FAST, PAPER):
        assert (each.beta, each.gamma, each.lam, each.max_anchors, each.shared) == (0.5, 20, 1000, 512, False)


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_every_ablation_trains_to_finite_weights(ablation: str):
    adapter = fit(problem(), FIVE_STEPS.ablated(ablation))
    assert all(weight.isfinite().all() for weight in weights(adapter))


def test_the_adapter_needs_no_gradient():
    assert not any(weight.requires_grad for weight in weights(fit(problem(), FIVE_STEPS)))


def test_no_shots_are_refused():
    shots = problem()
    empty = replace(shots, train=shots.train.select([]))
    with pytest.raises(LluError, match="synthetic has no training images; add"):
        fit(empty)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"beta": 2.0}, "beta is 2"),
        ({"gamma": -1.0}, "gamma is -1"),
        ({"lam": -1.0}, "lambda is -1"),
        ({"lam": math.nan}, "lambda is nan"),
        ({"lam": math.inf}, "lambda is inf"),
        ({"init": "zero"}, "choose identity or random"),
        ({"optimizer": "lion"}, "choose adam or sgd"),
    ],
)
def test_settings_out_of_range_are_refused(setting: dict, says: str):
    with pytest.raises(LluError, match=says):
        replace(FAST, **setting)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(LluError, match="choose one of: fast, full, paper"):
        recipe("slow")
    with pytest.raises(LluError, match="choose one of: default, no cluster"):
        FAST.ablated("no luck")
    assert isinstance(recipe("paper"), Recipe)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_trains_to_nearly_the_same_adapter_and_returns_it_on_the_cpu():
    here, there = fit(problem()), fit(problem(), device="cuda")
    assert there.image.anchors.device.type == "cpu"
    for mine, theirs in zip(weights(here), weights(there), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=0)
