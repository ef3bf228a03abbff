"""The page's formula of several sets against the core's composition, on two built-in sets, from the payload on."""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from demo.payloads.explorer import explorer_payload
from demo.payloads.shelf import shelf_summary
from demo.session.session import Session
from demo.session.shelf import shelving
from demo.session.shelf.members import OWN
from demo.session.shelf.shelf import Mask
from demo.session.shelf.together import together
from llu_core.method.composition.composition import Composition
from support.modules import module_page
from support.shelves import SHELVED, two_sets

pytestmark = pytest.mark.browser

INFINITY = float("inf")
SETTINGS = [(0.0, 5.0), (0.5, 20.0), (1.0, 0.0), (1.0, 5.0), (0.1, 3.7), (1.0, INFINITY)]
MASKS = [(setting, setting) for setting in SETTINGS] + list(zip(SETTINGS, [*SETTINGS[2:], *SETTINGS[:2]], strict=True))
READ = """(payload) => { window.data = decodePayload(payload); }"""
SWITCH = """([own, other]) => { switchSet(data, "", own); switchSet(data, "Coloured shapes, sketched", other); }"""
PREDICT = """([masks, counted]) => {
    countStatistics(data, counted);
    data.shelf.able.forEach((set, s) => Object.assign(set, { beta: masks[s][0], gamma: Number(masks[s][1]) }));
    const { beta, gamma } = data.shelf.able[data.shelf.moved];
    return Array.from(probabilitiesOf(data, beta, gamma));
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    modules = ("payload", "problems", "summary", "formula", "shelf/sets", "shelf/composed", "shelf/masks")
    page = module_page(chromium, *(f"explorer/model/{name}.js" for name in modules))
    page.evaluate(READ, json.loads(explorer_payload(two_sets())))
    yield page
    page.close()


def predicted(page: Page, own: Mask, other: Mask, *, counted: bool = True) -> np.ndarray:
    masks = [[beta, "Infinity" if gamma == INFINITY else gamma] for beta, gamma in (own, other)]
    found = page.evaluate(PREDICT, [masks, counted])
    return np.array(found).reshape(-1, page.evaluate("data.classes.names.length"))


def expected(
    session: Session, masks: tuple[Mask, Mask], on: tuple[bool, bool], *, counted: bool = True
) -> torch.Tensor:
    joined = together(session)
    assert joined is not None
    pairs = zip(joined.trained, masks, strict=True)
    adapters = [each.adapter.with_mask(beta=beta, gamma=gamma) for each, (beta, gamma) in pairs]
    bare = adapters if counted else [replace(each, statistics=None) for each in adapters]
    acting = tuple(each for each, acts in zip(bare, on, strict=True) if acts)
    images = torch.cat([part.embeddings for part in joined.parts])
    return Composition(acting).logits(images, joined.shots.class_embeddings).softmax(dim=1)


@pytest.mark.parametrize("on", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("masks", MASKS)
def test_the_page_answers_as_the_composition(page: Page, masks: tuple[Mask, Mask], on: tuple[bool, bool]):
    page.evaluate(SWITCH, list(on))
    for counted in (True, False):
        found = predicted(page, *masks, counted=counted)
        wanted = expected(two_sets(), masks, on, counted=counted)
        np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


def test_the_sets_do_something_to_each_other(page: Page):
    page.evaluate(SWITCH, [True, True])
    both = predicted(page, (1.0, 5.0), (1.0, 5.0))
    assert np.abs(both - predicted(page, (1.0, 5.0), (0.1, 5.0))).max() > 0.5
    page.evaluate(SWITCH, [True, False])
    alone = predicted(page, (1.0, 5.0), (1.0, 5.0))
    assert np.abs(both - alone).max() > 0.5
    np.testing.assert_array_equal(predicted(page, (1.0, 5.0), (0.1, 5.0)), alone)  # a set that is off has no say


def test_without_any_set_the_page_has_the_frozen_models_answers(page: Page):
    page.evaluate(SWITCH, [True, True])
    frozen = predicted(page, (0.0, 5.0), (0.0, 3.0))
    page.evaluate(SWITCH, [False, False])
    np.testing.assert_array_equal(predicted(page, (1.0, 0.0), (0.4, 0.0)), frozen)


def test_one_set_alone_has_the_very_numbers_of_the_plain_formula(page: Page):
    plain = """([s, beta, gamma]) => {
        const [{ parts, n }] = data.problems;
        const places = parts.statistics.length + 1;
        const [uu, vu, uv, vv] = [0, (s + 1) * places, s + 1, (s + 1) * (places + 1)].map((at) => parts.products[at]);
        const side = ({ nearest, pairs }) => ({ nearest: nearest[s], uv: pairs[s] });
        const sweep = {
            images: side(parts.images), classes: side(parts.classes),
            scores: { uu, vu, uv, vv, statistics: parts.statistics[s] },
        };
        return Array.from(probabilitiesAt(sweep, data.logitScale, beta, gamma));
    }"""
    for s, on in ((0, [True, False]), (1, [False, True])):
        page.evaluate(SWITCH, on)
        alone = np.array(page.evaluate(plain, [s, 0.8, 4.0])).reshape(-1, page.evaluate("data.classes.names.length"))
        masks = [(0.8, 4.0), (0.3, 1.0)] if s == 0 else [(0.3, 1.0), (0.8, 4.0)]
        np.testing.assert_array_equal(predicted(page, *masks), alone)


def test_each_sets_accuracies_elsewhere_and_names_are_the_cores(page: Page):
    session = two_sets()
    joined = together(session)
    assert joined is not None
    assert joined.everyday is not None
    names, places = joined.everyday
    for own, other in ((True, True), (True, False), (False, True), (False, False)):
        resting = [name for name, on in ((OWN, own), (SHELVED, other)) if not on]
        now = shelving.move_set(shelving.set_resting(session, resting), SHELVED, 0.6, 3.0)
        page.evaluate(SWITCH, [own, other])
        predicted(page, (1.0, 5.0), (0.6, 3.0))
        page.evaluate("() => countStatistics(data, true)")
        told = page.evaluate("summariseSets(data, answersAt(data, 1, 5))")
        summary = shelf_summary(now)
        assert summary is not None
        assert [each["llu"] for each in summary["sets"]] == [pytest.approx(each, abs=0.3) for each in told]
        outcome = page.evaluate("outcomeAt(data, answersAt(withoutSets(data), 0, 0), 1, 5)")
        setting = [(1.0, 5.0), (0.6, 3.0)], (own, other)
        right = [
            100 * (sweep.predictions(*setting) == control.pictures.labels).float().mean().item()
            for sweep, control in zip(joined.elsewhere, joined.controls, strict=True)
        ]
        assert outcome["elsewhere"] == pytest.approx(sum(right) / len(right), abs=0.5)
        moved = int((places.kept(*setting) < names.thresholds).sum())
        assert outcome["names"] == pytest.approx(moved, abs=1)


def test_what_is_nearest_is_of_the_sets_that_act(page: Page):
    joined = together(two_sets())
    assert joined is not None
    for on, columns in (([True, True], [0, 1]), ([False, True], [1])):
        page.evaluate(SWITCH, on)
        near = joined.sweep.images.nearest[:, columns].amax(dim=1)
        found = np.array(page.evaluate("Array.from(data.images.nearest)"))[: len(near)]
        np.testing.assert_allclose(found, near.numpy(), atol=1e-6)
        owners = np.array(page.evaluate("Array.from(data.shelf.nearest.images)"))[: len(near)]
        assert set(owners.tolist()) == set(columns)
        rows = page.evaluate("data.images.nearestAnchor.map((anchor) => data.anchors.image[anchor])")
        if 0 in columns:  # the shots of the page's set are its anchors
            assert all(rows[row] == row for row in range(len(two_sets().require_model().shots.train)))


def test_the_lead_explained_is_the_one_the_page_predicts(page: Page):
    page.evaluate(SWITCH, [True, True])
    probabilities = predicted(page, (1.0, 5.0), (0.6, 3.0))[300]
    why = page.evaluate(
        """() => {
            const sweeps = makeSweeps(data);
            sweepAll(sweeps, data, 1, 5);
            return explainComposed(sweeps.workspaces[0], data.problems[0], 300, 13, 1);
        }"""
    )
    assert why["to"] == pytest.approx(float(np.log(probabilities[13] / probabilities[1])), abs=1e-2)
    assert why["image"] + why["text"] + why["statistics"] == pytest.approx(why["to"] - why["from"])


def test_masks_and_shares_that_stay_from_frame_to_frame_are_those_of_a_fresh_sweep(page: Page):
    steps = """() => {
        const kept = makeSweeps(data);
        const apart = [[1, 5], [0.4, 5], [0.4, 0], [1, 5]].flatMap(([beta, gamma], at) => {
            switchSet(data, "Coloured shapes, sketched", at !== 2);
            Object.assign(data.shelf.able[1], { beta: at < 2 ? 0.7 : 0.2, gamma: 3 });
            const fresh = makeSweeps(data);
            for (const sweeps of [kept, fresh]) sweepAll(sweeps, data, beta, gamma);
            const same = (one, other) => one.scores.every((score, i) => score === other.scores[i]);
            return kept.workspaces.map((one, p) => same(one, fresh.workspaces[p]));
        });
        return apart.every(Boolean);
    }"""
    page.evaluate(SWITCH, [True, True])
    assert page.evaluate(steps)
