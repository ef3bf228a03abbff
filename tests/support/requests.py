"""Requests as a server hands them to an ASGI app, for tests of what is decided before gradio."""

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LOOPBACK = (b"host", b"127.0.0.1:7860")


class Reader:
    """An app that reads the whole body, as gradio does, and answers 200; told: what it has read."""

    def __init__(self, status: int = 200) -> None:
        self.told, self.called, self.status = b"", False, status

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.called, more = True, True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            self.told += message["body"]
            more = message["more_body"]
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


class Body:
    """A body that comes in parts, and ends or breaks off; taken: how many bytes were asked for."""

    def __init__(self, *parts: bytes, broken: bool = False) -> None:
        self._parts, self._broken, self.taken = list(parts), broken, 0

    async def __call__(self) -> dict[str, Any]:
        if not self._parts:
            return {"type": "http.disconnect"}
        part = self._parts.pop(0)
        self.taken += len(part)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts) or self._broken}


def answered(door: Any, path: str, body: Body | None = None, *, method: str = "POST", **scope: Any) -> tuple[int, Any]:
    """(status, answer) of one request; (0, None) where there was no answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "client": ("1.2.3.4", 5), "headers": [LOOPBACK]} | scope
    run_apart(door(scope, body or Body(b""), send))
    return (sent[0]["status"], told(sent)) if sent else (0, None)


def run_apart(work: Coroutine[Any, Any, Any]) -> None:
    """Run to its end in a thread of its own, since playwright's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def told(sent: list[dict[str, Any]]) -> Any:
    """The values of a JSON answer, or the text of another."""
    body = sent[1]["body"].decode()
    return body if (b"content-type", b"text/plain; charset=utf-8") in sent[0]["headers"] else json.loads(body)
