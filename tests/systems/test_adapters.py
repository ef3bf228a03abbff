"""The adapters on embeddings: CLIP where they have no weight, and what their formulas say elsewhere."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.method.schedule import CoopRecipe
from llu_core.method.statistics.gaussian import shrunk_precision
from llu_core.systems import clip_adapter, rla, tip_adapter
from llu_core.systems.clip_adapter import ClipAdapterRecipe
from llu_core.systems.contract import AnyClasses
from llu_core.systems.frozen import gda_clip
from llu_core.systems.frozen.gda_clip import FittedGda, GdaClassifier, GdaRecipe
from llu_core.systems.registry import CannotAnswer, Material
from llu_core.systems.rla import LinearImageClassifier, RlaRecipe
from llu_core.systems.tip_adapter import CacheClassifier, FittedCache, TipFRecipe, TipRecipe
from support.synthetic import halves, problem, rows, unit_rows

SHOTS = halves(problem(base=5, new=5, shots=4, width=24))[0]
IMAGES = unit_rows(9, 24, seed=1)
TEN_EPOCHS = CoopRecipe(epochs=10)


def material(shots: FewShotSet = SHOTS, *, validation: bool = False, views: torch.Tensor | None = None) -> Material:
    """Validation rows, where asked for, are the set's own test rows."""
    return Material(shots, shots.test if validation else LabelledEmbeddings.empty(shots.width), views)


def logits(fitted, shots: FewShotSet = SHOTS, images: torch.Tensor = IMAGES) -> torch.Tensor:
    return fitted.on(shots).logits(images, shots.class_embeddings)


def clip(shots: FewShotSet = SHOTS, images: torch.Tensor = IMAGES) -> torch.Tensor:
    return shots.logit_scale * (images @ shots.class_embeddings.T)


def loss(fitted, shots: FewShotSet = SHOTS) -> float:
    return float(F.cross_entropy(logits(fitted, shots, shots.train.embeddings), shots.train.labels))


def test_clip_adapter_of_no_share_is_clip():
    fitted = clip_adapter.fit(material(), 1, "cpu", ClipAdapterRecipe(ratio=0.0, optimizer=TEN_EPOCHS))
    assert torch.allclose(logits(fitted), clip(), atol=1e-4)


def test_clip_adapter_is_a_bias_free_bottleneck_mixed_in_by_a_fifth():
    fitted = clip_adapter.fit(material(), 1, "cpu", ClipAdapterRecipe(optimizer=TEN_EPOCHS))
    assert isinstance(fitted, AnyClasses)
    adapter = fitted.classifier
    assert isinstance(adapter, clip_adapter.ClipAdapterClassifier)
    assert adapter.down.shape == (6, 24)
    network = torch.nn.Sequential(
        torch.nn.Linear(24, 6, bias=False), torch.nn.ReLU(), torch.nn.Linear(6, 24, bias=False), torch.nn.ReLU()
    )
    network.load_state_dict({"0.weight": adapter.down, "2.weight": adapter.up})
    mixed = F.normalize(0.2 * network(IMAGES) + 0.8 * IMAGES, dim=1).detach()
    assert torch.allclose(logits(fitted), SHOTS.logit_scale * mixed @ SHOTS.class_embeddings.T, atol=1e-4)
    assert torch.allclose(adapter.images(7.0 * IMAGES), adapter.images(IMAGES), atol=1e-6)


def test_clip_adapter_learns_by_coops_recipe():
    start = clip_adapter.fit(material(), 1, "cpu", ClipAdapterRecipe(optimizer=CoopRecipe(epochs=0)))
    assert loss(clip_adapter.fit(material(), 1, "cpu")) < loss(start)


def test_tip_adapter_without_weight_is_clip():
    assert torch.equal(logits(tip_adapter.fit(material(), 1, "cpu", TipRecipe(alpha=0.0))), clip())


def test_tip_adapter_on_a_case_worked_out_by_hand():
    diagonal = 0.5**0.5
    shots = FewShotSet(
        name="hand",
        class_names=("right", "up"),
        class_embeddings=torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        train=rows(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), torch.tensor([0, 1, 1]), "train"),
        test=LabelledEmbeddings.empty(2),
        base_classes=2,
        logit_scale=10.0,
    )
    found = logits(tip_adapter.fit(material(shots), 1, "cpu", TipRecipe(alpha=2.0, beta=3.0)), shots, torch.eye(2)[:1])
    assert torch.allclose(found, torch.tensor([[10 + 2.0, 2 * 2 * math.exp(-3)]]), atol=1e-5)
    found = logits(
        tip_adapter.fit(material(shots), 1, "cpu", TipRecipe(alpha=1.0, beta=1.0)),
        shots,
        torch.tensor([[diagonal, diagonal]]),
    )
    near, far = math.exp(diagonal - 1), math.exp(-diagonal - 1)
    assert torch.allclose(found, torch.tensor([[10 * diagonal + near, 10 * diagonal + near + far]]), atol=1e-5)


