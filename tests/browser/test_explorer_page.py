"""The explorer in a real browser: the hand on sliders, map, tabs and links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support.app_fixtures import new_page
from support.pages import box_of, move, open_app, open_save, start_over, state

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(profile: BrowserContext, app_address: str) -> Iterator[tuple[Page, list[str]]]:
    """A page for all tests here that only move what is on it, and the list of its JavaScript errors."""
    page, errors = new_page(profile)
    yield open_app(page, app_address), errors
    page.close()


@pytest.fixture
def page(opened: tuple[Page, list[str]]) -> Iterator[Page]:
    page, errors = opened
    yield start_over(page)
    assert errors == []


def wait_for_the_map_at_rest(page: Page) -> None:
    """Wait until UMAP's places are taken and the points no longer move towards them; the map is then in the window."""
    page.wait_for_function("lluExplorer.state().projection === 'UMAP' && lluExplorer.state().resting")
    page.locator("#explorer-map").evaluate("map => map.scrollIntoView({ block: 'center', behavior: 'instant' })")


def test_a_preset_moves_sliders_map_and_tiles(page: Page):
    trained = page.locator("#gamma-number").input_value()
    page.get_by_role("button", name="CLIP no update").click()
    page.wait_for_function("lluExplorer.state().tiles.changed === 0")
    page.get_by_role("button", name="Shots only").click()
    expect(page.locator("#gamma-number")).to_have_value("\u221e")
    page.locator("#reset-settings").click()
    expect(page.locator("#gamma-number")).to_have_value(trained)


def test_a_number_being_typed_survives_a_repaint(page: Page):
    trained = page.locator("#gamma-number").input_value()
    page.locator("#gamma-number").fill("3")
    page.evaluate("lluExplorer.select(1)")
    page.wait_for_function("lluExplorer.state().selected === 1")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.locator("#gamma-number").press("Enter")
    page.wait_for_function("lluExplorer.state().gamma === 3")
    page.locator("#reset-settings").click()
    expect(page.locator("#gamma-number")).to_have_value(trained)


def test_two_settings_changed_within_a_frame_both_hold(page: Page):
    page.evaluate("""() => {
        const [slider, box] = ["#beta-slider", "#gamma-number"].map((id) => document.querySelector(id));
        slider.value = 1;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        box.value = "0";
        box.dispatchEvent(new Event("change", { bubbles: true }));
    }""")
    assert [state(page, "beta"), state(page, "gamma")] == [1, 0]


def test_a_click_on_the_map_selects_and_the_card_says_why(page: Page):
    wait_for_the_map_at_rest(page)
    before = state(page, "selected")
    # The last test picture: the click must change the selection.
    page.mouse.click(*page.evaluate("lluExplorer.where(lluExplorer.predict(0, 0).length / 12 - 1)"))
    page.wait_for_function("before => lluExplorer.state().selected !== before", arg=before)
    expect(page.locator(".selected .answer").first).not_to_be_empty()
    why = state(page, "why")
    assert why["image"] + why["text"] == pytest.approx(why["total"], abs=1e-6)


def test_arrow_keys_walk_through_the_pictures(page: Page):
    page.locator("#explorer-map").focus()
    before = state(page, "selected")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => lluExplorer.state().selected === before + 1", arg=before)


def test_the_keyboard_skips_to_the_sliders(page: Page):
    page.locator("body > .skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#beta-slider")).to_be_focused()


def test_a_lasso_filters_lists_and_table_until_it_is_cleared(page: Page):
    wait_for_the_map_at_rest(page)
    page.locator("#lasso-button").click()
    box = box_of(page.locator("#explorer-map"))
    left, top, right, bottom = box["x"] + 4, box["y"] + 4, box["x"] + box["width"] * 0.6, box["y"] + box["height"] - 4
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 2)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.wait_for_function("lluExplorer.state().chosen > 0")
    chosen = state(page, "chosen")
    page.locator("#tab-table").click()
    expect(page.locator(".table-range")).to_contain_text(f"of {chosen}")
    move(page, "beta-slider", 5)
    assert state(page, "chosen") == chosen
    page.locator("#explorer-map").focus()
    page.keyboard.press("Escape")
    page.wait_for_function("lluExplorer.state().chosen === null")


