"""The streams on which gradio tells a tab what comes of its calls, and how each of them ends.

A stream ends with the last answer that its tab waits for: the server says so in it and no longer looks after it, and
the tab opens another one for its next call once it has read that. What the tab calls in between would be answered on
the next stream while it still listens to this one, forever. So the tab is told that such a call was taken only when it
has left the stream.
"""

import asyncio
import re
from typing import Any
from urllib.parse import parse_qs

GRACE = 1.0
"""Seconds that a tab has to leave a stream. Some callers read it to its end, and some proxies tell of no leaving."""

_LAST = b'"msg":"close_stream"'
_SESSION = re.compile(rb'"session_hash"\s*:\s*"([^"\\]*)"')


class Streams:
    """Those that are ending, by the names of their tabs."""

    def __init__(self) -> None:
        self._ending: dict[str, asyncio.Event] = {}

    async def serve(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        """Serve a stream. Where its last message was sent, it stays open until the tab has left, or for GRACE."""
        session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        left = asyncio.Event()

        async def send_on(message: dict[str, Any]) -> None:
            if _LAST in message.get("body", b""):
                self._ending[session] = left
            elif self._ending.get(session) is left:
                await asyncio.sleep(GRACE)  # called off when the tab leaves
            await send(message)

        try:
            await app(scope, receive, send_on)
        finally:
            left.set()
            if self._ending.get(session) is left:
                del self._ending[session]

    def after_ending(self, body: bytes, send: Any) -> Any:
        """The send of a call's answer, which waits until the tab that calls has left a stream that is ending."""
        named = _SESSION.search(body)
        session = named.group(1).decode("utf-8", "replace") if named else ""

        async def send_on(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and (left := self._ending.get(session)):
                await left.wait()
            await send(message)

        return send_on
