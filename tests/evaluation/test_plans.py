"""Plans: the built-in preset and grid, cells and what makes two of them the same."""

import inspect
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from llu_core.data.built_in import open_set, set_names
from llu_core.data.draws import Draw
from llu_core.data.features import Features
from llu_core.errors import LluError
from llu_core.evaluation.configuration import Setting
from llu_core.evaluation.plans import (
    ABLATION_SYSTEMS,
    COMPARED_SYSTEMS,
    DEFAULT_SOURCE,
    PAPER_PROTOCOLS,
    PLAIN_SETS,
    PRESET_SETS,
    Plan,
    cells,
    other_sets,
    preset,
    shifted_sets,
    whole_grid,
)
from llu_core.evaluation.results import ROW_TYPES, TimingRow
from llu_core.evaluation.timing.passes import FAST
from llu_core.evaluation.timing.sizes import Sizes
from llu_core.method.recipes import RECIPES
from llu_core.systems.composed.learners import LEARNERS
from llu_core.systems.registry import SYSTEMS
from llu_core.systems.rla import RlaRecipe
from support.synthetic import problem

FEATURES = {name: Features.of(replace(problem(shots=4, seed=seed), name=name)) for seed, name in enumerate("ab")}
PLAN = Plan("base-to-new", ("a",), ("clip", "llu"), shots=(2, 4), seeds=(1, 2))


def keys(plan: Plan = PLAN, features=FEATURES, setting=Setting()) -> list[str]:  # noqa: B008
    return [cell.key for cell in cells(plan, features, setting)]


@pytest.mark.parametrize("plans", [preset(), whole_grid()])
def test_the_built_in_plans_have_every_protocol_and_system(plans: list[Plan]):
    assert {plan.protocol for plan in plans} == set(PAPER_PROTOCOLS) == set(ROW_TYPES) - {"few-shot"}
    compared = {name for plan in plans for name in plan.systems}
    assert compared == {*SYSTEMS, *LEARNERS}
    assert all(set(plan.names) <= {f"picto:{name}" for name in set_names()} for plan in plans)
    assert all(plan.targets for plan in plans if plan.protocol in ("cross-dataset", "domain-shift"))


def test_the_preset_has_three_seeds_and_figure_2s_shots():
    by_protocol = {plan.protocol: plan for plan in preset()}
    assert by_protocol["base-to-new"].shots == (1, 2, 4, 8, 16)
    assert all(plan.seeds == (1, 2, 3) for plan in preset() if plan.protocol != "timing")


def test_the_whole_grid_has_every_built_in_set():
    (base_to_new,) = (plan for plan in whole_grid() if plan.protocol == "base-to-new")
    assert {name.removeprefix("picto:") for name in base_to_new.sources} == set(set_names())
    assert set(PRESET_SETS) < set(base_to_new.sources)


def test_shifted_sets_have_the_classes_of_the_plain_one():
    for name in (*PLAIN_SETS, DEFAULT_SOURCE):
        for shifted in shifted_sets(name):
            plain = open_set(name.removeprefix("picto:"))
            assert open_set(shifted.removeprefix("picto:")).class_names == plain.class_names
    assert shifted_sets("picto:digits") == shifted_sets("my_pictures") == ()
    assert other_sets("my_pictures") == ()


def test_a_shifted_set_is_tested_on_its_other_versions_and_on_sets_of_other_classes():
    versions = ("picto:counts", "picto:sketched-counts", "picto:negative-counts", "picto:mosaic-counts")
    assert shifted_sets("picto:night-counts") == versions
    assert other_sets("picto:night-counts") == tuple(name for name in PLAIN_SETS if name != "picto:counts")


def test_the_transfer_tables_train_on_a_set_that_the_model_does_not_know_yet():
    """Of 18 classes at most, since the prompt learners' steps grow with them."""
    assert DEFAULT_SOURCE not in PLAIN_SETS
    assert len(open_set(DEFAULT_SOURCE.removeprefix("picto:")).class_names) <= 18
    assert all(plan.sources == (DEFAULT_SOURCE,) for plan in preset() if plan.targets)


def test_systems_are_either_compared_or_ablations():
    assert set(COMPARED_SYSTEMS) | set(ABLATION_SYSTEMS) == set(SYSTEMS)
    assert set(COMPARED_SYSTEMS) & set(ABLATION_SYSTEMS) == {"llu"}


def test_a_cell_per_source_shots_seed_and_system():
    made = [
        (c.configuration["shots"], c.configuration["seed"], c.configuration["method"])
        for c in cells(PLAN, FEATURES, Setting())
    ]
    assert made == [(k, seed, method) for k in (2, 4) for seed in (1, 2) for method in ("clip", "llu")]
    assert len(set(keys())) == 8


def test_the_same_plan_has_the_same_keys():
    assert keys() == keys()


