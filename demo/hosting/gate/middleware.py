"""The gate: every request passes it before anything of gradio, and before its body is read."""

import json
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers

from demo.hosting.gate.bodies import (
    CALL_BYTES,
    LOGIN_BYTES,
    BrokenOff,
    CountedUpload,
    Refusal,
    check_json,
    read_body,
    replayed,
    too_long,
)
from demo.hosting.gate.login import Login, is_logged_in
from demo.hosting.gate.modules import answer_module, module_of
from demo.hosting.gate.origins import ANYWHERE, Origins
from demo.hosting.gate.routes import JOIN, STREAM, UPLOAD, Kind, has_short_query, kind_of, route_of
from demo.hosting.gate.streams import Streams
from demo.hosting.gate.tally import Tally
from demo.settings import MB, Limits

HEALTH = "/health"
MINUTE, UPLOADS_KEPT = 60.0, 600.0
_CALLS = ("/queue/join", "/run/", "/api/", "/call/", "/mcp")


class Gate:
    """ASGI middleware. health: answers GET /health with (whether all is well, facts); login: None for an open page;
    mcp: whether the route of the tools is open."""

    def __init__(
        self,
        app: Any,
        limits: Limits,
        health: Callable[[], tuple[bool, dict[str, Any]]],
        origins: Origins = ANYWHERE,
        login: Login | None = None,
        *,
        mcp: bool = False,
    ):
        self._app, self._limits, self._health = app, limits, health
        self._origins, self._login, self._mcp = origins, login, mcp
        self._calls = Tally(limits.calls_per_minute, MINUTE) if limits.calls_per_minute else None
        self._uploads = Tally(limits.uploads_mb * MB, UPLOADS_KEPT)
        self._streams = Streams()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":  # the page has none
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            await self._pass(scope, receive, send)
        except Refusal as refusal:
            await _refuse(send, refusal, route_of(scope))
        except BrokenOff:
            pass

    async def _pass(self, scope: Any, receive: Any, send: Any) -> None:
        headers, route = Headers(scope=scope), route_of(scope)
        if sentence := self._origins.refusal(scope["method"], route, headers):
            raise Refusal(403, sentence)
        if route == HEALTH:
            well, facts = self._health()
            return await _answer(send, 200 if well else 503, facts)
        kind = kind_of(scope["method"], route, mcp=self._mcp)
        if kind is None:
            raise Refusal(404, "There is nothing here.")
        if not has_short_query(scope, route):
            raise Refusal(414, "The name that was sent is too long.")
        if self._login and kind in ("read", "call", "upload") and not is_logged_in(scope):
            raise Refusal(401, "Not authenticated; log in first.")
        if kind == "upload" and scope["method"] == "POST":
            return await self._upload(scope, receive, send)
        if scope["method"] == "POST":
            return await self._post(kind, route, scope, receive, send)
        if scope["method"] in ("GET", "HEAD") and (path := module_of(route)):
            return await answer_module(path, scope, send)
        if route == STREAM:
            return await self._streams.serve(self._app, scope, receive, send)
        return await self._app(scope, receive, send)

    async def _post(self, kind: Kind, route: str, scope: Any, receive: Any, send: Any) -> None:
        headers, address = Headers(scope=scope), _address(scope)
        length = _length(headers)
        if kind == "login" and self._login:
            if sentence := self._login.try_once(address):
                raise Refusal(429, sentence)
            send = self._login.watched(address, send)
        elif self._calls and any(part in route for part in _CALLS) and not self._calls.spend(address, 1):
            raise Refusal(429, f"More than {self._limits.calls_per_minute} calls in a minute; wait a moment.")
        most = LOGIN_BYTES if kind == "login" else CALL_BYTES
        if length is not None and length > most:
            raise too_long(most)
        has_body = length or "transfer-encoding" in headers
        body = await read_body(receive, most) if has_body else b""
        if kind == "call":
            check_json(body)
        if route == JOIN:
            send = self._streams.after_ending(body, send)
        await self._app(scope, replayed(body, receive), send)

    async def _upload(self, scope: Any, receive: Any, send: Any) -> None:
        address, length = _address(scope), _length(Headers(scope=scope))
        if length is None:
            raise Refusal(411, "An upload must tell its length.")
        most = self._limits.upload_mb * MB + MB  # the rest is the form around the files
        too_large = f"The files are too large together; the page takes {self._limits.upload_mb} MB at a time."
        too_often = Refusal(429, f"More than {self._limits.uploads_mb} MB in ten minutes; try again later.")
        if length > most:
            raise Refusal(413, too_large)
        if not self._uploads.spend(address, length):
            raise too_often

        def count(size: int, more: int) -> None:
            """Raises Refusal; what was announced is spent already."""
            if size > most:
                raise Refusal(413, too_large)
            if size > length and not self._uploads.spend(address, min(more, size - length)):
                raise too_often

        body = CountedUpload(receive, count)

        async def send_on(message: dict[str, Any]) -> None:
            if body.refusal is None:
                await send(message)

        await self._app(scope, body, send_on)
        if body.refusal is not None:
            raise body.refusal


def _address(scope: Any) -> str:
    return (scope.get("client") or ("",))[0]


def _length(headers: Headers) -> int | None:
    """What the request says of its body's length; it is only believed where that is too much."""
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


async def _refuse(send: Any, refusal: Refusal, route: str) -> None:
    if route == UPLOAD:  # the page shows what such an answer holds as it is
        await _send(send, refusal.status, b"text/plain; charset=utf-8", str(refusal))
    else:
        await _answer(send, refusal.status, {"detail": str(refusal)})


async def _answer(send: Any, status: int, content: dict[str, Any]) -> None:
    await _send(send, status, b"application/json", json.dumps(content))


async def _send(send: Any, status: int, kind: bytes, text: str) -> None:
    headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
