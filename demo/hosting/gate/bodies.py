"""How much of a request's body is read: what has come is counted, whatever the request says about itself."""

import asyncio
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from starlette.formparsers import MultiPartException

from demo.settings import MB

CALL_BYTES = 2 * MB
"""The page's own calls have some hundred bytes; a call that names 2,000 uploaded pictures one by one has 1.2 MB."""
LOGIN_BYTES = 16 * 1024
MAX_ITEMS, MAX_DEPTH = 50_000, 64
"""Lists, entries and members of a call, which cost memory when it is parsed; those pictures have 18,000."""
STALLED = 60.0
"""Seconds without a byte after which an upload or a call counts as broken off."""


class Refusal(Exception):
    """status: of the answer; the message is its sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class BrokenOff(Exception):
    """The caller went away, so that there is nobody to answer."""


async def read_body(receive: Any, most: int) -> bytes:
    """The whole body; raises Refusal as soon as it is too long, or comes too slowly."""
    parts, size, more = [], 0, True
    while more:
        message = await _next(receive)
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > most:
            raise too_long(most)
    return b"".join(parts)


def too_long(most: int) -> Refusal:
    return Refusal(413, f"A call takes at most {most / MB:.2g} MB; files are uploaded first, and named in it.")


def check_json(body: bytes) -> None:
    """Raises Refusal for what would take many times its own size when it is parsed."""
    items = sum(body.count(sign) for sign in (b"[", b"{", b","))
    opened = (1 if bracket in b"[{" else -1 for bracket in re.findall(rb"[\[\]{}]", body)) if items <= MAX_ITEMS else ()
    if items > MAX_ITEMS or max(accumulate(opened), default=0) > MAX_DEPTH:
        raise Refusal(413, "The call holds more values, or deeper ones, than any action of this app takes.")


def replayed(body: bytes, receive: Any) -> Any:
    """A receive that gives the body, which was read before, and then what comes after it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_on() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return receive_on


class CountedUpload:
    """The receive of an upload. What is too much, too slow or broken off ends as a fault in the form that is uploaded:
    its parser then deletes the files that it has begun.

    count(so far, newly): raises Refusal for what is too much; refusal: why it ended, where somebody still hears it.
    """

    def __init__(self, receive: Any, count: Callable[[int, int], None]):
        self._receive, self._count, self._size, self._more = receive, count, 0, True
        self.refusal: Refusal | None = None

    async def __call__(self) -> dict[str, Any]:
        if not self._more:
            return await self._receive()
        try:
            message = await _next(self._receive)
            newly = len(message.get("body", b""))
            self._size += newly
            self._count(self._size, newly)
        except (Refusal, BrokenOff) as ended:
            self.refusal = ended if isinstance(ended, Refusal) else Refusal(400, "The upload was broken off.")
            raise MultiPartException(str(self.refusal)) from ended
        self._more = message.get("more_body", False)
        return message


async def _next(receive: Any) -> dict[str, Any]:
    try:
        message = await asyncio.wait_for(receive(), STALLED)
    except TimeoutError:
        raise Refusal(408, "Nothing came for a minute; send it again.") from None
    if message["type"] == "http.disconnect":
        raise BrokenOff
    return message
