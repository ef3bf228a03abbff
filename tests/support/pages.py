"""What the browser tests do with a page of the app."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from support.app_fixtures import PATIENCE

expect.set_options(timeout=1000 * PATIENCE)


def tile(page: Page, name: str) -> str:
    return page.locator(f"#tile-{name}").inner_text()


def box_of(part: Locator) -> FloatRect:
    """Where a part of the page is drawn, in pixels; it must be visible."""
    box = part.bounding_box()
    assert box is not None
    return box


def move(page: Page, slider: str, steps: int) -> None:
    """Move a slider by keyboard, as a drag does: one input event per step."""
    page.locator(f"#{slider}").focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def open_mode(page: Page, mode: str) -> None:
    """Turn the page to explore, teach, ask or lesson by its toolbar, where it is not there yet."""
    if page.locator("body").get_attribute("data-mode") != mode:
        page.locator(f".modes [data-mode={mode}]").click()
    page.wait_for_function("mode => document.body.dataset.mode === mode", arg=mode)


def open_save(page: Page) -> None:
    """Open the menu of what can be taken home."""
    button = page.locator(".save-button")
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    expect(page.locator("#save")).to_be_visible()


def open_reader(page: Page) -> None:
    """Open what the bar tells of the model that reads the pictures, its offers included."""
    if page.locator("#model-line details[open]").count() == 0:
        page.locator("#model-line summary").click()
    expect(page.locator("#model-line details")).to_have_attribute("open", "")


@contextmanager
def held_back(page: Page, address: str) -> Iterator[None]:
    """Nothing that the page asks of an address is answered within the block, and everything at its end."""
    held: list[Route] = []
    over = False

    def hold(route: Route) -> None:
        if over:
            route.continue_()
        else:
            held.append(route)

    page.route(address, hold)
    yield
    over = True
    for route in held:
        route.continue_()


def hold_first(page: Page, told: str) -> list[Route]:
    """Keep back the first call of the page that tells the server this text; it is in the list once it was made."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held or told not in (route.request.post_data or ""):
            route.continue_()
        else:
            held.append(route)

    page.route("**/queue/join*", hold)
    return held


def open_app(page: Page, address: str) -> Page:
    """Go to the app and wait until a trained example is on the map."""
    page.goto(address)
    page.wait_for_function("window.lluExplorer && lluExplorer.state().id")
    return page


def start_over(page: Page) -> Page:
    """Take back what was done on a page by hand: settings, choice, colours, filters, zoom and tab are as it opened."""
    page.evaluate("() => { lluExplorer.choose(null); lluExplorer.select(0); window.scrollTo(0, 0); }")
    if page.locator(".save-button").get_attribute("aria-expanded") == "true":
        page.keyboard.press("Escape")
    page.locator("#reset-settings").click()
    open_mode(page, "explore")
    page.locator("#colour-by").select_option("alpha")
    page.locator("#tab-changed").click()
    for kind in page.locator(".legend-shapes [aria-pressed=false]").all():
        kind.click()
    page.get_by_role("button", name="Show all", exact=True).click()
    page.wait_for_function("lluExplorer.state().chosen === null && lluExplorer.state().selected === 0")
    return page


def state(page: Page, path: str) -> Any:
    """Part of what the explorer says about itself, for example "tabs.open"."""
    return page.evaluate(f"lluExplorer.state().{path}")


def add_zip(page: Page, path: Path) -> None:
    """Hand a file to the drop zone, as dropping it does."""
    page.locator("#drop input[type=file]").set_input_files(path)


def choose_folder(page: Page, path: Path) -> None:
    """Hand a folder to the class cards by their button."""
    open_mode(page, "teach")
    with page.expect_file_chooser() as chooser:
        page.locator("#cards .pick-folder").click()
    chooser.value.set_files(path)


def train(page: Page) -> None:
    """Press Train and wait until the new adapter is on the map."""
    before = state(page, "id")
    open_mode(page, "teach")
    expect(page.locator("#train")).to_be_enabled()
    page.locator("#train").click()
    page.wait_for_function("before => lluExplorer.state().id !== before", arg=before)
