"""The protocols: base-to-new as two closed problems, transfer to other sets, and what systems are shown."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from llu_core.data.features import Drawn, Features
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.errors import LluError
from llu_core.evaluation.means import MeanRow
from llu_core.evaluation.measures import MEASURES
from llu_core.evaluation.protocols import Trial, base_to_new, material_for, run_trial, same_classes
from llu_core.evaluation.results import Row, TransferRow, columns_of
from llu_core.method.classifier import ZeroShotClassifier, accuracy, harmonic_mean
from llu_core.method.fitting import fit
from llu_core.method.recipes import ABLATIONS, RECIPES
from llu_core.systems.registry import SYSTEMS, llu_system
from support.synthetic import halves, problem

RECIPE = replace(RECIPES["fast"], steps=10)
SOURCE = problem(shots=6)


def table(source: FewShotSet = SOURCE, methods=("clip", "llu"), **settings) -> list[Row]:
    return list(base_to_new(source, methods, **({"shots": 4, "seeds": (1, 2), "recipe": RECIPE} | settings)))


def test_there_is_a_row_per_system_and_seed_and_then_the_means():
    rows = table()
    expected = [("clip", 1), ("llu", 1), ("clip", 2), ("llu", 2), ("clip", None), ("llu", None)]
    assert [(row.method, row.seed) for row in rows] == expected
    assert {(row.protocol, row.source, row.shots) for row in rows} == {("base-to-new", "synthetic", 4)}


def test_a_row_has_the_columns_of_the_table():
    columns = ["protocol", "source", "method", "shots", "seed", "base", "new", "h", "train_seconds"]
    columns += ["distance_to_identity", "reason", "elsewhere", "joint"]
    detectors = ["openworld_auc", "openworld_auc_near", "openworld_auc_both"]
    measures = [f"{half}_{measure}" for measure in MEASURES for half in ("base", "new")]
    assert list(columns_of(Row)) == [*columns, *detectors, *measures, "recipe", "draw"]


def test_clip_is_tested_on_base_and_new_as_closed_problems():
    row = table(methods=["clip"])[0]
    for score, half in zip((row.base, row.new), halves(SOURCE), strict=True):
        assert score == accuracy(ZeroShotClassifier(), half.test.embeddings, half.test.labels, half.class_embeddings)


def test_llu_is_trained_on_the_base_shots_of_its_seed():
    row = table(methods=["llu"])[1]
    base, new = halves(SOURCE.sample(4, 2))
    adapter = fit(base, RECIPE, seed=2)
    assert row.base == accuracy(adapter, base.test.embeddings, base.test.labels, base.class_embeddings)
    assert row.new == accuracy(adapter, new.test.embeddings, new.test.labels, new.class_embeddings)


def test_the_mean_averages_every_column_over_the_seeds():
    *seeds, mean = table(methods=["llu"], seeds=(1, 2, 3))
    further = ("distance_to_identity", "joint", "openworld_auc", "openworld_auc_near", "openworld_auc_both")
    for column in ("base", "new", "h", "train_seconds", *further):
        assert getattr(mean, column) == pytest.approx(sum(getattr(row, column) for row in seeds) / 3)
    assert isinstance(mean, MeanRow)
    assert mean.runs == 3
    average = sum(row.base or 0 for row in seeds) / 3
    assert mean.base_std == pytest.approx(math.sqrt(sum(((row.base or 0) - average) ** 2 for row in seeds) / 2))


@pytest.mark.parametrize(("base", "new", "h"), [(80, 80, 80), (100, 50, 66.6667), (100, 0, 0), (0, 0, 0)])
def test_the_harmonic_mean(base: float, new: float, h: float):
    assert harmonic_mean(base, new) == pytest.approx(h, abs=1e-3)


def test_every_ablation_is_a_system():
    assert {llu_system(ablation=ablation).name for ablation in ABLATIONS} <= set(SYSTEMS)


def test_the_unlocalised_linear_layer_forgets_the_new_classes():
    clip, llu, linear = table(
        problem(width=64, shots=16, tests=10),
        ("clip", "llu", "llu-linear"),
        recipe=RECIPES["fast"],
        seeds=[1],
        shots=16,
    )[-3:]
    assert clip.new is not None
    assert llu.new is not None
    assert linear.new is not None
    assert llu.new > clip.new - 5
    assert linear.new < clip.new - 20


def test_accuracy_is_in_percent():
    base, _ = halves(SOURCE)
    score = accuracy(ZeroShotClassifier(), base.class_embeddings, base.train.labels.unique(), base.class_embeddings)
    assert score == 100
    for row in table():
        assert row.base is not None
        assert row.h is not None
        assert row.train_seconds is not None
        assert 0 <= row.base <= 100
        assert math.isfinite(row.h)
        assert row.train_seconds >= 0


def test_the_rows_come_as_they_are_made():
    rows = base_to_new(SOURCE, ["clip", "no such method"])
    with pytest.raises(LluError, match="unknown method no such method; choose from: clip, coop"):
        next(rows)


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


def trial(protocol: str, method: str, targets: Sequence[FewShotSet] = (), source: FewShotSet = SOURCE) -> Trial:
    return Trial(protocol, method, 4, 1, Features.of(source).draw(4, 1), tuple(targets), RECIPE)


def test_what_a_system_cannot_answer_is_none_with_a_reason():
    row, mean = table(methods=["linear-probe"], seeds=[1])
    assert row.base is not None
    assert (row.new, row.h) == (None, None)
    assert "shots of every class" in row.reason
    assert (mean.new, mean.h, mean.reason) == (None, None, row.reason)


def test_a_prompt_learner_without_its_text_tower_has_a_reason():
    row, mean = table(methods=["coop"], seeds=[1])
    assert (row.base, row.new, row.h, row.train_seconds) == (None, None, None, None)
    assert "text tower" in row.reason
    assert mean.base is None


def test_a_row_of_llu_has_the_distance_to_identity_and_one_of_clip_has_none():
    clip, llu = table(seeds=[1])[:2]
    base, _ = halves(SOURCE.sample(4, 1))
    assert llu.distance_to_identity == fit(base, RECIPE, seed=1).distance_to_identity()
    assert clip.distance_to_identity is None


def test_test_pictures_are_kept_from_the_systems():
    material = material_for(trial("base-to-new", "llu"), Features.of(SOURCE).draw(4, 1))
    assert len(material.shots.test) == 0
    assert len(material.shots.train) == 16


def test_validation_and_views_go_to_the_systems():
    drawn = Features.of(SOURCE).draw(4, 1)
    shots = drawn.problem.train
    views = torch.stack([shots.embeddings, shots.embeddings.flip(0)])
    with_both = Drawn(drawn.problem, shots.select(range(3)), views)
    material = material_for(trial("base-to-new", "tip-adapter"), with_both)
    assert len(material.validation) == 3
    assert material.views is views


def transfer(*arguments) -> list[TransferRow]:
    return [row for row in run_trial(trial(*arguments)) if isinstance(row, TransferRow)]


def test_cross_dataset_tests_other_sets_as_whole_closed_problems():
    other = replace(problem(seed=9), name="other")
    source_row, row = transfer("cross-dataset", "clip", [other])
    assert (source_row.source, source_row.target, row.target) == ("synthetic", "synthetic", "other")
    test = other.test
    assert row.accuracy == accuracy(ZeroShotClassifier(), test.embeddings, test.labels, other.class_embeddings)


def test_cross_dataset_trains_on_every_class_with_shots():
    everything = replace(
        SOURCE,
        train=LabelledEmbeddings(SOURCE.test.embeddings, SOURCE.test.labels, SOURCE.test.names),
    )
    row = run_trial(trial("cross-dataset", "llu", [], everything))[0]
    adapter = fit(everything.sample(4, 1), RECIPE, seed=1)
    test = everything.test
    assert isinstance(row, TransferRow)
    assert row.accuracy == accuracy(adapter, test.embeddings, test.labels, everything.class_embeddings)


def test_domain_shift_tests_the_same_classes_elsewhere():
    shifted = replace(problem(seed=5, spread=0.9), name="shifted")
    source_row, row = transfer("domain-shift", "tip-adapter", [shifted])
    assert row.target == "shifted"
    assert row.accuracy is not None
    assert source_row.accuracy is not None


def test_a_shifted_set_may_have_some_of_the_classes_in_another_order():
    base, _ = halves(SOURCE)
    part = SOURCE.select_classes([1, 3, 6])
    shared = same_classes(base, part)
    assert shared.class_names == ("class 1", "class 3")
    assert shared.test.labels.unique().tolist() == [0, 1]
    with pytest.raises(LluError, match="has no class of synthetic"):
        same_classes(base, SOURCE.select_classes([5, 6]))


@pytest.mark.parametrize("system", ["clip", "llu", "tip-adapter"])
def test_a_target_of_another_width_is_refused_by_file_and_key(system: str):
    narrow = replace(problem(width=16), name="narrow", bundle="narrow.npz")
    with pytest.raises(LluError, match=r"text_features of narrow.npz \(16\) and synthetic \(32\) differ in width"):
        transfer("cross-dataset", system, [narrow])


def test_a_bundle_without_test_rows_is_named_by_file_and_key():
    bundle = replace(SOURCE, bundle="a.npz", test=LabelledEmbeddings.empty(32))
    with pytest.raises(LluError, match=r"a.npz: test_labels has no row of its base classes"):
        bundle.require_test("base")


def test_a_target_without_test_pictures_is_refused():
    with pytest.raises(LluError, match="nothing has no test images"):
        transfer("cross-dataset", "clip", [replace(SOURCE, name="nothing", test=LabelledEmbeddings.empty(32))])
