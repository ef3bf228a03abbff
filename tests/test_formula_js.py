"""The page's formula against the core's: the same numbers in both languages, from the payload to the probability."""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llu_core.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.sweep import Sweep

pytestmark = pytest.mark.browser

FORMULA = Path(__file__).parents[1] / "demo" / "explorer" / "formula.js"
INFINITY = float("inf")
SETTINGS = [
    (0.0, 20.0), (0.5, 0.0), (0.5, 20.0), (0.5, 3.7), (1.0, 5.0), (1.0, 0.0), (0.5, 500.0),
    (0.5, INFINITY), (1.0, INFINITY),
]  # fmt: skip


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    page.add_script_tag(path=FORMULA)
    page.evaluate(
        """() => { window.floats = (text) =>
            new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer); }"""
    )
    yield page
    page.close()


def rows(count: int, generator: torch.Generator, width: int = 24) -> torch.Tensor:
    """Unit rows in one half-space, as CLIP's are."""
    return F.normalize(torch.randn(count, width, generator=generator) + 1.0, dim=1)


def random_problem(seed: int) -> tuple[LocalizedAdapter, torch.Tensor, torch.Tensor]:
    """An adapter, 40 images and 7 classes; the first ones are anchors themselves."""
    generator = torch.Generator().manual_seed(seed)
    images, classes = rows(40, generator), rows(7, generator)
    sides = []
    for points in (images, classes):
        weight = torch.eye(24) + 0.3 * torch.randn(24, 24, generator=generator)
        bias = 0.1 * torch.randn(24, generator=generator)
        sides.append(LocalizedUpdate(AffineUpdate(weight, bias), torch.cat([points[:2], rows(2, generator)])))
    return LocalizedAdapter(*sides), images, classes


def page_probabilities(page, sweep: Sweep, beta: float, gamma: float) -> np.ndarray:
    """(40, 7): what the page makes of the sweep's arrays, sent as the payload sends them."""
    send = lambda array: base64.b64encode(array.numpy().astype("<f4").tobytes()).decode()  # noqa: E731
    data = {
        "images": {"nearest": send(sweep.image_nearest), "uv": send(sweep.image_uv)},
        "classes": {"nearest": send(sweep.class_nearest), "uv": send(sweep.class_uv)},
        "scores": {name: send(getattr(sweep, name)) for name in ("uu", "vu", "uv", "vv")},
    }
    script = """([data, scale, beta, gamma]) => {
        const decode = (part) => Object.fromEntries(Object.entries(part).map(([name, text]) => [name, floats(text)]));
        const decoded = Object.fromEntries(Object.entries(data).map(([name, part]) => [name, decode(part)]));
        return Array.from(probabilitiesAt(decoded, scale, beta, gamma === "inf" ? Infinity : gamma));
    }"""
    setting = "inf" if gamma == INFINITY else gamma
    return np.array(page.evaluate(script, [data, sweep.logit_scale, beta, setting])).reshape(40, 7)


@pytest.mark.parametrize(("beta", "gamma"), SETTINGS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_page_predicts_what_the_adapter_predicts(page, seed, beta, gamma):
    adapter, images, classes = random_problem(seed)
    found = page_probabilities(page, Sweep.of(adapter, images, classes), beta, gamma)
    expected = adapter.with_mask(beta=beta, gamma=gamma).logits(images, classes).softmax(dim=1)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_beta_zero_is_the_frozen_model_on_the_page_too(page):
    adapter, images, classes = random_problem(3)
    found = page_probabilities(page, Sweep.of(adapter, images, classes), 0.0, 20.0)
    np.testing.assert_allclose(found, (100 * images @ classes.T).softmax(dim=1).numpy(), atol=1e-5)


def test_a_missing_accuracy_leaves_no_harmonic_mean(page):
    assert page.evaluate("[harmonicMean(null, 50), harmonicMean(0, 0), harmonicMean(50, 100)]") == pytest.approx(
        [None, 0, 200 / 3]
    )


def test_changes_are_told_apart(page):
    cases = [[2, 1, 1], [1, 0, 1], [1, 1, 0], [2, 0, 1], [-1, 0, 1]]
    assert page.evaluate("(cases) => cases.map((c) => changeOf(...c))", cases) == [0, 1, 2, 3, 3]
