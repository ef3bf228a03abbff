"""What the browser tests do with a page of the app."""

from playwright.sync_api import Page, expect

expect.set_options(timeout=60_000)
"""Generous, since nothing here is about speed and the machine may be busy."""


def tile(page: Page, name: str) -> str:
    return page.locator(f"#tile-{name}").inner_text()


def move(page: Page, slider: str, steps: int) -> None:
    """Move a slider by keyboard, as a drag does: one input event per step."""
    page.locator(f"#{slider}").focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def open_app(page: Page, address: str) -> Page:
    """Go to the app and wait until a trained example is on the map, drawn by UMAP."""
    page.goto(address)
    page.wait_for_function("window.lluExplorer && lluExplorer.state().id", timeout=60_000)
    return page


def state(page: Page, path: str):
    """Part of what the explorer says about itself, for example "tabs.open"."""
    return page.evaluate(f"lluExplorer.state().{path}")


def add_zip(page: Page, path) -> None:
    """Hand a file to the drop zone, as dropping it does."""
    page.locator("#drop input[type=file]").set_input_files(path)


def train(page: Page) -> None:
    """Press Train and wait until the new adapter is on the map."""
    before = state(page, "id")
    expect(page.locator("#train")).to_be_enabled()
    page.locator("#train").click()
    page.wait_for_function("before => lluExplorer.state().id !== before", arg=before, timeout=60_000)
