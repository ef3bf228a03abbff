"""Several sets on the page: an example joins, is switched off and on, and leaves everything as it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from llu_core.method.composition.saved import TrainedComposition, load_saved
from support.app_fixtures import new_page
from support.pages import box_of, move, open_app, open_mode, open_save, state, tile

pytestmark = pytest.mark.browser

SHAPES = "Coloured shapes, sketched"
SIZES = ((1440, 900), (1024, 768), (390, 844))
TILES = ("seen", "unseen", "elsewhere", "changed")


@pytest.fixture
def page(profile: BrowserContext, app_address: str) -> Iterator[Page]:
    page, errors = new_page(profile)
    yield open_app(page, app_address)
    page.close()
    assert errors == []


def add_example(page: Page, title: str) -> None:
    """Put an example on the shelf by the panel in the drawer, and wait until it acts."""
    open_mode(page, "teach")
    if not page.locator("#put-on-shelf").is_visible():
        page.locator("#shelf-panel > button").click()
    page.locator("#shelf-example input").click()
    page.get_by_role("option", name=title).click()
    page.locator("#add-example").click()
    page.wait_for_function("title => lluExplorer.state().sets?.some((set) => set.title === title)", arg=title)
    open_mode(page, "explore")


def await_frame(page: Page) -> None:
    """Wait until what was moved or switched is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown(page: Page) -> dict[str, Any]:
    """What the page tells in numbers, once its frame is drawn."""
    await_frame(page)
    return {name: tile(page, name) for name in TILES}


def give_sliders(page: Page, title: str) -> None:
    page.locator("button.shelf-name", has_text=title).click()


def settings(page: Page) -> list[tuple[float, float]]:
    return [(each["beta"], each["gamma"]) for each in state(page, "sets")]


def switch(page: Page, title: str) -> None:
    page.get_by_role("checkbox", name=title).click()


def test_an_example_joins_is_switched_and_leaves_the_numbers_as_they_were(page: Page):
    expect(page.locator(".shelf")).to_be_hidden()
    alone = shown(page)
    add_example(page, SHAPES)
    both = shown(page)
    assert both["seen"] != alone["seen"]
    expect(page.locator(".shelf-set")).to_have_count(2)
    expect(page.locator(".legend-swatches")).to_contain_text(SHAPES)
    told = page.locator(".shelf-set").nth(1)
    expect(told.locator(".shelf-taught")).to_contain_text("taught 0.5 \u2192")
    taught = state(page, "accuracies.sets")[1]["seen"]
    switch(page, SHAPES)
    assert shown(page)["seen"] != both["seen"]
    assert state(page, "accuracies.sets")[1]["seen"] < taught
    switch(page, SHAPES)
    assert shown(page) == both
    page.get_by_role("button", name=f"Take {SHAPES} off the shelf").click()
    page.wait_for_function("!lluExplorer.state().sets")
    assert shown(page) == alone
    expect(page.locator(".shelf")).to_be_hidden()
    expect(page.locator("#colour-by")).to_have_value("alpha")


def test_a_program_and_the_page_say_the_same_of_every_set(page: Page, app_address: str):
    add_example(page, SHAPES)
    switch(page, "New words")
    give_sliders(page, SHAPES)
    move(page, "gamma-slider", 3)
    await_frame(page)
    here, gamma = state(page, "accuracies.sets"), state(page, "gamma")
    from gradio_client import Client

    client = Client(app_address, verbose=False)
    client.predict(SHAPES, api_name="/add_example_to_shelf")
    before = client.predict(api_name="/summary")
    moved = client.predict(1.0, gamma, SHAPES, api_name="/set_mask")
    assert moved["trained"] == before["trained"]
    told = client.predict("", False, api_name="/switch_set")["shelf"]["sets"]
    assert [(each["beta"], each["gamma"]) for each in told] == [(1, 5), (1, gamma)]
    for one, other in zip(here, told, strict=True):
        assert one == pytest.approx(other["llu"], abs=0.3)
    assert client.predict(SHAPES, api_name="/take_off_shelf")["shelf"] is None
    client.close()


def test_the_switches_are_reached_by_keys_are_large_enough_and_nothing_leaves_its_place(page: Page):
    add_example(page, SHAPES)
    box = page.get_by_role("checkbox", name="New words")
    box.focus()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name=SHAPES)).to_be_focused()
    page.keyboard.press("Tab")
    name = page.locator("button.shelf-name").nth(1)
    expect(name).to_be_focused()
    page.keyboard.press("Enter")
    expect(name).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name=f"strength {SHAPES}")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator(".shelf-off")).to_be_focused()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("() => { window.scrollTo(0, 0); return new Promise((done) => setTimeout(done, 300)); }")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for part in ("#gamma-slider", "#tile-seen", ".reach"):
            expect(page.locator(part).first).to_be_in_viewport(ratio=1)
        area, controls = box_of(page.locator("#explorer-map")), box_of(page.locator(".controls"))
        end = min(area["y"] + area["height"], controls["y"] if controls["y"] > area["y"] else height)
        assert (end - area["y"]) / area["height"] >= 0.6
        for part in (page.locator(".shelf-switch").first, name, page.locator(".shelf-off")):
            assert box_of(part)["height"] >= 24
            assert box_of(part)["width"] >= 24


def test_what_is_about_one_set_says_so_and_what_acts_is_saved(page: Page, tmp_path: Path):
    add_example(page, SHAPES)
    for name in ("plane", "walk", "methods"):
        page.locator(f"#tab-{name}").click()
        expect(page.locator(f"#panel-{name} .one-set")).to_be_visible()
        expect(page.locator(f"#panel-{name} > :not(.one-set)").first).to_be_hidden()
    open_save(page)
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "both.zip")
    page.keyboard.press("Escape")
    open_mode(page, "teach")
    reopen = page.locator("#reopen input[type=file]")
    reopen.set_input_files(tmp_path / "both.zip")
    refused = page.get_by_text(f"{SHAPES} is on the shelf already; take it off there first")
    expect(refused).to_be_visible()
    assert len(state(page, "sets")) == 2  # nothing is lost


def test_the_sliders_move_the_set_that_they_are_about_and_the_file_has_every_sets_own(page: Page, tmp_path: Path):
    add_example(page, SHAPES)
    assert settings(page) == [(1, 5), (1, 5)]
    page.locator(".preset", has_text="Very near").click()
    assert settings(page) == [(1, 20), (1, 5)]
    give_sliders(page, SHAPES)
    expect(page.locator(".shelf-name[aria-pressed=true]")).to_contain_text(SHAPES)
    expect(page.locator("#gamma-number")).to_have_value("5")
    before = shown(page)
    page.locator(".preset", has_text="Everywhere").click()
    assert settings(page) == [(1, 20), (1, 0)]
    assert shown(page) != before
    expect(page.locator(".shelf-name").nth(1)).to_contain_text("\u03b2 1, \u03b3 0")
    page.wait_for_function("location.hash.includes('gamma=20')")  # the address is about the set on the page
    open_save(page)
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "both.zip")
    saved = load_saved(tmp_path / "both.zip")
    assert isinstance(saved, TrainedComposition)
    assert [(each.adapter.beta, each.adapter.gamma) for each in saved.sets] == [(1, 20), (1, 0)]
