"""Systems on frozen embeddings, each against a computation of its own in numpy, scikit-learn or by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.systems.frozen import clap, lfa, lp_plus_plus, proker
from llu_core.systems.frozen.clap import ClapRecipe
from llu_core.systems.frozen.lfa import FittedAlignment, LfaRecipe
from llu_core.systems.frozen.lp_plus_plus import LpRecipe
from llu_core.systems.frozen.proker import FittedKernel, ProkerRecipe
from llu_core.systems.registry import CannotAnswer, Material
from support.synthetic import halves, problem, unit_rows

SHOTS, NEW = halves(problem(base=5, new=5, shots=4, width=24))
IMAGES = unit_rows(9, 24, seed=1)
X, Y, T = SHOTS.train.embeddings, SHOTS.train.labels, SHOTS.class_embeddings


def material(shots: FewShotSet = SHOTS, validation: LabelledEmbeddings | None = None, views=None) -> Material:
    return Material(shots, validation or LabelledEmbeddings.empty(shots.width), views)


def logits(fitted, shots: FewShotSet = SHOTS) -> torch.Tensor:
    return fitted.on(shots).logits(IMAGES, shots.class_embeddings)


def test_proker_is_scikit_learns_kernel_ridge_of_what_the_texts_leave_over():
    from sklearn.kernel_ridge import KernelRidge

    shots, texts = X.numpy().astype(float), T.numpy().astype(float)

    def kernel(first, second):
        return np.exp(-1.5 * (1 - first @ second.T))

    # (K / lambda + I)^-1 = lambda (K + lambda I)^-1
    ridge = KernelRidge(alpha=0.05, kernel="precomputed")  # pyright: ignore[reportArgumentType]
    model = ridge.fit(kernel(shots, shots), np.eye(5)[Y] - shots @ texts.T)
    expected = IMAGES.numpy() @ texts.T + 0.05 * kernel(IMAGES.numpy(), shots) @ model.dual_coef_
    np.testing.assert_allclose(logits(proker.fit(material(), 1, "cpu")), expected, atol=1e-4)


def test_proker_takes_every_view_as_a_row_and_chooses_on_validation():
    views = torch.stack([X, X])
    fitted = proker.fit(material(views=views), 1, "cpu")
    solved = proker.solve(views.flatten(0, 1), Y.repeat(2), T, 1.5, 0.05)
    assert torch.equal(logits(fitted), logits(FittedKernel(SHOTS, solved)))  # both with columns in one memory order
    recipe = ProkerRecipe(widths=(0.5, 3.0), strengths=(0.01,))
    right = [
        int((proker.solve(X, Y, T, b, 0.01).logits(SHOTS.test.embeddings, T).argmax(1) == SHOTS.test.labels).sum())
        for b in recipe.widths
    ]
    best = proker.solve(X, Y, T, recipe.widths[right.index(max(right))], 0.01)
    chosen = proker.fit(material(validation=SHOTS.test), 1, "cpu", recipe)
    assert torch.equal(logits(chosen), logits(FittedKernel(SHOTS, best)))
    assert ProkerRecipe().widths[0] == 0.5
    assert (ProkerRecipe().widths[-1], len(ProkerRecipe().strengths)) == (3.0, 10)


def test_lp_starts_at_sums_of_shots_and_steps_by_the_curvature():
    x, y, t = X.numpy().astype(float), Y.numpy(), T.numpy().astype(float)
    start = lp_plus_plus.starting_point(X, Y, T, LpRecipe(), torch.Generator().manual_seed(1))
    np.testing.assert_allclose(start.rows, np.stack([x[y == k].sum(0) for k in range(5)]), atol=1e-5)
    own = np.mean([(x[y == k] @ t[k]).mean() for k in range(5)])
    np.testing.assert_allclose(start.alpha, np.full(5, 250 * own), rtol=1e-4)
    assert start.bias.abs().max() <= 24**-0.5
    rate, alpha_rate = lp_plus_plus.rates(X, T)
    assert rate == pytest.approx(4 * 20 / np.linalg.eigvalsh(x.T @ x).max(), rel=1e-4)
    assert alpha_rate == pytest.approx(20 / (4 * ((x @ t.T) ** 2).sum(0).max()), rel=1e-4)


def test_lp_is_gradient_descent_written_out_by_hand():
    recipe = LpRecipe(steps=5, alpha_every=2)
    x, y, t = X.numpy().astype(float), Y.numpy(), T.numpy().astype(float)
    start = lp_plus_plus.starting_point(X, Y, T, recipe, torch.Generator().manual_seed(1))
    rate, alpha_rate = lp_plus_plus.rates(X, T)
    w, b, a = (part.numpy().astype(float).copy() for part in (start.rows, start.bias, start.alpha))
    speed_w, speed_b, speed_a, total_a = (np.zeros_like(part) for part in (w, b, a, a))
    for step in range(1, 6):
        z = x @ w.T + b + a * (x @ t.T)
        p = np.exp(z - z.max(1, keepdims=True))
        error = (p / p.sum(1, keepdims=True) - np.eye(5)[y]) / len(x)
        speed_w, speed_b = 0.9 * speed_w + error.T @ x, 0.9 * speed_b + error.sum(0)
        total_a += (error * (x @ t.T)).sum(0)
        w, b = w - rate * speed_w, b - rate * speed_b
        if step % 2 == 0:
            speed_a = 0.9 * speed_a + total_a
            a = a - alpha_rate * speed_a
    expected = IMAGES.numpy() @ w.T + b + a * (IMAGES.numpy() @ t.T)
    np.testing.assert_allclose(logits(lp_plus_plus.fit(material(), 1, "cpu", recipe)), expected, rtol=1e-3, atol=1e-2)


def test_clap_holds_each_class_as_firmly_as_clip_knows_its_shots():
    z = 100 * X.numpy().astype(float) @ T.numpy().T
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    expected = [p[Y.numpy() == k, k].mean() for k in range(5)]
    np.testing.assert_allclose(clap.firmness_of(SHOTS), expected, rtol=1e-3)


def test_claps_loss_is_cross_entropy_and_the_penalty():
    weight, anchors = 3 * unit_rows(5, 24, seed=7), 10 * T
    firmness = torch.tensor([0.0, 0.2, 0.4, 0.6, 1.0])
    z = 50 * X.numpy().astype(float) @ (weight / 3).numpy().T
    cross = np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(20), Y.numpy()])
    penalty = np.mean(
        [a * ((w - t) ** 2).sum() for a, w, t in zip(firmness.numpy(), weight.numpy(), anchors.numpy(), strict=True)]
    )
    found = clap.loss(weight, anchors, firmness, X, Y, 50.0)
    assert found.item() == pytest.approx(cross + penalty, rel=1e-4)


def test_clap_starts_at_clip_and_lowers_its_loss():
    still = clap.fit(material(), 1, "cpu", ClapRecipe(learning_rate=0.0, epochs=1))
    torch.testing.assert_close(logits(still), SHOTS.logit_scale * (IMAGES @ T.T), atol=0.5, rtol=0)
    trained = clap.fit(material(), 1, "cpu", ClapRecipe(epochs=20))
    losses = [
        F.cross_entropy(each.on(SHOTS).logits(X, T), Y) for each in (clap.fit(material(), 1, "cpu"), trained, still)
    ]
    assert losses[0] < losses[2]
    assert losses[1] < losses[2]


def test_lfa_starts_at_scipys_procrustes_drawn_to_the_identity():
    from scipy.linalg import orthogonal_procrustes

    expected, _ = orthogonal_procrustes(X.numpy().astype(float), T[Y].numpy().astype(float))
    found = lfa.procrustes(X, T[Y], 0.0)
    # a few classes leave part of the map open: what it does to the images is what is fixed
    fit_of = [((X.numpy() @ each - T[Y].numpy()) ** 2).sum() for each in (found.numpy(), expected)]
    assert fit_of[0] == pytest.approx(fit_of[1], rel=1e-4)
    torch.testing.assert_close(found @ found.T, torch.eye(24), atol=1e-4, rtol=0)
    torch.testing.assert_close(lfa.procrustes(X, T[Y], 0.9), 0.1 * found + 0.9 * torch.eye(24), atol=1e-5, rtol=0)


def test_lfas_loss_is_what_loops_give():
    z, texts, total = F.normalize(X, dim=1).numpy().astype(float), T.numpy().astype(float), []
    for row, label in zip(z, Y.tolist(), strict=True):
        own = np.linalg.norm(row - texts[label])
        others = sorted((np.linalg.norm(row - texts[j]), j) for j in range(5) if j != label)[:3]
        total += [max(0.0, own + (1 - texts[label] @ texts[j]) / 4 - distance) for distance, j in others]
    assert lfa.reranking_loss(3 * X, T, Y, 3).item() == pytest.approx(np.mean(total), rel=1e-4)


def test_lfa_asks_new_classes_with_a_running_mean():
    fitted = lfa.fit(material(), 1, "cpu", LfaRecipe(steps=4))
    assert isinstance(fitted, FittedAlignment)
    assert fitted.on(SHOTS) is fitted.on(SHOTS.select_classes([1, 3])) is fitted.trained
    assert fitted.on(NEW) is fitted.averaged
    eye = torch.eye(24)
    assert (fitted.averaged.weight - eye).norm() < (fitted.trained.weight - eye).norm()
    assert lfa.momentum(1, 100) == pytest.approx(0.9 + 0.1 * (1 - math.exp(-0.1)))
    assert lfa.momentum(50, 100) == lfa.momentum(99, 100) == pytest.approx(1 - 0.1 * math.exp(-5))


@pytest.mark.parametrize("module", [lp_plus_plus, clap, proker])
def test_what_needs_shots_of_every_class_says_so(module):
    fitted = module.fit(material(), 1, "cpu")
    some = SHOTS.select_classes([1, 4])
    assert torch.allclose(logits(fitted, some), logits(fitted)[:, [1, 4]], atol=1e-4)
    with pytest.raises(CannotAnswer, match="needs shots of every class"):
        fitted.on(NEW)
    without = replace(SHOTS, train=SHOTS.train.select(torch.nonzero(SHOTS.train.labels != 3).flatten()))
    with pytest.raises(CannotAnswer, match="has none of 'class 3'"):
        module.fit(material(without), 1, "cpu").on(without)
