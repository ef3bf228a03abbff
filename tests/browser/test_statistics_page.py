"""The switch of class statistics: the page has the server's numbers with them and without them."""

import zipfile
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page, expect

from llu_core.method.checkpoint import TrainedAdapter
from support.pages import open_app, open_mode, open_save, state

pytestmark = pytest.mark.browser

DIGITS = "Handwritten digits"
KINDS = ("seen", "unseen", "elsewhere")


def asked_of_the_server(address: str) -> dict[bool, list[float]]:
    """What another visitor, a program, is told after the same training, with statistics and without them."""
    client = Client(address, verbose=False)
    client.predict(DIGITS, api_name="/load_example")
    client.predict("best", api_name="/train")
    told = {on: client.predict(on, api_name="/set_statistics")["trained"] for on in (False, True)}
    client.close()
    return {on: [*each["llu"].values(), each["elsewhere"]["llu"]] for on, each in told.items()}


@pytest.fixture
def page(fresh_page: Page, app_address: str) -> Page:
    """The digits, trained with the recipe best by hand."""
    page = open_app(fresh_page, f"{app_address}#set={DIGITS.replace(' ', '%20')}")
    page.wait_for_function(f"document.querySelector('#preset input').value === '{DIGITS}'")
    expect(page.locator(".statistics-choice")).to_be_hidden()
    open_mode(page, "teach")
    page.get_by_role("button", name="Training speed").click()
    page.locator("#speed").get_by_label("best").check()
    page.locator("#train").click()
    page.wait_for_function("lluExplorer.state().statistics === true")
    open_mode(page, "explore")
    return page


def tiles(page: Page, on: bool) -> list[float]:
    page.wait_for_function(f"lluExplorer.state().statistics === {str(on).lower()}")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [state(page, f"tiles.{kind}") for kind in KINDS]


def saved_without_statistics(page: Page, folder: Path) -> bool:
    """Whether a download leaves them out, at the latest once the server has heard of the switch."""
    for attempt in range(20):
        with page.expect_download() as waiting:
            page.locator("#download").click()
        with zipfile.ZipFile(waiting.value.path()) as archive:
            archive.extractall(folder / str(attempt))
        if TrainedAdapter.from_pretrained(folder / str(attempt)).adapter.statistics is None:
            return True
        page.wait_for_timeout(250)
    return False


def test_the_switch_gives_the_servers_numbers_and_reaches_what_is_saved(page: Page, app_address: str, tmp_path: Path):
    expected, switch = asked_of_the_server(app_address), page.locator("#statistics-switch")
    assert expected[True] != expected[False]
    expect(switch).to_be_checked()
    assert [state(page, part) for part in ("beta", "gamma")] == [0.2, 0]
    assert tiles(page, True) == pytest.approx(expected[True], abs=0.11)
    expect(page.locator(".why-statistics")).to_be_visible()
    switch.uncheck()
    assert tiles(page, False) == pytest.approx(expected[False], abs=0.11)
    expect(page.locator(".why-statistics")).to_be_hidden()
    page.wait_for_function("location.hash.includes('statistics=off')")
    open_save(page)
    assert saved_without_statistics(page, tmp_path)
    switch.check()
    assert tiles(page, True) == pytest.approx(expected[True], abs=0.11)


def test_the_plane_and_the_lesson_follow_the_switch(page: Page):
    page.locator("#tab-plane").click()
    readings = []
    for on in (True, False):
        page.locator("#statistics-switch").set_checked(on)
        page.wait_for_function("lluExplorer.state().tabs.plane.ready")
        readings.append(page.locator(".plane-figure .plane-scale").all_inner_texts())
    assert readings[0] != readings[1]
    open_mode(page, "lesson")
    page.locator(".lesson-step").nth(1).click()
    expect(page.locator(".lesson-question")).not_to_be_empty()
    for on in (True, False):
        page.locator("#statistics-switch").set_checked(on)
        page.locator(".lesson-marker").fill("50")
        page.locator(".lesson-confirm").click()
        expect(page.locator(".lesson-outcome")).to_contain_text("goes from")
        told = page.locator(".lesson-outcome").inner_text()
        assert ("Class statistics are on" in told) is on
        assert f"{state(page, 'tiles.elsewhere'):.1f}" in told


def test_the_switch_is_in_reach_of_keyboard_and_ear(page: Page):
    switch = page.get_by_role("checkbox", name="Class statistics")
    switch.focus()
    page.keyboard.press("Space")
    page.wait_for_function("lluExplorer.state().statistics === false")
    page.locator("#reset-settings").click()
    expect(switch).to_be_checked()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(switch).to_be_in_viewport()
