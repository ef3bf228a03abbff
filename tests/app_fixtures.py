"""The app as README starts it, `python app.py` in a process of its own, and pages of it; once for all tests."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE = 180.0
"""Seconds until the address must have been printed; loading torch on a busy machine takes most of it."""


@pytest.fixture(scope="session")
def app_address() -> Iterator[str]:
    """The address that `python app.py` prints."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda out: [lines.put(line) for line in out], args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield _address(lines, process)
    finally:
        process.terminate()
        process.wait(20)
        reader.join(5)
        process.stdout.close()


@pytest.fixture
def foreign_requests() -> list[str]:
    """Addresses outside this machine that `fresh_page` has asked for."""
    return []


@pytest.fixture
def fresh_page(chromium, foreign_requests: list[str]) -> Iterator:
    """A playwright Page of a new visitor; an error in its JavaScript fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if _is_local(request.url) else foreign_requests.append(request.url))
    yield page
    context.close()
    assert errors == []


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
