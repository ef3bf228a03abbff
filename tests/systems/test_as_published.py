"""What the compared systems do as their official code does it, each beside a plain version of that step."""

from dataclasses import replace

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.method.schedule import COOP, CoopRecipe
from llu_core.systems import linear_probe, rla, tip_adapter, wise_ft
from llu_core.systems.contract import FittedHead
from llu_core.systems.descent import descend
from llu_core.systems.frozen import gda_clip
from llu_core.systems.frozen.gda_clip import FittedGda, GdaClassifier, precision_around
from llu_core.systems.linear_probe import LinearProbeRecipe
from llu_core.systems.registry import SYSTEMS, Material
from llu_core.systems.tip_adapter import FittedCache, TipFRecipe
from llu_core.systems.wise_ft import WiseFtRecipe
from support.synthetic import halves, problem, unit_rows

SHOTS, NEW = halves(problem(base=5, new=5, shots=4, width=24))


def material(shots=SHOTS, *, validation: bool = False, views: torch.Tensor | None = None) -> Material:
    return Material(shots, shots.test if validation else LabelledEmbeddings.empty(shots.width), views)


def some_views(count: int, spread: float = 0.3) -> torch.Tensor:
    images = SHOTS.train.embeddings
    return torch.stack(
        [F.normalize(images + spread * unit_rows(len(images), 24, seed), dim=1) for seed in range(count)]
    )


@pytest.mark.parametrize(("batch_size", "seen"), [(8, [8, 8]), (20, [20]), (32, [20])])
def test_coops_recipe_drops_a_smaller_last_batch(batch_size: int, seen: list[int]):
    weight, sizes = torch.zeros(1, requires_grad=True), []

    def gradients(images: torch.Tensor, targets: torch.Tensor) -> list[torch.Tensor]:
        sizes.append(len(images))
        return [torch.zeros(1)]

    recipe = replace(COOP, batch_size=batch_size, epochs=3)
    descend([weight], gradients, material(), recipe, torch.Generator(), "cpu")
    assert sizes == 3 * seen
    sizes.clear()
    descend(
        [weight], gradients, material(), CoopRecipe(batch_size=8, epochs=1, drop_last=False), torch.Generator(), "cpu"
    )
    assert sizes == [8, 8, 4]


@pytest.mark.parametrize(("name", "alpha"), [("oxford_flowers", 10.0), ("food101", 1.17), ("mine", 1.17)])
def test_tip_adapter_f_starts_with_the_alpha_of_its_data_set(name: str, alpha: float):
    fitted = tip_adapter.fit_trained(material(replace(SHOTS, name=name)), 1, "cpu", TipFRecipe(epochs=0))
    assert isinstance(fitted, FittedCache)
    assert (fitted.cache.alpha, fitted.cache.beta) == (alpha, 1.0)


def test_tip_adapter_f_trains_five_times_as_long_on_eurosat(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tip_adapter.START_ALPHA, "eurosat", 1.17)

    def keys(name: str, epochs: int) -> torch.Tensor:
        fitted = tip_adapter.fit_trained(material(replace(SHOTS, name=name)), 1, "cpu", TipFRecipe(epochs=epochs))
        assert isinstance(fitted, FittedCache)
        return fitted.cache.keys

    assert torch.equal(keys("eurosat", 20), keys("mine", 100))


def test_wise_ft_is_a_linear_layer_with_the_scale_in_its_weights_a_bias_and_clipped_gradients():
    recipe = WiseFtRecipe(factor=1.0, learning_rate=1e-2, epochs=3, warm_up=1)
    fitted = wise_ft.fit(material(), 1, "cpu", recipe)
    layer = torch.nn.Linear(24, 5)
    layer.load_state_dict({"weight": SHOTS.logit_scale * SHOTS.class_embeddings, "bias": torch.zeros(5)})
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-2, weight_decay=0.1)
    for rate in (1e-2, 1e-2, 0.5e-2):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        F.cross_entropy(layer(SHOTS.train.embeddings), SHOTS.train.labels).backward()
        torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        optimizer.step()
    assert isinstance(fitted, FittedHead)
    assert torch.allclose(fitted.rows, layer.weight, atol=1e-4)
    assert torch.allclose(fitted.bias, layer.bias, atol=1e-5)


def test_wise_ft_warms_up_for_500_steps_however_short_the_training():
    assert wise_ft._rate(wise_ft.PUBLISHED, 9, 10) == pytest.approx(1e-5 * 10 / 500)
    assert wise_ft._rate(wise_ft.PUBLISHED, 500, 1000) == 1e-5


