"""Linear heads: WiSE-FT between zero-shot and fine-tuned, and the linear probe against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.errors import LluError
from llu_core.systems import linear_probe, wise_ft
from llu_core.systems.contract import FittedHead
from llu_core.systems.linear_probe import LinearProbeRecipe
from llu_core.systems.registry import CannotAnswer, Material
from llu_core.systems.wise_ft import WiseFtRecipe
from support.synthetic import halves, problem, unit_rows

SHOTS, NEW = halves(problem(base=5, new=5, shots=4, width=24))
IMAGES = unit_rows(9, 24, seed=1)


def material(shots: FewShotSet = SHOTS, validation: LabelledEmbeddings | None = None) -> Material:
    return Material(shots, validation or LabelledEmbeddings.empty(shots.width))


def logits(fitted, shots: FewShotSet = SHOTS) -> torch.Tensor:
    return fitted.on(shots).logits(IMAGES, shots.class_embeddings)


def head(recipe: WiseFtRecipe) -> FittedHead:
    fitted = wise_ft.fit(material(), 1, "cpu", recipe)
    assert isinstance(fitted, FittedHead)
    return fitted


def test_wise_ft_at_factor_zero_is_zero_shot():
    fitted = wise_ft.fit(material(), 1, "cpu", WiseFtRecipe(factor=0.0))
    assert torch.allclose(logits(fitted), SHOTS.logit_scale * (IMAGES @ SHOTS.class_embeddings.T), atol=1e-4)


def test_wise_ft_is_half_way_to_the_fine_tuned_head():
    tuned, between = head(WiseFtRecipe(factor=1.0)), head(WiseFtRecipe())
    start = SHOTS.logit_scale * SHOTS.class_embeddings
    assert not torch.equal(tuned.rows, start)
    assert torch.allclose(between.rows, 0.5 * tuned.rows + 0.5 * start)
    assert torch.allclose(between.bias, 0.5 * tuned.bias)


def test_fine_tuning_lowers_the_loss_of_the_head():
    tuned = head(WiseFtRecipe(factor=1.0, learning_rate=1e-2, warm_up=1))
    losses = [
        F.cross_entropy(SHOTS.train.embeddings @ rows.T + bias, SHOTS.train.labels)
        for rows, bias in ((tuned.rows, tuned.bias), (SHOTS.logit_scale * SHOTS.class_embeddings, 0.0))
    ]
    assert losses[0] < losses[1]


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine():
    recipe = WiseFtRecipe(learning_rate=1.0, warm_up=2)
    rates = [wise_ft._rate(recipe, step, 10) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert wise_ft._rate(recipe, 6, 10) == pytest.approx(0.5)


def test_the_linear_probe_is_scikit_learns_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=31.6, max_iter=1000).fit(SHOTS.train.embeddings.numpy(), SHOTS.train.labels.numpy())
    found = logits(linear_probe.fit(material(), 1, "cpu"))
    assert torch.allclose(found, torch.from_numpy(model.decision_function(IMAGES.numpy())).float(), atol=1e-4)


def test_two_classes_have_a_row_each():
    from sklearn.linear_model import LogisticRegression

    two = SHOTS.select_classes([0, 1])
    model = LogisticRegression(C=31.6, max_iter=1000).fit(two.train.embeddings.numpy(), two.train.labels.numpy())
    found = logits(linear_probe.fit(material(two), 1, "cpu"), two).softmax(dim=1)
    assert np.allclose(found.numpy(), model.predict_proba(IMAGES.numpy()), atol=1e-5)


def test_a_single_class_is_no_choice():
    with pytest.raises(LluError, match="has one class alone, class 'class 2'"):
        material(SHOTS.select_classes([2]))


def test_the_strength_is_chosen_on_validation():
    candidates = (1e-4, 10.0)
    recipe = LinearProbeRecipe(candidates=candidates, halvings=0)
    right = []
    for strength in candidates:
        probe = linear_probe.fit(material(), 1, "cpu", LinearProbeRecipe(inverse_strength=strength))
        guess = probe.on(SHOTS).logits(SHOTS.test.embeddings, SHOTS.class_embeddings).argmax(dim=1)
        right.append(int((guess == SHOTS.test.labels).sum()))
    best = LinearProbeRecipe(inverse_strength=candidates[right.index(max(right))])
    chosen = linear_probe.fit(material(validation=SHOTS.test), 1, "cpu", recipe)
    assert torch.equal(logits(chosen), logits(linear_probe.fit(material(), 1, "cpu", best)))


@pytest.mark.parametrize("module", [wise_ft, linear_probe])
def test_a_head_answers_for_a_part_of_its_classes_but_not_for_others(module):
    fitted = module.fit(material(), 1, "cpu")
    some = SHOTS.select_classes([1, 4])
    assert torch.allclose(logits(fitted, some), logits(fitted)[:, [1, 4]], atol=1e-5)
    with pytest.raises(CannotAnswer, match="needs shots of every class"):
        fitted.on(NEW)
    without = replace(SHOTS, train=SHOTS.train.select(torch.nonzero(SHOTS.train.labels != 3).flatten()))
    with pytest.raises(CannotAnswer, match="has none of 'class 3'"):
        module.fit(material(without), 1, "cpu").on(without)
