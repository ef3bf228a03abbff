"""A call is said to be taken once its tab has left a stream of answers that is ending."""

import asyncio
from typing import Any

import pytest

from demo.hosting.gate import streams
from demo.hosting.gate.streams import Streams
from support.requests import run_apart

ENDING = b'data: {"msg":"close_stream","event_id":null}\n\n'
TAKEN: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}


def body(text: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text, "more_body": more}


class Tab:
    """One tab; sent: what it was sent, on its streams and to its calls."""

    def __init__(self, session: str):
        self.session = session
        self.sent: list[dict[str, Any]] = []

    async def listen(self, streams: Streams) -> asyncio.Task:
        """A stream whose last answer has been sent; it is called off when the tab leaves."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            for message in (TAKEN, body(b'data: {"msg":"process_completed"}\n\n', more=True), body(ENDING, more=True)):
                await send(message)
            await send(body(b"", more=False))

        scope = {"query_string": f"session_hash={self.session}".encode()}
        task = asyncio.create_task(streams.serve(app, scope, None, self.hear))
        await settled()
        assert self.sent[-1]["body"] == ENDING
        return task

    async def call(self, streams: Streams) -> asyncio.Task:
        """The answer to a call of this tab."""
        send = streams.after_ending(b'{"data":[],"session_hash":"%s"}' % self.session.encode(), self.hear)
        task = asyncio.create_task(send(TAKEN))
        await settled()
        return task

    async def hear(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


async def settled() -> None:
    """All that does not wait for a time has happened."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_call_waits_until_its_own_tab_has_left_the_ending_stream():
    async def test() -> None:
        all_streams, tab, other = Streams(), Tab("abc"), Tab("def")
        stream = await tab.listen(all_streams)
        taken = await tab.call(all_streams)
        assert (await other.call(all_streams)).done()
        assert not taken.done()
        stream.cancel()
        await settled()
        assert taken.done()
        assert tab.sent[-1] is TAKEN
        assert (await tab.call(all_streams)).done()

    run_apart(test())


def test_a_tab_that_does_not_leave_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streams, "GRACE", 0.01)

    async def test() -> None:
        all_streams, tab = Streams(), Tab("abc")
        stream = await tab.listen(all_streams)
        taken = await tab.call(all_streams)
        await stream
        await settled()
        assert taken.done()
        assert tab.sent[-2] == body(b"", more=False)

    run_apart(test())


def test_a_call_while_no_stream_is_ending_is_answered_at_once():
    async def test() -> None:
        assert (await Tab("abc").call(Streams())).done()

    run_apart(test())
