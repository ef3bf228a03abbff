"""The login: nothing is read before it, guessing is slow and logged."""

from types import SimpleNamespace

import pytest

from demo.hosting import logs
from demo.hosting.gate import Gate
from demo.hosting.gate.login import ALL_GUESSES, GUESSES, Login
from demo.settings import MB, Limits
from support.requests import LOOPBACK, Body, Reader, answered

GRADIO = SimpleNamespace(cookie_id="abc", tokens={"token": "name"})
LENGTH = (b"content-length", b"20")


def gate(app, clock=lambda: 0.0) -> Gate:
    return Gate(app, Limits(), lambda: (True, {}), login=Login(clock))


def cookie(token: str, name: str = "access-token-abc") -> tuple[bytes, bytes]:
    return (b"cookie", f"other=1; {name}={token}".encode())


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/call/train"])
@pytest.mark.parametrize("sent", [[], [cookie("wrong")], [cookie("token", "access-token-xyz")], [cookie("")]])
def test_nothing_is_read_before_the_login(path, sent):
    app, body = Reader(), Body(b"[" * MB)
    assert answered(gate(app), path, body, headers=[LOOPBACK, LENGTH, *sent], app=GRADIO)[0] == 401
    assert (app.called, body.taken) == (False, 0)


@pytest.mark.parametrize("name", ["access-token-abc", "access-token-unsecure-abc"])
def test_whoever_has_logged_in_is_served(name):
    headers = [LOOPBACK, LENGTH, cookie("token", name)]
    assert answered(gate(Reader()), "/gradio_api/queue/join", Body(b"{}"), headers=headers, app=GRADIO)[0] == 200


def test_the_page_that_asks_for_the_login_is_served_and_nothing_else_is():
    def status(path: str) -> int:
        return answered(gate(Reader()), path, method="GET", app=GRADIO)[0]

    assert {status(path) for path in ("/", "/assets/index.js", "/theme.css", "/health")} == {200}
    closed = ("/config", "/gradio_api/info", "/gradio_api/heartbeat/a", "/gradio_api/file=/etc/passwd")
    assert {status(path) for path in closed} == {401}


def guess(door: Gate, address: str) -> int:
    return answered(door, "/login", Body(b"username=a"), headers=[LENGTH], client=(address, 1), app=GRADIO)[0]


def test_guessing_is_slow_by_address_and_in_all():
    now, app = [0.0], Reader(status=400)
    door = gate(app, lambda: now[0])
    assert [guess(door, "a") for _ in range(GUESSES + 2)] == [400] * GUESSES + [429] * 2
    assert guess(door, "b") == 400
    others = [guess(door, f"c{number}") for number in range(ALL_GUESSES)]
    assert others.count(400) == ALL_GUESSES - GUESSES - 1
    now[0] = 61.0
    assert guess(door, "a") == 400


def test_a_right_login_does_not_count():
    door = gate(Reader())
    assert {guess(door, "a") for _ in range(3 * ALL_GUESSES)} == {200}


def test_a_login_takes_a_name_and_a_password_no_more():
    app, body = Reader(), Body(*[b"a" * 10_000] * 100)
    headers = [(b"transfer-encoding", b"chunked")]
    assert answered(gate(app), "/login", body, headers=headers, app=GRADIO)[0] == 413
    assert not app.called
    assert body.taken <= 20_000


def test_a_wrong_login_is_logged_without_what_was_tried(monkeypatch):
    lines = []
    monkeypatch.setattr(logs, "event", lambda name, **facts: lines.append({"event": name, **facts}))
    door = gate(Reader(status=400))
    for _ in range(GUESSES + 1):
        guess(door, "203.0.113.9")
    assert lines == [{"event": "login", "outcome": "refused"}] * GUESSES + [{"event": "login", "outcome": "held back"}]
