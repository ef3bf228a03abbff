"""What is decided before gradio sees a request: the health answer, and how much one address may call and upload."""

import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from demo.client import SCRIPTS
from demo.settings import MB, Limits

HEALTH = "/health"
MINUTE, UPLOADS_KEPT = 60.0, 600.0
MAX_ADDRESSES = 10_000
_CALLS = ("/queue/join", "/run/", "/api/", "/call/")
_MODULES = frozenset(script.as_posix() for script in SCRIPTS)


class Tally:
    """How much each address has spent within the last `seconds`; the longest silent addresses are forgotten first."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic):
        self._most, self._seconds, self._clock = most, seconds, clock
        self._spent: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()

    def spend(self, address: str, amount: int) -> bool:
        """Tells whether `amount` more is within bounds; only then it counts."""
        now, spent = self._clock(), self._spent.setdefault(address, deque())
        self._spent.move_to_end(address)
        while len(self._spent) > MAX_ADDRESSES:
            self._spent.popitem(last=False)
        while spent and now - spent[0][0] > self._seconds:
            spent.popleft()
        if sum(part for _, part in spent) + amount > self._most:
            return False
        spent.append((now, amount))
        return True


class Gate:
    """ASGI middleware. `health` answers GET /health: (whether all is well, facts)."""

    def __init__(self, app: Any, limits: Limits, health: Callable[[], tuple[bool, dict[str, Any]]]):
        self._app, self._limits, self._health = app, limits, health
        self._calls = Tally(limits.calls_per_minute, MINUTE) if limits.calls_per_minute else None
        self._uploads = Tally(limits.uploads_mb * MB, UPLOADS_KEPT)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = scope["path"]
        if path == HEALTH:
            well, facts = self._health()
            return await _answer(send, 200 if well else 503, facts)
        if scope["method"] == "POST" and (refusal := self._refusal(scope, path)):
            return await _answer(send, refusal[0], {"detail": refusal[1]})
        if path.rpartition("/file=")[2] in _MODULES:
            send = _kept_fresh(send)
        return await self._app(scope, receive, send)

    def _refusal(self, scope: Any, path: str) -> tuple[int, str] | None:
        address = (scope.get("client") or ("",))[0]
        if path.endswith("/upload"):
            length = dict(scope["headers"]).get(b"content-length", b"").decode("latin-1")
            if not length.isdecimal():
                return 411, "An upload must tell its length."
            if int(length) > self._limits.upload_mb * MB + MB:  # the rest is the form around the files
                return 413, f"The files are too large together; the page takes {self._limits.upload_mb} MB at a time."
            if not self._uploads.spend(address, int(length)):
                return 429, f"More than {self._limits.uploads_mb} MB in ten minutes; try again later."
        elif self._calls and any(part in path for part in _CALLS) and not self._calls.spend(address, 1):
            return 429, f"More than {self._limits.calls_per_minute} calls in a minute; wait a moment."
        return None


def _kept_fresh(send: Any) -> Any:
    """The answer with a word to the browser to ask again: modules of two versions of the app do not fit each other."""

    async def send_on(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message["headers"], (b"cache-control", b"no-cache")]}
        await send(message)

    return send_on


async def _answer(send: Any, status: int, content: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
