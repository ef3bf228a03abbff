"""The page's numbers of other things against the core's: accuracy elsewhere and names moved, from the payload on."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from demo.payloads.explorer import explorer_payload
from demo.session.model import Model, build_model
from demo.session.session import Session
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.elsewhere.names import EverydayNames
from llu_core.method.recipes import RECIPES
from support.elsewhere import control
from support.modules import module_page
from support.synthetic import problem, random_adapter, unit_rows
from support.toy_encoder import ToyEncoder

pytestmark = pytest.mark.browser

INFINITY = float("inf")
SETTINGS = [(0.0, 20.0), (0.5, 0.0), (0.5, 20.0), (1.0, 0.0), (1.0, 1.0), (1.0, 5.0), (0.7, 3.3), (1.0, INFINITY)]


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = module_page(chromium, "explorer/model/payload.js", "explorer/model/summary.js", "explorer/model/plane.js")
    yield page
    page.close()


def model_with_things(seed: int) -> Model:
    controls = control("few", classes=3, pictures=17, seed=seed), control("many", classes=8, pictures=60, seed=seed + 9)
    shots = replace(problem(seed=seed), controls=controls)
    trained = TrainedAdapter.of(shots, random_adapter(32, 6, seed=seed), RECIPES["fast"])
    everyday = EverydayNames.of([f"name {k}" for k in range(200)], unit_rows(200, 32, seed + 50))
    return build_model(trained, shots, source=None, seconds=None, everyday=everyday)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_elsewhere_on_the_page_is_what_the_core_has(page: Page, seed: int):
    model = model_with_things(seed)
    payload = json.loads(explorer_payload(Session(ToyEncoder(), "toy", model=model)))
    script = """([payload, settings]) => {
        const data = decodePayload(payload);
        const clip = new Int32Array(data.n);
        return settings.map(([beta, gamma]) => outcomeAt(data, clip, beta, Number(gamma)));
    }"""
    settings = [[beta, "Infinity" if gamma == INFINITY else gamma] for beta, gamma in SETTINGS]
    found = page.evaluate(script, [payload, settings])
    assert model.everyday is not None
    for (beta, gamma), outcome in zip(SETTINGS, found, strict=True):
        assert outcome["elsewhere"] == pytest.approx(model.elsewhere.accuracy(beta=beta, gamma=gamma), abs=0.05)
        assert outcome["names"] == model.everyday.count(beta=beta, gamma=gamma), (beta, gamma)
    assert len({outcome["elsewhere"] for outcome in found}) > 2
    assert len({outcome["names"] for outcome in found}) > 2


def test_the_plane_elsewhere_is_the_cores(page: Page):
    model = model_with_things(4)
    payload = json.loads(explorer_payload(Session(ToyEncoder(), "toy", model=model)))
    betas, gammas = [0.0, 0.5, 1.0], [0.0, 2.0, 20.0]
    script = """([payload, betas, gammas]) => {
        const job = startPlane(decodePayload(payload), betas, gammas);
        stepPlane(job);
        return planeAccuracies(job).elsewhere;
    }"""
    found = page.evaluate(script, [payload, betas, gammas])
    assert found == pytest.approx(model.elsewhere.plane(betas, gammas).flatten().tolist(), abs=0.05)