def test_tip_adapters_keys_are_the_mean_of_the_views():
    views = torch.stack([F.normalize(SHOTS.train.embeddings + 0.3 * unit_rows(20, 24, seed=s), dim=1) for s in (1, 2)])
    fitted = tip_adapter.fit(material(views=views), 1, "cpu")
    assert isinstance(fitted, FittedCache)
    assert torch.allclose(fitted.cache.keys, F.normalize(views[0] + views[1], dim=1), atol=1e-6)


def test_blocks_of_images_change_nothing(monkeypatch: pytest.MonkeyPatch):
    whole = logits(tip_adapter.fit(material(), 1, "cpu"))
    monkeypatch.setattr(tip_adapter, "_BLOCK", 2 * len(SHOTS.train))
    assert torch.allclose(logits(tip_adapter.fit(material(), 1, "cpu")), whole, atol=1e-5)


def test_the_search_takes_the_first_best_of_the_published_grid():
    recipe = TipRecipe(beta_steps=6, alpha_steps=4)
    betas, alphas = recipe.grid("oxford_flowers")
    assert betas[0] == alphas[0] == 0.1
    assert betas[1] == pytest.approx(0.1 + 49.9 / 6)
    assert recipe.grid("anything")[0][-1] == pytest.approx(0.1 + 6.9 * 5 / 6)
    given = material(validation=True)
    fitted = tip_adapter.fit(given, 1, "cpu", recipe)
    assert isinstance(fitted, FittedCache)
    hits = {}
    for beta in recipe.grid(SHOTS.name)[0]:
        for alpha in recipe.grid(SHOTS.name)[1]:
            cache = CacheClassifier(SHOTS.train.embeddings, SHOTS.train.labels, alpha, beta, SHOTS.logit_scale)
            guess = cache.logits(SHOTS.test.embeddings, SHOTS.class_embeddings).argmax(dim=1)
            hits[beta, alpha] = int((guess == SHOTS.test.labels).sum())
    assert (fitted.cache.beta, fitted.cache.alpha) == max(hits, key=lambda pair: hits[pair])


def test_the_cache_answers_for_a_part_of_its_classes_in_another_order():
    fitted = tip_adapter.fit(material(), 1, "cpu")
    some = SHOTS.select_classes([1, 3])
    turned = replace(
        some, class_names=some.class_names[::-1], class_embeddings=some.class_embeddings.flip(0), base_classes=2
    )
    assert torch.allclose(logits(fitted, turned), logits(fitted)[:, [3, 1]], atol=1e-5)


@pytest.mark.parametrize("fit", [tip_adapter.fit, tip_adapter.fit_trained])
def test_the_cache_has_no_answer_for_classes_without_shots(fit):
    new = halves(problem(base=5, new=5, shots=4, width=24))[1]
    with pytest.raises(CannotAnswer, match=r"has none of 'class 5' \(and 4 more\)"):
        fit(material(), 1, "cpu").on(new)


def test_training_the_keys_lowers_the_loss_from_where_tip_adapter_starts():
    start = tip_adapter.fit(material(), 1, "cpu", TipRecipe(alpha=1.0, beta=1.0))
    trained = tip_adapter.fit_trained(material(), 1, "cpu")
    assert loss(trained) < loss(start)
    assert torch.equal(logits(trained), logits(tip_adapter.fit_trained(material(), 1, "cpu")))


def test_tip_adapter_f_untrained_is_tip_adapter():
    untrained = tip_adapter.fit_trained(material(), 1, "cpu", TipFRecipe(cache=TipRecipe(), epochs=0))
    assert torch.equal(logits(untrained), logits(tip_adapter.fit(material(), 1, "cpu")))


def test_rla_with_infinite_lambda_stays_clip():
    fitted = rla.fit(material(), 1, "cpu", RlaRecipe(lam=math.inf))
    assert torch.allclose(logits(fitted), clip(), atol=1e-4)


def test_rla_is_held_nearer_to_the_identity_by_a_larger_lambda():
    def distance(lam: float | None) -> float:
        fitted = rla.fit(material(), 1, "cpu", RlaRecipe(lam=lam, steps=100, learning_rate=1e-3))
        assert isinstance(fitted, AnyClasses)
        assert isinstance(fitted.classifier, LinearImageClassifier)
        return float((fitted.classifier.weight - torch.eye(24)).square().sum())

    assert 0 < distance(100.0) < distance(1.0) < distance(0.0)
    assert distance(None) == distance(1 / 4)  # one over the shots


