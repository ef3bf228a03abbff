"""The page as one file: opened from the disk, without a network, it explores and teaches as the app does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support.app_fixtures import DESKTOP, new_page
from support.pages import move, open_app, open_mode, open_save, state, tile

pytestmark = pytest.mark.browser
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def saved(chromium: Browser, app_address: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The first example as a file, moved to another setting before it was saved, and its tiles in the app."""
    page = open_app(new_page(chromium.new_context(viewport=DESKTOP))[0], app_address)
    page.locator("#gamma-number").fill("7")
    page.locator("#gamma-number").press("Enter")
    open_save(page)
    with page.expect_download() as download:
        page.locator("#save-page").click()
    path = tmp_path_factory.mktemp("saved") / download.value.suggested_filename
    download.value.save_as(path)
    page.get_by_role("button", name="Code").first.click()
    expect(page.locator("#save")).to_contain_text("1.0, 7.0")
    tiles = state(page, "tiles")
    page.context.close()
    return path, tiles


@pytest.fixture
def alone(chromium: Browser, saved: tuple[Path, dict]) -> Iterator[Page]:
    """The file in a browser that has no network; an error in its script or a request fails the test."""
    # the page's policy forbids what playwright waits by; the last test here has it in force
    context = chromium.new_context(viewport=DESKTOP, offline=True, color_scheme="dark", bypass_csp=True)
    page, errors = new_page(context)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(saved[0].as_uri())
    page.wait_for_function("window.lluExplorer && lluExplorer.state().id")
    yield page
    context.close()
    assert errors == []
    assert {address.split(":")[0] for address in asked} <= {"file", "blob", "data"}


def test_the_first_example_is_a_file_of_three_megabytes_at_most(saved: tuple[Path, dict]):
    path, _ = saved
    assert path.name == "llu-explorer.html"
    assert path.stat().st_size <= MOST_BYTES
    assert str(Path(__file__).parents[2]) not in path.read_text(encoding="utf-8")


def test_it_opens_where_the_app_was_and_its_sliders_answer(alone: Page, saved: tuple[Path, dict]):
    assert state(alone, "gamma") == 7
    assert state(alone, "tiles") == saved[1]
    expect(alone.locator("#explorer .js-plotly-plot")).to_have_count(1)
    before = tile(alone, "changed")
    move(alone, "beta-slider", -100)
    alone.wait_for_function("lluExplorer.state().tiles.changed === 0")
    expect(alone.locator("#tile-changed")).not_to_have_text(before, use_inner_text=True)


def test_its_map_is_zoomed_chosen_from_and_saved(alone: Page, tmp_path: Path):
    alone.wait_for_function("lluExplorer.state().resting")
    x, y = alone.evaluate("lluExplorer.where(5)")
    alone.mouse.click(x, y)
    alone.wait_for_function("lluExplorer.state().selected >= 0")
    other = 6 if state(alone, "selected") == 5 else 5  # the map is zoomed about the selected picture
    place = alone.evaluate("(picture) => lluExplorer.where(picture)", other)
    alone.get_by_role("button", name="Zoom in").click()
    moved = "([picture, place]) => String(lluExplorer.where(picture)) !== String(place)"
    alone.wait_for_function(moved, arg=[other, place])
    open_save(alone)
    with alone.expect_download() as download:
        alone.locator("#save [data-kind=png]").click()
    download.value.save_as(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_its_lists_strip_plane_and_lesson_work(alone: Page):
    expect(alone.locator("#panel-changed .item").first).to_be_visible()
    expect(alone.locator(".reach-row").first).to_be_visible()
    alone.locator("#tab-plane").click()
    expect(alone.locator(".plane-maps canvas").first).to_be_visible()
    open_mode(alone, "lesson")
    expect(alone.locator(".lesson-question")).not_to_be_empty()
    alone.locator(".lesson-choice").first.click()
    expect(alone.locator(".lesson-outcome")).not_to_be_empty()


def test_what_needs_the_app_is_left_out_and_says_so(alone: Page):
    expect(alone.locator("#left-out")).to_contain_text("need the app")
    expect(alone.locator(".modes button:visible")).to_have_text(["Explore", "Lesson", "Save \u25be"])
    for tab in ("walk", "methods"):
        alone.locator(f"#tab-{tab}").click()
        expect(alone.locator(f"#panel-{tab}")).to_contain_text("this tab needs the app")
        expect(alone.locator(f"#panel-{tab} button:visible, #panel-{tab} select:visible")).to_have_count(0)


def test_its_own_policy_lets_it_work_and_lets_nothing_out(chromium: Browser, saved: tuple[Path, dict]):
    page, errors = new_page(chromium.new_context(viewport=DESKTOP))
    page.goto(saved[0].as_uri())
    expect(page.locator("#explorer .js-plotly-plot")).to_have_count(1)
    expect(page.locator("#gamma-number")).to_have_value("7")
    for way in ("fetch('https://example.org')", "import('https://example.org/x.js')"):
        assert page.evaluate(f"{way}.then(() => 'let out', () => 'kept in')") == "kept in"
    page.context.close()
    assert errors == []
