"""What a request that breaks is answered, outside of all actions: an upload onto a full disk, say."""

import errno
from typing import Any

from demo.hosting import logs

FULL_DISK = "The disk of this server is full."
BROKEN = "Something broke in the app itself. Try again, or reload the page."


class Broken:
    """ASGI middleware: a sentence to the caller, and a line without data in the log."""

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = False

        async def send_on(message: dict[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            if begun:  # too late for an answer: the server ends the connection
                raise
            logs.event("failure", failure=error, action="request")
            await _answer(send, *((507, FULL_DISK) if is_full(error) else (500, BROKEN)))


def is_full(error: BaseException) -> bool:
    """Tells whether there was no room for a file."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


async def _answer(send: Any, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
