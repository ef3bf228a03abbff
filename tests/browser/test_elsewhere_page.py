"""What an update costs elsewhere, on the page: the tile, the strip, the map, the lists."""

import pytest
from playwright.sync_api import Page, expect

from support.pages import move

pytestmark = pytest.mark.browser


def at(page: Page, beta: float, gamma: float) -> dict:
    """The tiles' numbers at one setting."""
    page.evaluate(f"() => {{ lluExplorer.setBeta({beta}); lluExplorer.setGamma({gamma}); }}")
    page.wait_for_function(f"document.querySelector('#gamma-number').value === '{gamma:g}'")
    return page.evaluate("lluExplorer.state().tiles")


def test_the_tile_moves_with_gamma_and_shows_the_trade(page: Page):
    tile = page.locator("#tile-elsewhere .value")
    assert at(page, 0.0, 5.0)["elsewhere"] == pytest.approx(97, abs=1)
    assert at(page, 1.0, 5.0)["elsewhere"] >= 95.5
    expect(page.locator("#tile-elsewhere .base")).to_contain_text("0 of 450 names moved")
    before = tile.inner_text()
    move(page, "gamma-slider", -60)
    expect(tile).not_to_have_text(before, use_inner_text=True)
    found = page.evaluate("lluExplorer.state().tiles")
    assert found["elsewhere"] <= 65
    assert found["names"] > 100
    assert tile.inner_text() == f"{found['elsewhere']:.1f}"
    expect(page.locator(".caption")).to_contain_text(f"elsewhere falls to {found['elsewhere']:.1f}".rstrip("0"))


def test_the_verdict_does_not_move_with_the_sliders(page: Page):
    verdict = page.locator(".selected .verdict")
    expect(verdict).to_contain_text("amiliar")
    before = verdict.inner_text()
    at(page, 1.0, 0.0)
    at(page, 0.3, 20.0)
    expect(verdict).to_have_text(before)


def test_pictures_elsewhere_are_shown_when_asked_for_and_answer_among_their_own_classes(page: Page):
    legend = page.locator(".legend-shapes [data-kind=elsewhere]")
    expect(legend).to_have_attribute("aria-pressed", "false")
    legend.click()
    expect(legend).to_have_attribute("aria-pressed", "true")
    page.locator("#tab-table").click()
    page.locator(".table-part").select_option("3")
    expect(page.locator(".table-range")).to_have_text("Pictures 1 to 25 of 322")
    row = page.locator("#panel-table tbody tr").first
    truth = row.locator(".cell-truth").inner_text()
    row.locator("button").click()
    expect(page.locator(".selected .kind")).to_contain_text("elsewhere:")
    expect(page.locator(".selected .truth")).to_have_text(truth)
    expect(page.locator(".bar-row.truth .bar-name")).to_have_text(truth)


def test_names_and_lists_tell_of_it_too(page: Page):
    at(page, 1.0, 0.0)
    page.locator(".reach-sides [data-value=classes]").click()
    expect(page.locator(".reach-readout")).to_contain_text("everyday names moved noticeably")
    page.locator("#tab-changed").click()
    page.locator(".changed-part [data-value=elsewhere]").click()
    assert int(page.locator(".changed-broken .count").inner_text()) > 50
    page.locator("#tab-plane").click()
    page.wait_for_function("lluExplorer.state().tabs.plane.ready")
    expect(page.locator(".plane-elsewhere")).not_to_have_class("waiting")