def test_other_data_and_settings_have_other_keys():
    other = {"a": Features.of(replace(problem(shots=4, seed=77), name="a"))}
    assert not set(keys()) & set(keys(features=other))
    views = torch.ones(3, len(FEATURES["a"].problem.train), FEATURES["a"].problem.width)
    viewed = {"a": replace(FEATURES["a"], views=views)}
    assert not set(keys()) & set(keys(features=viewed))
    assert not set(keys()) & set(keys(setting=Setting(device="cuda")))


def test_every_systems_settings_and_the_version_of_its_code_decide_its_key(monkeypatch: pytest.MonkeyPatch):
    plan = replace(PLAN, systems=("rla", "clip-adapter"), shots=(2,), seeds=(1,))
    before = keys(plan)
    rla = SYSTEMS["rla"]
    monkeypatch.setitem(SYSTEMS, "rla", replace(rla, version=rla.version + 1))
    assert [a == b for a, b in zip(before, keys(plan), strict=True)] == [False, True]
    monkeypatch.setitem(SYSTEMS, "rla", replace(rla, settings=RlaRecipe(epsilon=7.0)))
    assert [a == b for a, b in zip(before, keys(plan), strict=True)] == [False, True]


def test_a_systems_settings_are_those_that_it_is_trained_by():
    for system in SYSTEMS.values():
        given = inspect.signature(system.fit).parameters.get("recipe")
        assert (system.settings or system.recipe) == (None if given is None else given.default), system.name


def test_the_meaning_of_a_protocol_decides_every_key(monkeypatch: pytest.MonkeyPatch):
    before = keys()
    monkeypatch.setattr("llu_core.evaluation.configuration.MEANING", 99)
    assert not set(before) & set(keys())


def test_two_recipes_of_llu_are_two_cells():
    plan = replace(PLAN, systems=("llu", "llu@paper"), shots=(2,), seeds=(1,))
    first, second = cells(plan, FEATURES, Setting())
    assert [cell.configuration["method"] for cell in (first, second)] == ["llu", "llu@paper"]
    assert second.configuration["system"]["settings"]["optimizer"] == "sgd"
    for name in ("clip@paper", "llu@papier"):
        with pytest.raises(LluError, match="choose"):
            cells(replace(plan, systems=(name,)), FEATURES, Setting())


def test_the_recipe_matters_to_llu_only():
    changed = Setting(recipe=replace(RECIPES["fast"], gamma=5.0))
    assert [a == b for a, b in zip(keys(), keys(setting=changed), strict=True)] == [True, False] * 4


def test_the_targets_matter_to_transfer():
    plan = Plan("cross-dataset", ("a",), ("clip",), ("b",))
    other = {**FEATURES, "b": Features.of(replace(problem(seed=77), name="b"))}
    assert not set(keys(plan)) & set(keys(plan, other))


def test_transfer_without_a_target_is_refused():
    with pytest.raises(LluError, match="name at least two"):
        cells(Plan("cross-dataset", ("a",), ("clip",)), FEATURES, Setting())


def test_sources_that_could_not_be_loaded_are_left_out():
    assert keys(replace(PLAN, sources=("missing", "a"))) == keys()


def test_timing_runs_alone_over_the_batch_sizes():
    plan = Plan("timing", ("a",), ("rla", "llu"), shots=(4,), seeds=(1,))
    made = cells(plan, FEATURES, Setting(sizes=Sizes((1, 8), (2, 3))))
    asked = [(c.configuration["form"], c.configuration["classes"], c.configuration["batch_size"]) for c in made]
    sizes = [(2, 1), (2, 8), (3, 1), (3, 8)]
    assert asked == [(form, *size) for form in ("", "", FAST) for size in sizes]
    assert all(cell.alone for cell in made)
    assert len({cell.key for cell in made}) == 12
    (row,) = made[-1].prepare()()
    assert isinstance(row, TimingRow)
    assert (row.method, row.classes, row.batch_size, row.form) == ("llu-fast", 3, 8, FAST)


def test_more_classes_than_a_source_has_are_refused():
    (cell,) = cells(Plan("timing", ("a",), ("rla",), seeds=(1,)), FEATURES, Setting(sizes=Sizes((1,), (9,))))
    with pytest.raises(LluError, match="has 4 classes with shots, not 9"):
        cell.prepare()()


def test_tasks_carry_no_thumbnails():
    source = FEATURES["a"].problem
    test = replace(source.test, thumbnails=np.zeros((len(source.test), 8, 8, 3), np.uint8))
    pictured = {"a": Features.of(replace(source, test=test))}
    task = cells(PLAN, pictured, Setting())[0].prepare()
    assert isinstance(task, partial)
    assert task.args[0].drawn.problem.test.thumbnails is None
    assert keys(features=pictured) == keys()


def test_what_is_drawn_is_drawn_once_for_all_systems():
    draws: list[tuple[int, int]] = []

    def draw(shots: int, seed: int) -> Draw:
        draws.append((shots, seed))
        return FEATURES["a"].draw_pictures(shots, seed)

    counted = {"a": replace(FEATURES["a"], draw_pictures=draw)}
    for cell in cells(replace(PLAN, shots=(2,), seeds=(1,)), counted, Setting()):
        cell.prepare()
    assert draws == [(2, 1)]
