"""Prompt learners: they start as zero-shot CLIP, follow their rules, and answer for names they never saw."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.encoders import text_tower
from llu_core.encoders.cache import CachedEncoder
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.encoders.text_tower import TextTower
from llu_core.errors import LluError
from llu_core.method.schedule import CoopRecipe
from llu_core.systems import cocoop, coop, prograd
from llu_core.systems.cocoop import CocoopRecipe
from llu_core.systems.coop import CoopPromptRecipe, FittedContext
from llu_core.systems.prograd import ProgradRecipe, agreeing
from llu_core.systems.registry import Material
from support.synthetic import problem, rows, unit_rows
from support.toy_encoder import ToyEncoder

NAMES = ("cat", "fire truck", "old oak tree", "spoon")
NO_STEPS, TWO_EPOCHS = CoopRecipe(epochs=0), CoopRecipe(epochs=2, batch_size=4)


@pytest.fixture(scope="module", params=["tiny", "picto"])
def encoder(request: pytest.FixtureRequest, tiny_model: str) -> OpenClipEncoder:
    return OpenClipEncoder.load(tiny_model if request.param == "tiny" else "picto", device="cpu")


@pytest.fixture(scope="module")
def tiny(tiny_model: str) -> OpenClipEncoder:
    return OpenClipEncoder.load(tiny_model, device="cpu")


def material(
    encoder: OpenClipEncoder, names: tuple[str, ...] = NAMES, *, template: str = "a photo of a {}."
) -> Material:
    """Random images, two per class, and the model's own texts."""
    labels = torch.arange(len(names)).repeat(2)
    shots = FewShotSet(
        name="names",
        class_names=names,
        class_embeddings=class_embeddings(encoder, names, (template,)),
        train=rows(unit_rows(len(labels), encoder.width, seed=3), labels, "train"),
        test=LabelledEmbeddings.empty(encoder.width),
        base_classes=len(names),
        logit_scale=encoder.logit_scale,
        templates=(template,),
    )
    return Material(shots, LabelledEmbeddings.empty(encoder.width), encoder=encoder)


def logits(fitted, given: Material, images: torch.Tensor) -> torch.Tensor:
    return fitted.on(given.shots).logits(images, given.shots.class_embeddings)


def zero_shot(given: Material, images: torch.Tensor) -> torch.Tensor:
    return given.shots.logit_scale * images @ given.shots.class_embeddings.T


def test_coop_before_its_first_step_is_clip_with_its_words(encoder: OpenClipEncoder):
    given, images = material(encoder), unit_rows(6, encoder.width, seed=4)
    fitted = coop.fit(given, 1, "cpu", CoopPromptRecipe(optimizer=NO_STEPS))
    assert torch.allclose(logits(fitted, given, images), zero_shot(given, images), atol=1e-4)


def test_coop_learns_the_context_and_nothing_else(encoder: OpenClipEncoder):
    given = material(encoder)
    before = {name: value.clone() for name, value in encoder.model.state_dict().items()}
    hot = CoopRecipe(epochs=12, learning_rate=0.05)
    start, end = (coop.fit(given, 1, "cpu", CoopPromptRecipe(optimizer=each)) for each in (NO_STEPS, hot))
    shots = given.shots
    losses = [
        F.cross_entropy(logits(fitted, given, shots.train.embeddings), shots.train.labels) for fitted in (start, end)
    ]
    assert losses[1] < losses[0]
    assert all(torch.equal(value, before[name]) for name, value in encoder.model.state_dict().items())
    assert not any(parameter.grad is not None for parameter in encoder.model.parameters())


def test_the_gradient_of_the_context_is_that_of_finite_differences(tiny: OpenClipEncoder):
    tower = TextTower.of(tiny)
    prompts = coop.class_prompts(tower, "a photo of a", NAMES, 4)
    direction = unit_rows(4, tower.width, seed=6)

    def loss(context: torch.Tensor) -> torch.Tensor:
        return (tower.encode(prompts, context[None])[0] * unit_rows(len(NAMES), tiny.width, seed=7)).sum()

    context = prompts.context.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(context), context)
    step = 1e-3
    with torch.no_grad():
        slope = (loss(context + step * direction) - loss(context - step * direction)) / (2 * step)
    assert torch.isclose((gradient * direction).sum(), slope, rtol=0.02, atol=1e-4)


