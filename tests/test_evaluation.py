"""The base-to-new protocol: two closed problems, a row per method and seed, then the means."""

import math
from dataclasses import fields, replace

import pytest
from synthetic import problem

from llu_core.classifier import ZeroShotClassifier, accuracy
from llu_core.errors import LluError
from llu_core.evaluation import METHODS, Row, base_to_new, harmonic_mean, methods_named
from llu_core.fewshot import FewShotSet
from llu_core.training import ABLATIONS, RECIPES, fit

RECIPE = replace(RECIPES["fast"], steps=10)
SOURCE = problem(shots=6)


def table(source: FewShotSet = SOURCE, methods=("clip", "llu"), **settings) -> list[Row]:
    return list(base_to_new(source, methods, **({"shots": 4, "seeds": (1, 2), "recipe": RECIPE} | settings)))


def test_there_is_a_row_per_method_and_seed_and_then_the_means():
    rows = table()
    expected = [("clip", 1), ("llu", 1), ("clip", 2), ("llu", 2), ("clip", None), ("llu", None)]
    assert [(row.method, row.seed) for row in rows] == expected
    assert {(row.protocol, row.source, row.shots) for row in rows} == {("base-to-new", "synthetic", 4)}


def test_a_row_has_the_columns_of_the_table():
    columns = ["protocol", "source", "method", "shots", "seed", "base", "new", "h", "train_seconds"]
    assert [field.name for field in fields(Row)] == columns


def test_clip_is_tested_on_base_and_new_as_closed_problems():
    row = table(methods=["clip"])[0]
    for score, half in zip((row.base, row.new), SOURCE.split(), strict=True):
        assert score == accuracy(ZeroShotClassifier(), half.test.embeddings, half.test.labels, half.class_embeddings)


def test_llu_is_trained_on_the_base_shots_of_its_seed():
    row = table(methods=["llu"])[1]
    base, new = SOURCE.sample(4, 2).split()
    adapter = fit(base, RECIPE, seed=2)
    assert row.base == accuracy(adapter, base.test.embeddings, base.test.labels, base.class_embeddings)
    assert row.new == accuracy(adapter, new.test.embeddings, new.test.labels, new.class_embeddings)


def test_the_mean_averages_every_column_over_the_seeds():
    *seeds, mean = table(methods=["llu"], seeds=(1, 2, 3))
    for column in ("base", "new", "h", "train_seconds"):
        assert getattr(mean, column) == pytest.approx(sum(getattr(row, column) for row in seeds) / 3)


@pytest.mark.parametrize(("base", "new", "h"), [(80, 80, 80), (100, 50, 66.6667), (100, 0, 0), (0, 0, 0)])
def test_the_harmonic_mean(base: float, new: float, h: float):
    assert harmonic_mean(base, new) == pytest.approx(h, abs=1e-3)


def test_every_ablation_is_a_method():
    assert list(METHODS) == [
        "clip",
        "llu",
        "llu-no-cluster",
        "llu-no-damp",
        "llu-no-mask",
        "llu-dirac-mask",
        "llu-no-reg",
        "llu-rand-init",
        "llu-linear",
    ]
    assert len(METHODS) == len(ABLATIONS) + 1


def test_the_unlocalised_linear_layer_forgets_the_new_classes():
    clip, llu, linear = table(
        problem(width=64, shots=16, tests=10),
        ("clip", "llu", "llu-linear"),
        recipe=RECIPES["fast"],
        seeds=[1],
        shots=16,
    )[-3:]
    assert llu.new > clip.new - 5
    assert linear.new < clip.new - 20


def test_accuracy_is_in_percent():
    base, _ = SOURCE.split()
    score = accuracy(ZeroShotClassifier(), base.class_embeddings, base.train.labels.unique(), base.class_embeddings)
    assert score == 100
    assert all(0 <= row.base <= 100 and math.isfinite(row.h) and row.train_seconds >= 0 for row in table())


def test_the_rows_come_as_they_are_made():
    rows = base_to_new(SOURCE, ["clip", "no such method"])
    with pytest.raises(LluError, match="unknown method no such method; choose from: clip, llu"):
        next(rows)


@pytest.mark.parametrize("names", [[], ["CLIP"], ["clip", "coop"]])
def test_unknown_methods_are_answered_with_the_known_ones(names: list[str]):
    with pytest.raises(LluError, match="choose from: clip, llu, llu-no-cluster"):
        methods_named(names)


def test_a_half_without_test_pictures_is_refused():
    base, new = SOURCE.test.labels < 4, SOURCE.test.labels >= 4
    for half, kept in (("new", base), ("base", new)):
        with pytest.raises(LluError, match=f"synthetic has no test images of its {half} classes; add them"):
            table(replace(SOURCE, test=SOURCE.test.select(kept.nonzero().flatten())))


def test_a_base_class_without_shots_is_refused():
    with pytest.raises(LluError, match="class 'class 3' has no training picture"):
        table(replace(SOURCE, train=SOURCE.train.select(range(18))))


def test_a_source_without_new_classes_is_refused():
    with pytest.raises(LluError, match="needs new ones"):
        table(problem(new=0))


def test_no_seeds_and_no_shots_are_refused():
    with pytest.raises(LluError, match="seed"):
        table(seeds=())
    with pytest.raises(LluError, match="0 shots"):
        table(shots=0)
