"""Who has logged in, and how often one may guess."""

import time
from collections.abc import Callable
from typing import Any

from starlette.requests import HTTPConnection

from demo.hosting import logs
from demo.hosting.gate.tally import Tally

MINUTE = 60.0
GUESSES, ALL_GUESSES = 5, 60
"""Wrong logins in a minute: of one address, and of all together."""


class Login:
    """The login that gradio checks: this asks whether it was done, and slows down whoever guesses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._by_address = Tally(GUESSES, MINUTE, clock)
        self._of_all = Tally(ALL_GUESSES, MINUTE, clock)

    def try_once(self, address: str) -> str | None:
        """Counts a login as wrong until it turns out right; a sentence where no more are heard."""
        if self._of_all.has_room("", 1) and self._by_address.spend(address, 1):
            self._of_all.spend("", 1)
            return None
        logs.event("login", outcome="held back")
        return "Too many wrong logins; wait a minute."

    def watched(self, address: str, send: Any) -> Any:
        """The send of a login's answer: a right one does not count, a wrong one is logged, without what was tried."""

        async def send_on(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                right = message["status"] < 400
                logs.event("login", outcome="done" if right else "refused")
                if right:
                    self._by_address.give_back(address, 1)
                    self._of_all.give_back("", 1)
            await send(message)

        return send_on


def is_logged_in(scope: Any) -> bool:
    """Tells whether the request has the cookie that gradio gave for a right login."""
    app, cookies = scope["app"], HTTPConnection(scope).cookies
    return any(cookies.get(f"access-token-{kind}{app.cookie_id}") in app.tokens for kind in ("", "unsecure-"))
