"""The browser that the `browser` tests drive; loaded by conftest through `pytest_plugins`."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:  # where playwright is missing, the tests that need it are skipped
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def executable() -> str | None:
    """The path of an installed browser; without one playwright looks for its own."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A headless browser. Without one the test is skipped, or fails where LLU_REQUIRE_BROWSER=1."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        _give_up("playwright is not installed; run: pip install -r requirements-dev.txt")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        except Error as error:
            _give_up(f"no Chromium starts here ({str(error).splitlines()[0]}); run: playwright install chromium")
        yield browser
        browser.close()


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("LLU_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
