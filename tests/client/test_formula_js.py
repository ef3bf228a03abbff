"""The page's formula against the core's: the same numbers in both languages, from the payload to the probability."""

import base64
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch.nn import functional as F

from demo.payloads.arrays import scores
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.statistics.head import ClassStatistics
from llu_core.method.sweep import Sweep
from support.modules import module_page

pytestmark = pytest.mark.browser

INFINITY = float("inf")
SETTINGS = [
    (0.0, 20.0), (0.5, 0.0), (0.5, 20.0), (0.5, 3.7), (1.0, 5.0), (1.0, 0.0), (0.5, 500.0),
    (0.5, INFINITY), (1.0, INFINITY),
]  # fmt: skip


def random_settings(seed: int, count: int = 6) -> list[tuple[float, float]]:
    """beta anywhere, gamma over its whole range of magnitudes; both ends of gamma are among them."""
    chance = random.Random(seed)
    gammas = [0.0, INFINITY, *(10 ** chance.uniform(-1.5, 3) for _ in range(count - 2))]
    return [(chance.random(), gamma) for gamma in gammas]


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = module_page(chromium, "explorer/model/formula.js")
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


def with_statistics(adapter: LocalizedAdapter, classes: torch.Tensor, seed: int) -> LocalizedAdapter:
    """The adapter with the statistics of ten shots of five of the classes."""
    shots = rows(10, torch.Generator().manual_seed(100 + seed))
    return replace(adapter, statistics=ClassStatistics(shots, torch.arange(10) % 5, classes[:5], weight=5.0))


def sent(sweep: Sweep) -> dict:
    """The sweep's arrays as the payload sends them."""
    send = lambda array: base64.b64encode(array.numpy().astype("<f4").tobytes()).decode()  # noqa: E731
    return {
        "images": {"nearest": send(sweep.image_nearest), "uv": send(sweep.image_uv)},
        "classes": {"nearest": send(sweep.class_nearest), "uv": send(sweep.class_uv)},
        "scores": scores(sweep),
    }


def on_page(page: Page, expression: str, sweep: Sweep, beta: float, gamma: float, **values):
    """A JavaScript expression over data, scale, beta, gamma and further values."""
    script = """([data, values, gamma]) => {
        const decode = (part) => Object.fromEntries(Object.entries(part).map(([name, text]) => [name, floats(text)]));
        const decoded = Object.fromEntries(Object.entries(data).map(([name, part]) => [name, decode(part)]));
        decoded.logitScale = values.scale;
        const given = { ...values, data: decoded, gamma: gamma === "inf" ? Infinity : gamma };
        return new Function(...Object.keys(given), "return EXPRESSION")(...Object.values(given));
    }"""
    values = {"scale": sweep.logit_scale, "beta": beta} | values
    setting = "inf" if gamma == INFINITY else gamma
    return page.evaluate(script.replace("EXPRESSION", expression), [sent(sweep), values, setting])


def page_probabilities(page: Page, sweep: Sweep, beta: float, gamma: float) -> np.ndarray:
    """(40, 7): what the page makes of the sweep's arrays."""
    found = on_page(page, "Array.from(probabilitiesAt(data, scale, beta, gamma))", sweep, beta, gamma)
    return np.array(found).reshape(40, 7)


def without_update(side: LocalizedUpdate) -> LocalizedUpdate:
    """The same anchors, but g does nothing: this side stays frozen at any beta."""
    return LocalizedUpdate(AffineUpdate.identity(24), side.anchors)


@pytest.mark.parametrize(("beta", "gamma"), SETTINGS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_page_predicts_what_the_adapter_predicts(page: Page, seed: int, beta: float, gamma: float):
    adapter, images, classes = random_problem(seed)
    found = page_probabilities(page, Sweep.of(adapter, images, classes), beta, gamma)
    expected = adapter.with_mask(beta=beta, gamma=gamma).logits(images, classes).softmax(dim=1)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("seed", range(10, 16))
def test_the_page_agrees_anywhere_on_the_plane(page: Page, seed: int):
    adapter, images, classes = random_problem(seed)
    sweep = Sweep.of(adapter, images, classes)
    for beta, gamma in random_settings(seed):
        found = page_probabilities(page, sweep, beta, gamma)
        expected = adapter.with_mask(beta=beta, gamma=gamma).logits(images, classes).softmax(dim=1)
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("seed", range(40, 44))
def test_class_statistics_on_the_page_are_the_cores(page: Page, seed: int):
    bare, images, classes = random_problem(seed)
    adapter = with_statistics(bare, classes, seed)
    sweep = Sweep.of(adapter, images, classes)
    for beta, gamma in [*SETTINGS, (0.1, 5.0), *random_settings(seed)]:
        found = page_probabilities(page, sweep, beta, gamma)
        expected = adapter.with_mask(beta=beta, gamma=gamma).logits(images, classes).softmax(dim=1).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-4)
        without = bare.with_mask(beta=beta, gamma=gamma).logits(images, classes).softmax(dim=1).numpy()
        assert np.abs(expected - without).max() > 1e-3 or beta == 0


