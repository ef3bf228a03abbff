"""The browser that the `browser` tests drive; loaded by conftest through `pytest_plugins`."""

import os
import shutil
from collections.abc import Iterator

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def executable() -> str | None:
    """Of an installed browser; without one playwright looks for its own."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """A headless playwright Browser. Without one the test is skipped, or fails where LLU_REQUIRE_BROWSER=1."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return _give_up("playwright is not installed; run: pip install -r requirements-dev.txt")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        except Error as error:
            return _give_up(f"no Chromium starts here ({str(error).splitlines()[0]}); run: playwright install chromium")
        yield browser
        browser.close()


def _give_up(reason: str) -> None:
    if os.environ.get("LLU_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
