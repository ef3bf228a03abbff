"""How long one waits at the start: for `import llu_core`, and for the app's page, each in a new process."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import alternately

ROOT = Path(__file__).parents[2]
IMPORT_BAR, APP_BAR = 0.1, 4.5
LONGEST = 300.0
POLL = 0.02


def measurements(machine: Machine) -> Iterator[Measurement]:
    works = [lambda: _import("llu_core"), lambda: _run("from llu_core import *"), lambda: _import("torch")]
    package, names, torch = alternately(works, repeats=5)
    for what, ours, bar in (
        ("import llu_core in a new process", package, IMPORT_BAR),
        ("every name of llu_core imported, with torch", names, None),
    ):
        yield Measurement(
            "starting",
            what,
            ours.seconds,
            spread=ours.spread,
            peer="import torch alone",
            peer_value=torch.seconds,
            bar=bar,
        )
    if (ROOT / "app.py").is_file():  # an installed package has no app beside it
        page, gradio = alternately([_start_app, lambda: _import("torch, open_clip, gradio")], repeats=3)
        yield Measurement(
            "starting",
            "from python app.py to the first answer with the page",
            page.seconds,
            spread=page.spread,
            peer="import torch, open_clip, gradio alone",
            peer_value=gradio.seconds,
            bar=APP_BAR,
        )


def _import(modules: str) -> None:
    _run(f"import {modules}")


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}


def _start_app() -> None:
    """Start the app, wait until `/` answers with status 200, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    app = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**_environment(), "GRADIO_SERVER_PORT": port},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/", app)
    finally:
        app.kill()
        app.wait()


def _wait_for(address: str, app: subprocess.Popen) -> None:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and app.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=LONGEST) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(POLL)
    raise RuntimeError(f"app.py did not answer at {address}")
