"""Before gradio: the health answer, calls and uploads per address, and logs without personal data."""

import json
import logging

import pytest
from starlette.datastructures import Headers

from demo.client import PLOTLY_JS, SCRIPTS
from demo.hosting import logs
from demo.hosting.gate import Gate, Tally
from demo.settings import MB, Limits
from support.requests import run_apart, told


async def served(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def ask(
    gate: Gate, path: str, *, method: str = "POST", client: str = "1.2.3.4", length: int | None = None, query: str = ""
):
    """(status, answer) of one request."""
    sent = []

    async def send(message) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "method": method, "path": path, "client": (client, 5), "headers": headers}
    scope["query_string"] = query.encode()
    run_apart(gate(scope, None, send))
    return sent[0]["status"], told(sent)


def gate(**limits) -> Gate:
    return Gate(served, Limits(**limits), lambda: (True, {"status": "ok"}))


def test_a_browser_asks_for_the_pages_modules_again_and_gets_what_has_changed():
    def answered(path: str, tag: str = "") -> tuple[int, Headers, bytes]:
        sent = []

        async def send(message) -> None:
            sent.append(message)

        headers = [(b"if-none-match", tag.encode())]
        scope = {"type": "http", "method": "GET", "path": path, "client": ("1.2.3.4", 5), "headers": headers}
        run_apart(gate()(scope, None, send))
        return sent[0]["status"], Headers(raw=sent[0]["headers"]), sent[1]["body"]

    address = f"/gradio_api/file={SCRIPTS[0].as_posix()}"
    status, headers, content = answered(address)
    assert (status, headers["cache-control"], content) == (200, "no-cache", SCRIPTS[0].read_bytes())
    assert headers["content-type"].startswith("text/javascript")
    assert answered(address, headers["etag"])[::2] == (304, b"")
    assert answered(address, '"of another version"')[::2] == (200, content)
    assert answered(f"/gradio_api/file={PLOTLY_JS.as_posix()}")[2] == b"{}", "all else is gradio's"


def test_health_tells_whether_visitors_are_served():
    assert ask(gate(), "/health", method="GET") == (200, {"status": "ok"})
    stopping = Gate(served, Limits(), lambda: (False, {"status": "stopping"}))
    assert ask(stopping, "/health", method="GET")[0] == 503


def test_calls_are_counted_by_address_and_pages_are_not():
    door = gate(calls_per_minute=2)
    paths = ("/gradio_api/queue/join", "/gradio_api/call/train", "/gradio_api/run/train")
    assert [ask(door, path)[0] for path in paths] == [200, 200, 429]
    assert "wait a moment" in ask(door, paths[0])[1]["detail"]
    assert ask(door, paths[0], client="5.6.7.8")[0] == 200
    assert ask(door, "/config", method="GET")[0] == 200


def test_without_a_limit_nobody_is_counted():
    door = gate()
    assert {ask(door, "/gradio_api/queue/join")[0] for _ in range(300)} == {200}


@pytest.mark.parametrize(("length", "status"), [(None, 411), (3 * MB, 413), (2 * MB, 200)])
def test_an_upload_is_refused_before_it_is_read(length, status):
    assert ask(gate(upload_mb=1), "/gradio_api/upload", length=length)[0] == status


def test_a_refused_upload_is_told_as_the_page_shows_it():
    told = ask(gate(upload_mb=1), "/gradio_api/upload", length=3 * MB)[1]
    assert told == "The files are too large together; the page takes 1 MB at a time."


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/gradio_api/heartbeat/" + "a" * 60_000, "", 404),
        ("/gradio_api/heartbeat/\u00e4", "", 404),
        ("/gradio_api/upload_progress", "upload_id=" + "a" * 60_000, 414),
        ("/gradio_api/queue/data", "session_hash=" + "a" * 60_000, 414),
        ("/gradio_api/queue/data", "session_hash=" + "a" * 32, 200),
        ("/", "from=" + "a" * 5_000, 200),
    ],
)
def test_a_name_that_would_be_kept_is_short(path, query, status):
    """Gradio keeps the names of tabs and uploads for an hour or longer, whoever made them up."""
    assert ask(gate(), path, method="GET", query=query)[0] == status


def test_uploads_of_one_address_are_bounded_in_time():
    door = gate(upload_mb=2, uploads_mb=5)
    assert [ask(door, "/gradio_api/upload", length=2 * MB)[0] for _ in range(3)] == [200, 200, 429]


def test_a_tally_forgets_what_is_long_ago():
    now = [0.0]
    tally = Tally(10, 60.0, clock=lambda: now[0])
    assert tally.spend("a", 10)
    assert not tally.spend("a", 1)
    now[0] = 61.0
    assert tally.spend("a", 10)


def lines_of(record_something) -> list[dict]:
    """What is logged meanwhile, as it is written."""
    lines = []

    class Kept(logging.Handler):
        def emit(self, record) -> None:
            lines.append(json.loads(self.format(record)))

    handler, before = Kept(), logs.LOG.level
    handler.setFormatter(logs.JsonLines())
    logs.LOG.addHandler(handler)
    logs.LOG.setLevel(logging.INFO)
    try:
        record_something()
    finally:
        logs.LOG.removeHandler(handler)
        logs.LOG.setLevel(before)
    return lines


def test_a_log_line_is_json_with_time_level_and_facts():
    (line,) = lines_of(lambda: logs.event("call", action="train", seconds=1.5))
    assert (line["event"], line["level"], line["action"], line["seconds"]) == ("call", "info", "train", 1.5)
    assert line["time"].endswith("+00:00")


def test_a_failure_tells_its_kind_and_place_and_quotes_nothing():
    def fail() -> None:
        try:
            raise KeyError("grandmother.jpg")
        except KeyError as error:
            logs.event("failure", failure=error, action="ask")

    (line,) = lines_of(fail)
    assert (line["level"], line["kind"]) == ("error", "KeyError")
    assert "test_gate.py" in line["at"][-1]
    assert "grandmother" not in json.dumps(line)


def test_a_pseudonym_is_stable_and_is_not_the_session():
    assert logs.pseudonym("abc") == logs.pseudonym("abc") != logs.pseudonym("abd")
    assert "abc" not in logs.pseudonym("abc")
