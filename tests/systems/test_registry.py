"""The registry: every system trains on the same material, says what it cannot do, and never looks at test images."""

import pickle
from dataclasses import replace

import pytest
import torch

from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.errors import LluError
from llu_core.method.fitting import fit
from llu_core.method.recipes import ABLATIONS, RECIPES
from llu_core.systems.registry import SYSTEMS, CannotAnswer, Material, System, llu_system, systems_named
from support.synthetic import halves, problem, unit_rows
from support.toy_encoder import ToyEncoder

BASE, NEW = halves(problem(base=4, new=3, shots=4, width=16))
EMBEDDING_SYSTEMS = [system for system in SYSTEMS.values() if not system.needs_encoder]


def material(**given) -> Material:
    return Material(**{"shots": BASE, "validation": LabelledEmbeddings.empty(16)} | given)


def answer(system: System, given: Material) -> torch.Tensor:
    return system.fit(given, 1, "cpu").on(BASE).logits(unit_rows(6, 16), BASE.class_embeddings)


def test_the_systems_stand_in_reading_order():
    assert list(SYSTEMS) == [
        *("clip", "coop", "cocoop", "prograd", "clip-adapter", "tip-adapter", "tip-adapter-f", "wise-ft"),
        *("linear-probe", "rla", "gda-clip", "lfa", "lp-plus-plus", "clap", "proker"),
        *("llu", "llu-no-cluster", "llu-no-damp", "llu-no-mask", "llu-dirac-mask"),
        *("llu-no-reg", "llu-rand-init", "llu-linear", "llu-tuned"),
    ]
    assert all(name == system.name for name, system in SYSTEMS.items())
    assert len({system.title for system in SYSTEMS.values()}) == len(SYSTEMS)


@pytest.mark.parametrize("system", EMBEDDING_SYSTEMS, ids=lambda system: system.name)
def test_test_images_play_no_part_and_the_same_seed_gives_the_same_answer(system: System):
    blind = replace(BASE, test=LabelledEmbeddings.empty(16))
    state = torch.get_rng_state()
    assert torch.equal(answer(system, material()), answer(system, material(shots=blind)))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("system", EMBEDDING_SYSTEMS, ids=lambda system: system.name)
def test_new_classes_are_answered_for_or_declined_as_the_table_says(system: System):
    fitted = system.fit(material(), 1, "cpu")
    if system.new_classes:
        logits = fitted.on(NEW).logits(unit_rows(6, 16), NEW.class_embeddings)
        assert logits.shape == (6, 3)
        assert logits.isfinite().all()
    else:
        with pytest.raises(CannotAnswer):
            fitted.on(NEW)


@pytest.mark.parametrize("system", EMBEDDING_SYSTEMS, ids=lambda system: system.name)
def test_a_single_shot_per_class_is_enough(system: System):
    one = BASE.sample(1, seed=1)
    logits = system.fit(material(shots=one), 1, "cpu").on(one).logits(unit_rows(6, 16), one.class_embeddings)
    assert logits.shape == (6, 4)
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", ["coop", "cocoop", "prograd"])
def test_prompt_learners_need_a_model(name: str):
    with pytest.raises(LluError, match="embeddings have none; give them pictures"):
        SYSTEMS[name].fit(material(), 1, "cpu")


def test_the_views_take_turns_by_epoch():
    views = torch.stack([unit_rows(16, 16, seed) for seed in (1, 2, 3)])
    given = material(views=views)
    assert [given.images(epoch)[0].equal(views[epoch % 3, 0]) for epoch in range(4)] == [True] * 4
    assert material().images(5) is BASE.train.embeddings
    with pytest.raises(ValueError, match="K views"):
        material(views=views[0])


def test_training_goes_over_the_views():
    same = BASE.train.embeddings.expand(3, -1, -1)
    others = torch.stack([same[0], unit_rows(16, 16)])  # different from the second epoch on
    plain = answer(SYSTEMS["clip-adapter"], material())
    assert torch.equal(answer(SYSTEMS["clip-adapter"], material(views=same)), plain)
    assert not torch.equal(answer(SYSTEMS["clip-adapter"], material(views=others)), plain)


def test_embeddings_of_another_model_are_refused(toy_encoder: ToyEncoder):
    material(encoder=toy_encoder)  # the origin of a bundle is unknown
    with pytest.raises(LluError, match="was not embedded by Toy encoder"):
        material(shots=replace(BASE, encoder_identity="another"), encoder=toy_encoder)
    with pytest.raises(LluError, match="was not embedded by Toy encoder"):
        material(encoder=replace(toy_encoder, width=8))


def test_material_without_training_images_is_refused():
    with pytest.raises(LluError, match="no training images"):
        material(shots=NEW)


def test_llu_trains_by_the_recipe_that_is_asked_for():
    recipe = replace(RECIPES["fast"], steps=4, gamma=3.0)
    (system,) = systems_named(["llu-no-damp"], recipe)
    expected = fit(BASE, recipe.ablated("no damp"), seed=1).logits(unit_rows(6, 16), BASE.class_embeddings)
    assert torch.equal(answer(system, material()), expected)


def test_every_ablation_of_the_paper_is_a_system():
    ablations = {llu_system(ablation=ablation).name for ablation in ABLATIONS}
    assert ablations == {name for name in SYSTEMS if name.startswith("llu")} - {"llu-tuned"}


def test_names_are_taken_in_order_and_once():
    assert [system.name for system in systems_named(["rla", "clip", "rla"])] == ["rla", "clip"]


@pytest.mark.parametrize("names", [["clip", "dreambooth"], []])
def test_unknown_names_list_the_known_ones(names: list[str]):
    with pytest.raises(LluError, match=r"choose from: clip, coop, .*llu-linear"):
        systems_named(names)


def test_systems_can_be_sent_to_other_processes():
    for system in systems_named(list(SYSTEMS), replace(RECIPES["fast"], steps=2)):
        assert pickle.loads(pickle.dumps(system)).name == system.name
