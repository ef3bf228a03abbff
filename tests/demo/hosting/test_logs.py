"""Logs: one JSON line an event, free of data, whoever writes and whatever an exception's text holds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from demo.hosting.broken import Broken
from support.requests import run_apart

WRITERS = """
import logging, threading, traceback, warnings
from demo.hosting import logs
logs.log_to_stderr()
server = logging.getLogger("uvicorn.error")
server.addHandler(logging.StreamHandler())
server.propagate = False
logs.take_over()
def fail():
    raise ValueError("grandmother.jpg \\ud800\\n\\x1b[2J")
def failing(tell):
    try:
        fail()
    except ValueError as error:
        tell(error)
failing(lambda error: traceback.print_exc())
failing(lambda error: server.error("Exception with grandmother.jpg", exc_info=error))
failing(lambda error: logs.event("failure", failure=error, action="ask"))
logging.getLogger("asyncio").error("%s was never awaited", "grandmother.jpg")
warnings.warn("grandmother.jpg is large")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
"""


def test_whoever_writes_it_is_one_line_of_json_without_data():
    done = subprocess.run([sys.executable, "-c", WRITERS], cwd=Path(__file__).parents[3], capture_output=True)
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(lines) == 6
    assert b"grandmother" not in done.stderr
    assert [line.get("kind") for line in lines] == ["ValueError"] * 3 + [None, None, "ValueError"]


def answered(app) -> tuple[int, str]:
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    run_apart(Broken(app)({"type": "http"}, None, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [(OSError(28, "No space left"), 507, "disk of this server is full"), (ValueError("mine.jpg"), 500, "broke")],
)
def test_a_request_that_breaks_is_answered_in_a_sentence_and_logged_without_its_words(error, status, says, caplog):
    async def app(scope, receive, send) -> None:
        raise error

    told = answered(app)
    assert told[0] == status
    assert says in told[1]
    assert "mine.jpg" not in told[1] + "".join(record.getMessage() for record in caplog.records)
