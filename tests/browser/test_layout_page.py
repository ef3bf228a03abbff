"""The page as it is laid out: what is in sight at every size, the four modes, and what the address may ask for."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect

from llu_core.method.adapter import interpolation_mask
from support.app_fixtures import new_page
from support.pages import add_zip, box_of, move, open_app, open_mode, open_save, state
from support.sample_pictures import write_zip

pytestmark = pytest.mark.browser

DESKTOP, PROJECTOR, PHONE = (1440, 900), (1024, 768), (390, 844)
ZOOMED = (720, 450)
"""What is left of a desktop's window in pixels of the page, at 200 % zoom."""
MODES = ("explore", "teach", "ask", "lesson")


@pytest.fixture(scope="module")
def opened(profile: BrowserContext, app_address: str) -> Iterator[Page]:
    """One page for all tests here that only look at it and turn it."""
    page, errors = new_page(profile)
    yield open_app(page, app_address)
    page.close()
    assert errors == []


@pytest.fixture
def page(opened: Page) -> Page:
    resize(opened, DESKTOP)
    open_mode(opened, "explore")
    return opened


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("() => { window.scrollTo(0, 0); return new Promise((done) => setTimeout(done, 300)); }")


def shown_share(page: Page, part: str) -> float:
    """How much of a part's height is in the window, and not under what is fixed at the foot of a phone."""
    box, controls = box_of(page.locator(part)), box_of(page.locator(".controls"))
    size = page.viewport_size
    assert size is not None
    end = controls["y"] if controls["y"] > box["y"] else size["height"]
    return max(0, min(box["y"] + box["height"], end) - max(box["y"], 0)) / box["height"]


def is_all_in_sight(page: Page, sliders: tuple[str, ...]) -> None:
    for part in (*(f"#{name}-slider" for name in sliders), *(f"#tile-{name}" for name in ("seen", "changed"))):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    assert shown_share(page, ".reach") == 1
    assert shown_share(page, ".tiles") == 1
    assert shown_share(page, "#explorer-map") >= 0.6


def test_sliders_tiles_strip_and_map_are_in_sight_on_a_desktop(page: Page):
    is_all_in_sight(page, ("beta", "gamma"))


def test_sliders_tiles_strip_and_map_are_in_sight_on_a_projector(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, f"{app_address}?stage")
    resize(page, PROJECTOR)
    is_all_in_sight(page, ("beta", "gamma"))
    assert (
        page.locator("#explorer .setting label").first.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        >= 16
    )


def test_a_phone_has_gamma_at_hand_and_beta_behind_its_button(page: Page):
    resize(page, PHONE)
    is_all_in_sight(page, ("gamma",))
    expect(page.locator("#beta-slider")).to_be_hidden()
    page.locator(".beta-fold").click()
    expect(page.locator("#beta-slider")).to_be_in_viewport(ratio=1)
    page.locator(".beta-fold").click()


@pytest.mark.parametrize("size", [PHONE, ZOOMED, PROJECTOR, DESKTOP])
def test_no_part_lies_on_another(page: Page, size: tuple[int, int]):
    resize(page, size)
    boxes = {
        part: box_of(page.locator(f"#explorer {part}")) for part in (".tiles", ".reach", ".map-card", ".tabs-card")
    }
    for above, below in zip(boxes, [*boxes][1:], strict=False):
        assert boxes[above]["y"] + boxes[above]["height"] <= boxes[below]["y"] + 1, (above, below)
    side, tabs = box_of(page.locator("#explorer .side")), boxes[".tabs-card"]
    assert side["y"] + side["height"] <= tabs["y"] + 1