def test_the_legend_hides_what_is_clicked(page: Page):
    page.locator(".legend-shapes [data-kind=train]").click()
    page.wait_for_function("lluExplorer.state().hidden > 0")
    page.locator(".legend-shapes [data-kind=train]").click()
    page.wait_for_function("lluExplorer.state().hidden === 0")


def test_a_zoomed_view_survives_the_sliders_and_the_move_to_umap(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, app_address)
    page.wait_for_function("lluExplorer.state().resting")
    page.get_by_role("button", name="Zoom in").click()
    plot = "document.querySelector('#explorer-map .js-plotly-plot')"
    view = f"{plot}._fullLayout.xaxis.range.map((x) => x.toFixed(4)).join()"
    zoomed = page.evaluate(view)
    move(page, "beta-slider", 10)
    page.wait_for_function("lluExplorer.state().projection === 'UMAP' && lluExplorer.state().resting")
    assert page.evaluate(view) == zoomed


def test_a_confusion_cell_opens_its_pictures(page: Page):
    page.locator("#tab-confusion").click()
    page.locator("#panel-confusion .cell:not([aria-label$=': 0'])").first.click()
    page.wait_for_function("lluExplorer.state().chosen > 0")
    opened = page.locator(".confusion-opened .item")
    opened.first.click()
    page.wait_for_function("lluExplorer.state().selected >= 0")


def test_a_click_on_the_plane_moves_the_sliders(page: Page):
    page.locator("#tab-plane").click()
    page.wait_for_function("lluExplorer.state().tabs.plane.ready")
    plane = page.locator(".plane-harmonic .plane-box")
    box = box_of(plane)
    before = (state(page, "beta"), state(page, "gamma"))
    # By the locator, which scrolls to the map and waits until it rests: a bare mouse clicks where the map was.
    plane.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.1})
    page.wait_for_function(
        "([beta, gamma]) => lluExplorer.state().beta !== beta && lluExplorer.state().gamma !== gamma", arg=before
    )


def test_the_walk_draws_three_scores_and_alpha(page: Page):
    page.locator("#tab-walk").click()
    page.wait_for_function("lluExplorer.state().tabs.walk.ready")
    lines = [page.locator(f"path.walk-{name}").get_attribute("d") for name in ("original", "updated", "localized")]
    assert len(set(lines)) == 3
    move(page, "beta-slider", -100)
    page.wait_for_function(
        "document.querySelector('path.walk-localized').getAttribute('d') === "
        "document.querySelector('path.walk-original').getAttribute('d')"
    )


def test_methods_are_trained_and_colour_the_map(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, app_address)
    page.evaluate("() => { lluExplorer.setBeta(0.5); lluExplorer.setGamma(20); }")  # where the paper has LLU
    page.locator("#tab-methods").click()
    page.locator(".methods-start").click()
    page.wait_for_function("!lluExplorer.state().tabs.methods.running")
    rows = page.locator(".methods-table tbody tr")
    expect(rows).to_have_count(7)
    expect(rows.filter(has_text="LLU").first.locator("td").first).to_have_text(
        page.locator("#tile-seen .value").inner_text()
    )
    page.get_by_role("button", name="Colour the map by the answers of RLA").click()
    expect(page.locator("#colour-by option:checked")).to_have_text("RLA answer")
    page.locator("#colour-by").select_option("alpha")
    expect(page.locator(".methods-table [aria-pressed=true]")).to_have_count(0)
    page.get_by_role("button", name="Colour the map by the answers of RLA").click()
    page.evaluate("location.hash = 'set=Handwritten%20digits&gamma=3'")
    page.wait_for_function("lluExplorer.state().gamma === 3 && lluExplorer.state().colouring === 'alpha'")


