"""The app as README starts it, `python app.py` in a process of its own, and pages of it; once for all tests."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:  # where playwright is missing, the tests that need it are skipped
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

ROOT = Path(__file__).parents[2]
DESKTOP: "ViewportSize" = {"width": 1440, "height": 1000}
PATIENCE = 400.0
"""Seconds to wait for anything, the app's address first of all: nothing here is about speed, and machines are busy."""


@pytest.fixture(scope="session")
def app_address() -> Iterator[str]:
    """The address that `python app.py` prints."""
    with started(os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}) as (address, _, _):
        yield address


@contextmanager
def started(
    environment: Mapping[str, str], *arguments: str, cwd: Path = ROOT, **options: Any
) -> Iterator[tuple[str, subprocess.Popen, list[str]]]:
    """`python app.py` with such arguments: (the address that it prints, the process, the lines it has printed)."""
    process = subprocess.Popen(
        [sys.executable, "app.py", *arguments],
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    lines: queue.Queue[str] = queue.Queue()
    printed: list[str] = []
    assert process.stdout is not None

    def read(out: Iterable[str]) -> None:
        for line in out:
            printed.append(line)
            lines.put(line)

    reader = threading.Thread(target=read, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield _address(lines, process), process, printed
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reader.join(5)
        process.stdout.close()


@pytest.fixture
def foreign_requests() -> list[str]:
    """Addresses outside this machine that `fresh_page` has asked for."""
    return []


@pytest.fixture(scope="session")
def profile(chromium: "Browser") -> "Iterator[BrowserContext]":
    """One profile for all pages, which then share a browser's cache; a page is still a visitor."""
    context = chromium.new_context(viewport=DESKTOP)
    yield context
    context.close()


@pytest.fixture
def fresh_page(profile: "BrowserContext", foreign_requests: list[str]) -> "Iterator[Page]":
    """A page of a new visitor; an error in its JavaScript fails the test."""
    page, errors = new_page(profile)
    page.on("request", lambda request: None if _is_local(request.url) else foreign_requests.append(request.url))
    yield page
    page.close()
    assert errors == []


def new_page(profile: "BrowserContext") -> "tuple[Page, list[str]]":
    """(a new page of the profile, the list that its JavaScript errors will go to)."""
    page = profile.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


def _is_local(address: str) -> bool:
    return urlsplit(address).hostname in (None, "", "127.0.0.1", "localhost")


def _address(lines: "queue.Queue[str]", process: subprocess.Popen) -> str:
    printed = []
    while True:
        try:
            line = lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"app.py printed no address: {''.join(printed)}") from None
        printed.append(line)
        if "http://" in line:
            return "http://" + line.split("http://")[1].split()[0].rstrip("/") + "/"
        assert process.poll() is None, f"app.py ended: {''.join(printed)}"