@pytest.mark.parametrize("mode", [*MODES, "save"])
def test_no_mode_makes_the_page_scroll_sideways(page: Page, mode: str):
    if mode != "save":
        open_mode(page, mode)
    for width, height in (PHONE, ZOOMED, PROJECTOR, DESKTOP, (1920, 1080)):
        resize(page, (width, height))
        if mode == "save":
            open_save(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (mode, width)
    page.keyboard.press("Escape")


def test_train_is_in_sight_however_long_the_set(page: Page):
    for size in (DESKTOP, PROJECTOR, PHONE, ZOOMED):
        resize(page, size)
        open_mode(page, "teach")
        expect(page.locator("#cards .card")).to_have_count(12)
        expect(page.locator("#train")).to_be_in_viewport(ratio=1)


def test_a_question_is_asked_within_the_selected_card_and_its_answer_is_beside_it(page: Page):
    open_mode(page, "ask")
    expect(page.locator("#explorer .side #query")).to_be_in_viewport(ratio=0.9)
    expect(page.locator("#explorer .side #photographs button").first).to_be_in_viewport(ratio=1)
    expect(page.locator(".selected .picture")).to_be_in_viewport(ratio=1)
    open_mode(page, "explore")
    expect(page.locator("#query")).to_be_hidden()


def test_a_lesson_asks_beside_sliders_that_answer(page: Page):
    for size in (DESKTOP, PROJECTOR, PHONE):
        resize(page, size)
        open_mode(page, "lesson")
        expect(page.locator(".lesson-question")).to_be_in_viewport(ratio=1)
        expect(page.locator("#gamma-slider")).to_be_in_viewport(ratio=1)
        before = state(page, "gamma")
        move(page, "gamma-slider", 1)
        page.wait_for_function("before => lluExplorer.state().gamma !== before", arg=before)
        open_mode(page, "explore")


def test_the_save_menu_closes_on_escape_and_gives_the_focus_back(page: Page):
    open_save(page)
    for part in ("#download", "#download-predictions", "#copy-link", "#export-png", "#export-svg", "#clear"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.locator("#save")).to_be_hidden()
    expect(page.locator(".save-button")).to_be_focused()
    open_save(page)
    page.locator("#title").click()
    expect(page.locator("#save")).to_be_hidden()


def test_the_teach_drawer_closes_on_escape_and_gives_the_focus_back(page: Page):
    open_mode(page, "teach")
    page.keyboard.press("Escape")
    expect(page.locator("#teach")).to_be_hidden()
    expect(page.locator(".modes [data-mode=teach]")).to_be_focused()


def test_an_older_set_on_show_is_told_and_trained_from_there(fresh_page: Page, app_address: str, tmp_path: Path):
    page = open_app(fresh_page, app_address)
    expect(page.locator("#untrained")).to_be_hidden()
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#untrained")).to_be_in_viewport(ratio=1)
    before = state(page, "id")
    page.locator("#train-now").click()
    page.wait_for_function("before => lluExplorer.state().id !== before", arg=before)
    expect(page.locator("#untrained")).to_be_hidden()


def test_the_address_chooses_mode_and_what_is_left_out(fresh_page: Page, app_address: str):
    options = "?mode=teach&hide=presets,tiles"
    page = open_app(fresh_page, f"{app_address}{options}")
    expect(page.locator("#train")).to_be_in_viewport(ratio=1)
    for part in (".presets", ".tiles"):
        expect(page.locator(f"#explorer {part}")).to_be_hidden()
    expect(page.locator("#gamma-slider")).to_be_visible()
    page.wait_for_function("location.hash.includes('beta=1')")
    assert page.evaluate("location.search") == options


def test_the_strip_tells_the_shares_that_the_core_gives(page: Page, tmp_path: Path):
    open_save(page)
    with page.expect_download() as download:
        page.locator("#download-predictions").click()
    download.value.save_as(tmp_path / "predictions.csv")
    page.keyboard.press("Escape")
    rows = list(csv.DictReader((tmp_path / "predictions.csv").read_text(encoding="utf-8").splitlines()))
    taught = {row["truth"] for row in rows if row["part"] == "train"}
    page.evaluate("() => { lluExplorer.setBeta(1); }")
    for gamma in (0, 3, 20):
        page.evaluate("gamma => lluExplorer.setGamma(gamma)", gamma)
        page.wait_for_function("gamma => lluExplorer.state().gamma === gamma", arg=gamma)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        told = {row["key"]: percent(row["share"]) for row in state(page, "reach.rows")}
        tests = [row for row in rows if row["part"] == "test"]
        for key, is_taught in (("seen", True), ("unseen", False)):
            wanted = mean_share([row for row in tests if (row["truth"] in taught) is is_taught], gamma)
            assert told[key] == pytest.approx(wanted, abs=0.51)


def percent(text: str) -> float:
    """Of "78 %", and half a percent off the end for "<1 %" and ">99 %"."""
    number = float(text.split("\u2009")[0].strip("<>"))
    return number + 0.5 * (text.startswith(">") - text.startswith("<"))


def mean_share(rows: list[dict[str, str]], gamma: float) -> float:
    """Percent of the update that these pictures receive on average, by the core."""
    nearest = [float(row["anchor_cosine"]) for row in rows]
    assert nearest
    return 100 * float(interpolation_mask(torch.tensor(nearest), beta=1, gamma=gamma).mean())


INK = """() => ["#explorer .map-points", "#explorer .reach canvas"].map((selector) => {
    const canvas = document.querySelector(selector);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value) => (31 * sum + value) | 0, 7);
})"""


def test_a_drag_of_gamma_repaints_strip_and_map(page: Page):
    page.wait_for_function("lluExplorer.state().projection === 'UMAP' && lluExplorer.state().resting")
    page.evaluate("() => { lluExplorer.setBeta(1); lluExplorer.setGamma(5); }")
    page.wait_for_timeout(200)
    before = page.evaluate(INK)
    move(page, "gamma-slider", -10)
    page.wait_for_function(f"before => ({INK})().every((ink, part) => ink !== before[part])", arg=before)
