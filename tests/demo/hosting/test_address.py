"""Where the app is to listen: each reason why it cannot is one sentence, told at once."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demo.hosting.address import why_not_served

ROOT = Path(__file__).parents[3]


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_of_this_machine_will_do():
    assert why_not_served("127.0.0.1", None) == ""
    assert why_not_served("0.0.0.0", None) == ""
    assert why_not_served("localhost", None) == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_port_in_use_is_named(host: str, taken_port: int):
    assert why_not_served(host, taken_port).startswith(f"port {taken_port} is in use; stop what runs there")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 80, "a..b", "[::z]"])
def test_an_unknown_host_is_named(host: str):
    assert why_not_served(host, 7932).startswith(f"the host {host} is unknown")


def test_an_address_of_another_machine_is_named():
    assert why_not_served("192.0.2.1", 7932).startswith("192.0.2.1 is no address of this machine")


def test_the_app_says_so_in_one_line_and_loads_nothing_before(taken_port: int):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "app.py", "--port", str(taken_port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert (done.returncode, done.stdout) == (2, "")
    assert told == [f"error: port {taken_port} is in use; stop what runs there, or choose another with --port"]
    assert " torch" not in done.stderr