def test_rla_takes_the_official_settings_of_base_to_new_and_knows_the_grid_of_few_shot():
    recipe = rla.PUBLISHED
    plain, validated = (rla.fit(material(validation=each), 1, "cpu") for each in (False, True))
    asked = [each.on(SHOTS).logits(SHOTS.test.embeddings, SHOTS.class_embeddings) for each in (plain, validated)]
    assert torch.equal(*asked)
    assert (recipe.learning_rate, recipe.epsilon, recipe.steps) == (1e-5, 1e-4, 300)
    assert (recipe.learning_rates[0], recipe.learning_rates[-1], len(recipe.learning_rates)) == (1e-2, 1e-8, 7)
    assert (recipe.lams[0], recipe.lams[-1], len(recipe.lams)) == (10.0, 0.0, 7)


def test_gda_clips_precision_of_new_classes_is_the_mean_of_the_estimates_around_their_texts():
    fitted = gda_clip.fit(material(), 1, "cpu")
    assert isinstance(fitted, FittedGda)
    images, estimates = SHOTS.train.embeddings, []
    count = min(64, len(images))
    for text in NEW.class_embeddings:
        away = images[(images @ text).topk(count).indices] - text
        covariance = away.T @ away / (count - 1)
        estimates.append(24 * torch.linalg.pinv((count - 1) * covariance + covariance.trace() * torch.eye(24)))
    expected = torch.stack(estimates).mean(dim=0)
    nearest = torch.stack([images[(images @ text).topk(count).indices] for text in NEW.class_embeddings])
    assert torch.allclose(precision_around(NEW.class_embeddings, nearest), expected, rtol=1e-3, atol=1e-3)
    classifier = fitted.on(NEW)
    of_hand = GdaClassifier.of(classifier.means, expected, 0.1, SHOTS.logit_scale)
    assert torch.allclose(classifier.head_logits(images), of_hand.head_logits(images), rtol=1e-3, atol=1e-2)


def test_gda_clip_takes_the_pseudo_inverse_of_the_mean_class_covariance_of_its_views():
    views = some_views(40)
    fitted = gda_clip.fit(material(views=views), 1, "cpu")
    assert isinstance(fitted, FittedGda)
    rows, labels = views.flatten(0, 1), SHOTS.train.labels.repeat(40)
    mean = torch.stack([rows[labels == label].T.cov() for label in range(5)]).mean(dim=0)
    assert torch.allclose(fitted.precision @ mean, torch.eye(24), atol=1e-2)


def test_gda_clip_looks_for_neighbours_among_all_views():
    views = some_views(3)
    fitted = gda_clip.fit(material(views=views), 1, "cpu", gda_clip.GdaRecipe(neighbours=4, text_copies=0))
    assert isinstance(fitted, FittedGda)
    rows, text = views.flatten(0, 1), NEW.class_embeddings[0]
    assert torch.allclose(fitted.on(NEW).means[0], rows[(rows @ text).topk(4).indices].mean(dim=0), atol=1e-6)


def test_gda_clip_asks_old_and_new_classes_together_under_one_precision():
    both = replace(problem(base=5, new=5, shots=4, width=24), base_classes=5)
    fitted = gda_clip.fit(material(), 1, "cpu")
    assert isinstance(fitted, FittedGda)
    classifier = fitted.on(both)
    assert torch.allclose(classifier.rows, classifier.means @ fitted.precision, atol=1e-5)


def test_the_linear_probe_halves_the_interval_around_the_best_power_of_ten():
    shots, powers = problem(base=5, new=5, shots=4, width=24, tests=20).select_classes(range(5)), (1e2, 1.0, 1e-2)
    recipe = LinearProbeRecipe(candidates=powers, halvings=3)

    def asked(strength: float) -> tuple[int, torch.Tensor]:
        model = LogisticRegression(C=strength, max_iter=1000)
        model.fit(shots.train.embeddings.numpy(), shots.train.labels.numpy())
        guess = torch.from_numpy(model.predict(shots.test.embeddings.numpy()))
        return int((guess == shots.test.labels).sum()), torch.from_numpy(model.coef_).float()

    low = max(powers, key=lambda power: asked(power)[0]) / 10
    high, best = 100 * low, torch.empty(0)
    for _ in range(3):
        (left, below), (right, above) = asked(low), asked(high)
        middle = (low * high) ** 0.5
        best, low, high = (above, middle, high) if left < right else (below, low, middle)
    fitted = linear_probe.fit(Material(shots, shots.test), 1, "cpu", recipe)
    assert isinstance(fitted, FittedHead)
    assert torch.allclose(fitted.rows, best, atol=1e-4)


@pytest.mark.parametrize(
    "system", [each for each in SYSTEMS.values() if each.name != "clip"], ids=lambda each: each.name
)
def test_every_system_says_where_it_departs_from_the_published_code(system):
    assert system.deviations.endswith(".")
    assert len(system.deviations) > 40
