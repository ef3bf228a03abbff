"""The page without a mouse, without colours of its own, and as axe-core judges it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from support.app_fixtures import DESKTOP, PATIENCE
from support.pages import open_app, open_mode, open_save

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """What axe-core finds grave: rule, place, and its reason."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{fault['id']} at {node['target']}: {node['failureSummary']}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_any_mode(fresh_page: Page, app_address: str, theme: str):
    page = open_app(fresh_page, f"{app_address}?__theme={theme}")
    found = {}
    for mode in ("explore", "teach", "ask", "lesson"):
        open_mode(page, mode)
        found[mode] = faults(page)
    open_save(page)
    found["save"] = faults(page)
    assert not any(found.values()), found


def test_axe_finds_nothing_grave_on_a_phone(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert faults(page) == []
    page.set_viewport_size(DESKTOP)


def stop(page: Page) -> str:
    """The id, the mode or the class of what has the keyboard."""
    return page.evaluate("(({ id, dataset, className }) => id || dataset.mode || className)(document.activeElement)")


def press_until(page: Page, key: str, wanted: str, most: int) -> None:
    """Press a key until something has the keyboard; fails after `most` times."""
    passed = []
    for _ in range(most):
        page.keyboard.press(key)
        passed.append(stop(page))
        if passed[-1] == wanted:
            return
    raise AssertionError(f"{wanted} is not among {passed}")


def test_sliders_and_train_are_a_few_stops_from_the_start(page: Page):
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    press_until(page, "Tab", "beta-slider", 6)
    press_until(page, "Tab", "gamma-slider", 2)
    page.reload()
    page.wait_for_function("window.lluExplorer && lluExplorer.state().id")
    expect(page.locator("#model-line summary")).to_be_visible()
    press_until(page, "Tab", "explore", 4)  # past the way to the sliders, the example, and who reads the pictures
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "train", 1)


def test_the_class_cards_are_one_stop_with_arrow_keys_between_them(page: Page):
    open_mode(page, "teach")
    cards = page.locator("#cards .card")
    expect(page.locator("#cards .card[tabindex='0']")).to_have_count(1)
    cards.first.focus()
    page.keyboard.press("ArrowDown")
    expect(cards.nth(1)).to_be_focused()
    assert cards.nth(1).evaluate("card => getComputedStyle(card).outlineStyle") != "none"
    page.keyboard.press("End")
    expect(cards.last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(cards.first.locator("input.name")).to_be_focused()
    page.keyboard.press("Tab")
    expect(cards.first.locator(".delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(cards.first).to_be_focused()
    expect(page.locator("#teach")).to_be_visible()
    reached = page.evaluate("""() => [...document.querySelectorAll("#cards .card")].filter((card) =>
        [card, ...card.querySelectorAll("input, button, select")].some((node) => node.tabIndex === 0)).length""")
    assert reached == 1


def test_the_arrow_keys_of_the_map_are_heard(page: Page):
    page.locator("#explorer-map").focus()
    page.keyboard.press("ArrowRight")
    said = page.locator(".map-said")
    expect(said).to_contain_text("CLIP says")
    expect(said).to_have_attribute("aria-live", "polite")
    name = page.locator(".selected .name").inner_text()
    expect(said).to_contain_text(name)


def test_what_the_hand_aims_at_is_large_enough(page: Page):
    small = """() => [...document.querySelectorAll("#bar button, #page button, select, summary, [role=tab]")]
        .filter((node) => node.checkVisibility()).map((node) => [node, node.getBoundingClientRect()])
        .filter(([, { width, height }]) => width && (width < 24 || height < 24))
        .map(([node, { width, height }]) => `${node.id || node.className} ${width} x ${height}`)"""
    for mode in ("explore", "teach", "ask", "lesson"):
        open_mode(page, mode)
        assert page.evaluate(small) == []
    open_save(page)
    assert page.evaluate(small) == []


@pytest.fixture
def forced(chromium: Browser, app_address: str) -> Iterator[Page]:
    """The page in a browser whose user has chosen the colours."""
    context = chromium.new_context(viewport=DESKTOP, forced_colors="active", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    yield open_app(page, app_address)
    context.close()


BACKGROUND = "node => { const look = getComputedStyle(node); return look.backgroundImage + look.backgroundColor; }"
LOOK = """node => {
    const { borderColor, borderWidth, outline } = getComputedStyle(node);
    return [borderColor, borderWidth, outline].join();
}"""
COLOURS = """selector => {
    const canvas = document.querySelector(selector);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 3).join())).size;
}"""


def test_forced_colours_keep_what_the_page_says(forced: Page):
    page = forced
    page.wait_for_function("lluExplorer.state().projection === 'UMAP' && lluExplorer.state().resting")
    for mark in (".ramp", ".bar.llu", ".why-bar", ".bar-key .llu"):
        assert page.locator(f"#explorer {mark}").first.evaluate(BACKGROUND) not in ("none", "nonergba(0, 0, 0, 0)")
    for canvas in (".map-points", ".reach canvas"):
        assert page.evaluate(COLOURS, f"#explorer {canvas}") > 3
    pressed = page.locator(".modes [aria-pressed=true]")
    other = page.locator(".modes [aria-pressed=false]").first
    assert pressed.evaluate(LOOK) != other.evaluate(LOOK)
    preset = page.locator(".preset").first
    before = preset.evaluate(LOOK)
    preset.click()
    expect(preset).to_have_attribute("aria-pressed", "true")
    assert preset.evaluate(LOOK) != before
    assert page.locator(".map-overlay text, .map-points").count() > 0


def test_nothing_moves_by_itself_for_those_who_asked_for_that(forced: Page):
    forced.locator(".preset").last.click()
    forced.wait_for_function("lluExplorer.state().gamma === Infinity")
    running = """() => document.querySelector("#explorer").getAnimations({ subtree: true })
        .filter(({ playState }) => playState === "running").length"""
    assert forced.evaluate(running) == 0
    forced.wait_for_function("lluExplorer.state().resting")