def test_far_from_all_that_was_taught_statistics_change_no_bit_on_the_page(page: Page):
    bare, images, classes = random_problem(44)
    far = F.pad(F.normalize(torch.randn(40, 8), dim=1), (24, 0))
    image, text = (
        LocalizedUpdate(AffineUpdate.identity(32), F.pad(side.anchors, (0, 8))) for side in (bare.image, bare.text)
    )
    texts = F.pad(classes, (0, 8))
    adapter = with_statistics(LocalizedAdapter(image, text), classes, 44)
    assert adapter.statistics is not None
    padded = F.pad(adapter.statistics.images, (0, 8))
    adapter = replace(adapter, statistics=replace(adapter.statistics, images=padded, texts=texts[:5]))
    found, clip = (
        on_page(page, "Array.from(probabilitiesAt(data, scale, beta, gamma))", Sweep.of(one, far, texts), 0.5, 5.0)
        for one in (adapter, replace(adapter, statistics=None))
    )
    assert found == clip
    near = Sweep.of(adapter, F.pad(images, (0, 8)), texts)
    assert near.statistics is not None
    assert near.statistics.abs().max() > 0.1


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("seed", range(20, 24))
def test_a_changed_lead_is_split_between_the_updates_and_the_statistics(page: Page, seed: int, counted: bool):
    bare, images, classes = random_problem(seed)
    adapter = with_statistics(bare, classes, seed) if counted else bare
    sweep = Sweep.of(adapter, images, classes)
    sides = {
        "all": adapter,
        "both": bare,
        "image": replace(bare, text=without_update(bare.text)),
        "text": replace(bare, image=without_update(bare.image)),
        "none": replace(bare, image=without_update(bare.image), text=without_update(bare.text)),
    }
    for row, (beta, gamma) in enumerate(random_settings(seed)):
        found = on_page(page, "explainMargin(data, row, 4, 1, beta, gamma)", sweep, beta, gamma, row=row)
        logits = {name: one.with_mask(beta=beta, gamma=gamma).logits(images, classes) for name, one in sides.items()}
        lead = {name: float(of[row, 4] - of[row, 1]) for name, of in logits.items()}
        near = lambda value: pytest.approx(value, abs=2e-4)  # noqa: E731
        assert found["from"] == near(lead["none"])
        assert found["to"] == near(lead["all"])
        assert found["statistics"] == near(lead["all"] - lead["both"])
        assert found["image"] == near((lead["image"] - lead["none"] + lead["both"] - lead["text"]) / 2)
        assert found["text"] == near((lead["text"] - lead["none"] + lead["both"] - lead["image"]) / 2)
        parts = found["image"] + found["text"] + found["statistics"]
        assert parts == pytest.approx(found["total"], abs=1e-12) == found["to"] - found["from"]


def test_the_lead_explained_is_the_one_the_page_predicts(page: Page):
    adapter, images, classes = random_problem(30)
    sweep = Sweep.of(adapter, images, classes)
    why = on_page(page, "explainMargin(data, 5, 2, 6, beta, gamma)", sweep, 0.6, 7.0)
    probabilities = page_probabilities(page, sweep, 0.6, 7.0)[5]
    assert why["to"] == pytest.approx(float(np.log(probabilities[2] / probabilities[6])), abs=1e-3)


def test_the_runner_up_is_the_second_best(page: Page):
    found = page.evaluate("[[.1, .9, .8], [.9, .1, .8], [.2, .2, .9]].map((r) => "
                          "runnerUp(r, 0, 3, r.indexOf(Math.max(...r))))")  # fmt: skip
    assert found == [2, 2, 0]
    assert page.evaluate("runnerUp([.5], 0, 1, 0)") == -1


def test_beta_zero_is_the_frozen_model_on_the_page_too(page: Page):
    adapter, images, classes = random_problem(3)
    found = page_probabilities(page, Sweep.of(adapter, images, classes), 0.0, 20.0)
    np.testing.assert_allclose(found, (100 * images @ classes.T).softmax(dim=1).numpy(), atol=1e-5)


def test_a_missing_accuracy_leaves_no_harmonic_mean(page: Page):
    assert page.evaluate("[harmonicMean(null, 50), harmonicMean(0, 0), harmonicMean(50, 100)]") == pytest.approx(
        [None, 0, 200 / 3]
    )


def test_changes_are_told_apart(page: Page):
    cases = [[2, 1, 1], [1, 0, 1], [1, 1, 0], [2, 0, 1], [-1, 0, 1]]
    assert page.evaluate("(cases) => cases.map((c) => changeOf(...c))", cases) == [0, 1, 2, 3, 3]
