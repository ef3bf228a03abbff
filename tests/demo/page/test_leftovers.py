"""What gradio keeps of a visit is gone soon after it: this fails when gradio keeps it elsewhere."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.routes import App

from demo.page import leftovers
from demo.page.leftovers import QUIET_SECONDS, Leftovers
from support.requests import run_apart

pytestmark = pytest.mark.filterwarnings("ignore")  # one that gradio raised would end its queue's work
MARK = "a name that only this visit has"


class Served:
    """A small app of gradio's, asked without a server; now: what its sweeper takes for the time."""

    def __init__(self) -> None:
        with gr.Blocks(analytics_enabled=False) as self.demo:
            shown = gr.HTML()
            gr.Button().click(lambda: MARK, None, shown, api_name="show")
            self.demo.unload(lambda: None)
        self.demo.queue()
        self.app = App.create_app(self.demo)
        self.now = time.time()
        self.swept = Leftovers(self.app, lambda: self.now)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1:7860")

    async def ask(self, session: str | None = None) -> str:
        """The event of a call that has ended; its answer is not fetched."""
        body = {"data": [], "session_hash": session, "fn_index": 0}
        route = "queue/join" if session else "call/show"
        answer = await self.client.post(f"/gradio_api/{route}", json=body)
        while self.demo._queue.event_ids_to_events:
            await asyncio.sleep(0.01)
        return answer.json()["event_id"]

    async def leave(self, session: str) -> None:
        """What a browser's closed tab is to the app."""
        waiting = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.sleep(0.1)
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            pass

        scope = {
            "type": "http", "method": "GET", "path": f"/gradio_api/heartbeat/{session}", "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:7860")], "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 7860),
            "scheme": "http", "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        await self.app(scope, receive, send)


def visited(visit: Callable[[Served], Awaitable[None]]) -> None:
    async def run() -> None:
        served = Served()
        async with served.client:
            await served.client.get("/gradio_api/startup-events")
            await visit(served)
        served.demo._queue.close()

    run_apart(asyncio.wait_for(run(), 120))


def holds(root: Any, sought: str) -> bool:
    """Tells whether a text is found in an object, going through its attributes, entries and queues."""
    seen, waiting = set(), [root]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, str):
            if sought in thing:
                return True
            continue
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen.add(id(thing))
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset | deque):
            waiting += thing
        elif type(thing).__module__.startswith(("gradio", "asyncio")):
            waiting += getattr(thing, "__dict__", {}).values()
    return False


def kept(served: Served) -> bool:
    return any(holds(root, MARK) for root in (served.app.__dict__, served.demo.__dict__, served.demo._queue))


def test_a_visit_that_ended_is_forgotten_everywhere():
    async def visit(served: Served) -> None:
        await served.ask("somebody")
        served.swept.sweep()
        assert kept(served), "the visit goes on"
        await served.leave("somebody")
        served.swept.sweep()
        assert not kept(served)
        holder, queue = served.app.state_holder, served.demo._queue
        for sessions in (holder.session_data, holder.time_last_used, queue.pending_messages_per_session):
            assert "somebody" not in sessions

    visited(visit)


def test_a_visit_that_nobody_ended_is_forgotten_once_it_is_quiet():
    """A program that asks and never fetches the answer, and never says that it is there."""

    async def visit(served: Served) -> None:
        for _ in range(3):
            await served.ask()
        served.swept.sweep()
        assert kept(served), "it may still be fetched"
        served.now += QUIET_SECONDS + 1
        served.swept.sweep()
        assert not kept(served)
        assert not served.demo._queue.pending_messages_per_session
        assert not served.demo._queue.pending_event_ids_session

    visited(visit)


def test_an_answer_that_is_fetched_late_is_there_and_who_comes_back_is_served():
    async def visit(served: Served) -> None:
        event = await served.ask()
        served.now += QUIET_SECONDS - 1
        served.swept.sweep()
        answer = await served.client.get(f"/gradio_api/call/show/{event}")
        assert MARK in answer.text
        await served.ask("somebody")
        served.swept.sweep()
        served.now += 1000
        served.swept.sweep()
        assert not served.app.state_holder.session_data
        await served.ask("somebody")
        assert "somebody" in served.app.state_holder

    visited(visit)


def test_the_progress_of_an_upload_that_nobody_watched_is_forgotten():
    async def visit(served: Served) -> None:
        statuses = leftovers.file_upload_statuses
        statuses.track("llu-test")
        for _ in range(2):
            served.swept.sweep()
            served.now += leftovers.UPLOAD_SECONDS + 1
        assert "llu-test" not in statuses._statuses
        assert "llu-test" not in statuses._signals

    visited(visit)


def test_the_name_of_an_upload_that_ended_or_never_began_is_forgotten_soon():
    async def visit(served: Served) -> None:
        statuses = leftovers.file_upload_statuses
        statuses.track("llu-goes-on")
        statuses.set_done("llu-ended")
        asked = asyncio.create_task(statuses.is_tracked("llu-asked-for"))
        await asyncio.sleep(0)
        for _ in range(2):
            served.swept.sweep()
            served.now += QUIET_SECONDS + 1
        asked.cancel()
        assert "llu-goes-on" in statuses._statuses
        assert not {"llu-ended", "llu-asked-for"} & {*statuses._statuses, *statuses._signals}
        statuses.stop_tracking("llu-goes-on")

    visited(visit)