def test_a_link_opened_while_the_view_writes_its_own_is_not_lost(page: Page):
    page.evaluate(
        "() => { const own = location.hash; location.hash = 'gamma=3'; history.replaceState(history.state, '', own); }"
    )
    page.wait_for_function("lluExplorer.state().gamma === 3")


def test_a_fixed_prediction_is_selected_from_its_list(page: Page):
    item = page.locator(".changed-fixed .item").nth(1)
    item.click()
    expect(item).to_have_class(re.compile("current"))


def test_the_table_sorts_and_selects(page: Page):
    page.locator("#tab-table").click()
    header = page.locator("th[data-column=alpha]")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    page.locator("tbody .row-pick").nth(3).click()
    expect(page.locator("tbody tr.current")).to_have_count(1)


def test_a_link_restores_example_settings_picture_and_colours(page: Page, fresh_page: Page):
    page.locator("#colour-by").select_option("llu")
    page.locator("#explorer-map").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#gamma-number").fill("3")
    page.locator("#gamma-number").press("Enter")
    page.wait_for_function("location.hash.includes('gamma=3&')")
    link, wanted = page.url, page.locator(".selected .name").inner_text()
    other = open_app(fresh_page, link)
    other.wait_for_function("lluExplorer.state().gamma === 3 && lluExplorer.state().colouring === 'llu'")
    expect(other.locator(".selected .name")).to_have_text(wanted)


def test_a_link_to_another_example_loads_it(fresh_page: Page, app_address: str):
    open_app(fresh_page, app_address + "#set=Handwritten%20digits&beta=.25&gamma=inf")
    expect(fresh_page.locator("#cards .card")).to_have_count(10)
    fresh_page.wait_for_function("lluExplorer.state().beta === .25 && lluExplorer.state().gamma === Infinity")


def test_reload_and_back_keep_the_view(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, app_address)
    page.locator("#gamma-number").fill("7")
    page.locator("#gamma-number").press("Enter")
    page.wait_for_function("location.hash.includes('gamma=7')")
    page.reload()
    page.wait_for_function("window.lluExplorer && lluExplorer.state().gamma === 7")
    page.goto("about:blank")
    page.go_back()
    page.wait_for_function("window.lluExplorer && lluExplorer.state().gamma === 7")


def test_the_drawing_of_the_map_is_a_file_of_its_own(page: Page, tmp_path: Path):
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
        open_save(page)
        with page.expect_download() as download:
            page.locator(f"#export-{kind}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.name == f"llu-map.{kind}"
        assert start in path.read_bytes()[:200]


def test_every_slider_step_is_painted_once_the_hand_rests(page: Page):
    page.locator("#beta-slider").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("Math.abs(lluExplorer.state().beta - .9) < 1e-9")
    expected = f"{state(page, 'tiles.seen'):.1f}"
    expect(page.locator("#tile-seen .value")).to_have_text(expected)


def test_what_the_page_tells_is_of_the_settings_as_they_are(page: Page):
    at_zero, moved = page.evaluate(
        "[0, .9].map((beta) => { lluExplorer.setBeta(beta); const { tiles, clip } = lluExplorer.state();"
        " return { tiles, clip }; })"
    )
    assert at_zero["tiles"] == at_zero["clip"]
    assert moved["tiles"] != moved["clip"]


@pytest.fixture(scope="module")
def phone(profile: BrowserContext, app_address: str) -> Iterator[Page]:
    page, errors = new_page(profile)
    page.set_viewport_size({"width": 390, "height": 844})
    yield open_app(page, app_address)
    page.close()
    assert errors == []


@pytest.mark.parametrize("tab", ["changed", "confusion", "plane", "walk", "methods", "table", "how"])
def test_no_tab_makes_a_phone_scroll_sideways(phone: Page, tab: str):
    phone.locator(f"#tab-{tab}").click()
    phone.wait_for_function("tab => lluExplorer.state().tabs.open === tab", arg=tab)
    phone.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