def test_rlas_steps_are_those_of_its_loss():
    recipe = RlaRecipe(steps=3, learning_rate=1e-2, lam=0.5)
    fitted = rla.fit(material(), 1, "cpu", recipe)
    layer = torch.nn.Linear(24, 24, bias=False)
    torch.nn.init.eye_(layer.weight)
    optimizer = torch.optim.Adam(layer.parameters(), lr=1e-2, eps=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 3)
    for _ in range(3):
        predicted = SHOTS.logit_scale * F.normalize(layer(SHOTS.train.embeddings), dim=1) @ SHOTS.class_embeddings.T
        penalty = (layer.weight - torch.eye(24)).pow(2).sum()
        optimizer.zero_grad()
        (F.cross_entropy(predicted, SHOTS.train.labels) + 0.5 * penalty).backward()
        optimizer.step()
        schedule.step()
    expected = SHOTS.logit_scale * F.normalize(layer(IMAGES), dim=1) @ SHOTS.class_embeddings.T
    assert torch.allclose(logits(fitted), expected.detach(), atol=1e-3)


def test_rla_chooses_rate_and_lambda_on_validation():
    recipe = RlaRecipe(search=True, learning_rates=(1e-6, 1e-2), lams=(10.0, 0.0), steps=50)
    pairs = [(rate, lam) for rate in recipe.learning_rates for lam in recipe.lams]
    settings = [replace(recipe, learning_rate=rate, lam=lam) for rate, lam in pairs]
    right = [
        int((logits(fitted, SHOTS, SHOTS.test.embeddings).argmax(dim=1) == SHOTS.test.labels).sum())
        for fitted in (rla.fit(material(), 1, "cpu", setting) for setting in settings)
    ]
    best = rla.fit(material(), 1, "cpu", settings[right.index(max(right))])
    assert len(set(right)) > 1
    assert torch.equal(logits(rla.fit(material(validation=True), 1, "cpu", recipe)), logits(best))


def test_the_discriminant_head_is_scikit_learns_where_the_covariance_is_the_same():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    shots = halves(problem(base=4, new=1, shots=30, width=8, seed=3))[0]
    fitted = gda_clip.fit(material(shots), 1, "cpu")
    images, labels = shots.train.embeddings.numpy(), shots.train.labels.numpy()
    model = LinearDiscriminantAnalysis(solver="lsqr").fit(images, labels)
    covariance = torch.from_numpy(model.covariance_).float()  # unshrunk, mean of the classes' own
    assert isinstance(fitted, FittedGda)
    head = GdaClassifier.of(fitted.means, torch.linalg.inv(covariance), 1.0, shots.logit_scale).head_logits(
        IMAGES[:, :8]
    )
    expected = torch.from_numpy(model.decision_function(IMAGES[:, :8].numpy())).float()
    assert torch.allclose(head, expected, rtol=1e-3, atol=1e-2)


def test_the_precision_is_the_published_shrinkage():
    centred = unit_rows(6, 10, seed=2)
    centred = centred - centred.mean(dim=0)
    covariance = centred.T.cov()
    expected = 10 * torch.linalg.pinv(5 * covariance + covariance.trace() * torch.eye(10))
    assert torch.allclose(shrunk_precision(centred), expected, rtol=1e-3, atol=1e-4)
    assert not shrunk_precision(torch.zeros(4, 10)).any()


def test_gda_clip_of_no_weight_is_clip():
    assert torch.equal(logits(gda_clip.fit(material(), 1, "cpu", GdaRecipe(weight=0.0))), clip())


def test_gda_clip_chooses_its_weight_on_validation():
    texts = replace(SHOTS, class_embeddings=SHOTS.class_embeddings.roll(1, 0))  # texts that mislead
    fitted = gda_clip.fit(material(texts, validation=True), 1, "cpu")
    assert isinstance(fitted, FittedGda)
    assert fitted.weight >= 1.0


def test_a_class_without_shots_gets_a_pseudo_mean():
    whole = problem(base=5, new=5, shots=4, width=24)
    base, new = halves(whole)
    fitted = gda_clip.fit(material(base), 1, "cpu", GdaRecipe(neighbours=3, text_copies=2))
    assert isinstance(fitted, FittedGda)
    text = new.class_embeddings[0]
    nearest = sorted(base.train.embeddings, key=lambda image: -float(image @ text))[:3]
    expected = torch.stack([*nearest, text, text]).mean(dim=0)
    assert torch.allclose(fitted.on(new).means[0], expected, atol=1e-6)
    together = fitted.on(replace(whole, base_classes=5)).means
    assert torch.allclose(together[:5], fitted.on(base).means)


def test_gda_takes_every_view_as_a_sample():
    views = SHOTS.train.embeddings[None] + 0.2 * torch.stack([unit_rows(20, 24, seed=s) for s in (1, 2, 3)])
    fitted = gda_clip.fit(material(views=views), 1, "cpu")
    assert isinstance(fitted, FittedGda)
    of_first = SHOTS.train.labels == 0
    assert torch.allclose(fitted.means[0], views[:, of_first].mean(dim=(0, 1)), atol=1e-6)