def test_the_learned_context_stands_before_names_it_never_saw(encoder: OpenClipEncoder):
    trained = coop.fit(material(encoder), 1, "cpu", CoopPromptRecipe(optimizer=TWO_EPOCHS))
    other = material(encoder, ("zebra", "tin can"))
    images = unit_rows(3, encoder.width, seed=8)
    both = material(encoder, ("tin can", "cat", "zebra"))
    assert torch.allclose(logits(trained, other, images), logits(trained, both, images)[:, [2, 0]], atol=1e-4)


@pytest.mark.parametrize("module", [coop, cocoop, prograd])
def test_the_same_seed_gives_the_same_prompts(module, tiny: OpenClipEncoder):
    recipe = replace(module.PUBLISHED, optimizer=TWO_EPOCHS)
    if module is prograd:
        recipe = replace(recipe, context=6)
    given, images, state = material(tiny), unit_rows(3, tiny.width, seed=9), torch.get_rng_state()
    first, again, other = (logits(module.fit(given, seed, "cpu", recipe), given, images) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_cocoop_with_a_silent_meta_net_is_coop(encoder: OpenClipEncoder):
    given, images = material(encoder), unit_rows(5, encoder.width, seed=4)
    fitted = cocoop.fit(given, 1, "cpu", CocoopRecipe(optimizer=NO_STEPS))
    assert isinstance(fitted, cocoop.FittedConditionalContext)
    silent = replace(fitted.meta, up=0 * fitted.meta.up, up_bias=0 * fitted.meta.up_bias)
    context = FittedContext(fitted.tower, fitted.words, fitted.context, fitted.logit_scale)
    expected = logits(context, given, images)
    assert torch.allclose(logits(replace(fitted, meta=silent), given, images), expected, atol=1e-4)
    assert not torch.allclose(logits(fitted, given, images), expected, atol=1e-4)


def test_cocoop_shifts_every_context_vector_by_the_same_function_of_the_image(tiny: OpenClipEncoder):
    given, images = material(tiny), unit_rows(2, tiny.width, seed=4)
    fitted = cocoop.fit(given, 1, "cpu", CocoopRecipe(optimizer=TWO_EPOCHS))
    assert isinstance(fitted, cocoop.FittedConditionalContext)
    meta = fitted.meta
    for image, row in zip(images, logits(fitted, given, images), strict=True):
        shift = meta.up @ torch.relu(meta.down @ image + meta.down_bias) + meta.up_bias
        own = FittedContext(fitted.tower, fitted.words, fitted.context + shift, fitted.logit_scale)
        assert torch.allclose(logits(own, given, image[None])[0], row, atol=1e-4)


def test_prograd_takes_away_what_opposes_the_general_direction():
    along, against = torch.tensor([1.0, 0.0]), torch.tensor([-2.0, 0.0])
    task = torch.tensor([3.0, 4.0])
    assert torch.equal(agreeing(task, along, 1.0), task)
    assert torch.equal(agreeing(task, against, 1.0), torch.tensor([0.0, 4.0]))
    assert torch.equal(agreeing(task, against, 0.5), torch.tensor([1.5, 4.0]))
    assert torch.equal(agreeing(task, torch.zeros(2), 1.0), task)


def test_prograd_starts_from_the_template_behind_zero_vectors(tiny: OpenClipEncoder):
    given = material(tiny, template="a photo of a {}, a type of pet.")
    fitted = prograd.fit(given, 1, "cpu", ProgradRecipe(context=10, optimizer=NO_STEPS))
    assert isinstance(fitted, FittedContext)
    assert fitted.words == "X X a type of pet, a photo of a"
    table = tiny.model.token_embedding
    words = table(tiny.tokenize(["a type of pet, a photo of a"]))[0, 1:9]  # the comma is a token: the last "a" is left
    assert torch.equal(fitted.context, torch.cat([torch.zeros(2, 16), words]))


def test_prograd_has_templates_of_its_own_for_the_published_sets(tiny: OpenClipEncoder):
    given = material(tiny, template="{} texture.")
    textures = replace(given, shots=replace(given.shots, name="dtd"))
    fitted = prograd.fit(textures, 1, "cpu", ProgradRecipe(context=5, optimizer=NO_STEPS))
    assert isinstance(fitted, FittedContext)
    assert fitted.words == "X X a texture of"
    teacher = prograd.general_texts(textures.shots, tiny)
    assert torch.equal(teacher, class_embeddings(tiny, NAMES, ("a texture of {}.",)))
    assert prograd.general_texts(given.shots, tiny) is given.shots.class_embeddings


def test_prograd_without_a_zero_vector_starts_as_clip(encoder: OpenClipEncoder):
    given, images = material(encoder), unit_rows(3, encoder.width, seed=4)
    fitted = prograd.fit(given, 1, "cpu", ProgradRecipe(context=4, optimizer=NO_STEPS))
    assert torch.allclose(logits(fitted, given, images), zero_shot(given, images), atol=1e-4)


def test_prograd_leaves_less_of_clip_behind_than_coop():
    # Only a trained model: random towers give no general knowledge that a rule could keep.
    given = material(OpenClipEncoder.load("picto", device="cpu"))
    hot = CoopRecipe(epochs=15, learning_rate=0.02)
    plain = coop.fit(given, 1, "cpu", CoopPromptRecipe(optimizer=hot))
    careful = prograd.fit(given, 1, "cpu", ProgradRecipe(context=4, optimizer=hot))
    before = zero_shot(given, given.shots.train.embeddings).softmax(dim=1)
    distances = [
        F.kl_div(logits(fitted, given, given.shots.train.embeddings).log_softmax(dim=1), before, reduction="batchmean")
        for fitted in (plain, careful)
    ]
    assert distances[1] < distances[0]


def test_prograd_is_gentler_on_the_sets_its_authors_name():
    few, many = problem(shots=4), problem(shots=8)
    assert ProgradRecipe().lam_for(replace(many, name="dtd")) == 0.8
    assert ProgradRecipe().lam_for(replace(few, name="dtd")) == 1.0
    assert ProgradRecipe().lam_for(many) == 1.0


def test_portions_change_neither_texts_nor_gradients(tiny: OpenClipEncoder, monkeypatch: pytest.MonkeyPatch):
    tower = TextTower.of(tiny)
    prompts = coop.class_prompts(tower, "a photo of a", NAMES, 4)
    target = unit_rows(2 * len(NAMES), tiny.width, seed=7).reshape(2, len(NAMES), -1)
    seen = []
    for held in (text_tower._HELD, 1):
        monkeypatch.setattr(text_tower, "_HELD", held)
        contexts = torch.stack([prompts.context, prompts.context + 0.1]).requires_grad_()
        texts = tower.encode(prompts, contexts)
        seen.append((texts, *torch.autograd.grad((texts * target).sum(), contexts)))
    for whole, portions in zip(*seen, strict=True):
        assert torch.allclose(whole, portions, atol=1e-5)


def test_a_name_too_long_for_the_tower_is_cut_as_the_encoder_cuts_it(tiny: OpenClipEncoder):
    given = material(tiny, ("cat", "word " * 30 + "end"))
    fitted = coop.fit(given, 1, "cpu", CoopPromptRecipe(optimizer=NO_STEPS))
    images = unit_rows(3, tiny.width, seed=4)
    assert torch.allclose(logits(fitted, given, images), zero_shot(given, images), atol=1e-4)


def test_a_text_tower_of_its_own_module_works_alike(tiny: OpenClipEncoder, tiny_model: str):
    from open_clip import get_model_config
    from open_clip.model import CustomTextCLIP

    config = get_model_config(tiny_model)
    assert config is not None
    torch.manual_seed(0)
    custom = CustomTextCLIP(**config).eval().requires_grad_(False)
    other = replace(tiny, model=custom)
    given, images = material(other), unit_rows(3, tiny.width, seed=4)
    fitted = coop.fit(given, 1, "cpu", CoopPromptRecipe(optimizer=NO_STEPS))
    assert torch.allclose(logits(fitted, given, images), zero_shot(given, images), atol=1e-4)


def test_an_encoder_that_remembers_is_looked_through(tiny: OpenClipEncoder, tmp_path: Path):
    assert TextTower.of(CachedEncoder(tiny, tmp_path)).encoder is tiny


def test_what_has_no_such_text_tower_is_refused_in_one_line(tiny: OpenClipEncoder):
    with pytest.raises(LluError, match="embeddings have none"):
        TextTower.of(None)
    with pytest.raises(LluError, match="Toy encoder has no open_clip text tower"):
        TextTower.of(ToyEncoder())
    foreign = replace(tiny, model=torch.nn.Linear(2, 2), title="Foreign")
    with pytest.raises(LluError, match="text tower of Foreign"):
        TextTower.of(foreign)


def test_a_context_longer_than_the_tower_is_refused(tiny: OpenClipEncoder):
    with pytest.raises(LluError, match="16 context tokens do not fit"):
        prograd.fit(material(tiny), 1, "cpu", ProgradRecipe(optimizer=NO_STEPS))
