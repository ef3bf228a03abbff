"""Whose session an event is about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

import gradio as gr

from demo.hosting.store import SessionStore
from demo.payloads.summary import summary
from demo.session.session import Session
from llu_core.errors import LluError

Arguments = ParamSpec("Arguments")


MAX_NAME = 100
"""Characters of a visitor's name; browsers and gradio_client make ten, gradio itself 32."""


def visitor(request: gr.Request) -> str:
    """The name by which the store, the line and the downloads know whoever sent a request.

    Raises LluError for none, which all who send none would share, and for one that no page makes up: the names of
    visitors who have gone are kept.
    """
    name = request.session_hash
    if not name:
        raise LluError("the call names no session, so that there is no set of yours to go on with; send a session_hash")
    if len(name) > MAX_NAME or not name.isascii():
        raise LluError(f"the session's name must be at most {MAX_NAME} plain letters and digits; reload the page")
    return name


def _address(request: gr.Request) -> str | None:
    """Where a request came from, as the gate takes it; behind a proxy that is what the proxy says."""
    client = getattr(request, "client", None)
    return None if client is None else client.host


@dataclass(frozen=True)
class Visitors:
    """Reads and changes the session of whoever sent a request; what it answers is a summary, never the session.

    What takes long is done on the session as `session` gives it, and then joined by a quick change to what the session
    is by then: other events of the same visitor may have changed it meanwhile.
    """

    store: SessionStore

    def session(self, request: gr.Request) -> Session:
        return self.store.get(visitor(request))

    def kept(self, request: gr.Request) -> Session | None:
        """The visitor's session as it is kept at the moment, without waiting for anything; None where none is."""
        return self.store.kept(request.session_hash or "")

    def update(
        self,
        request: gr.Request,
        change: Callable[Concatenate[Session, Arguments], Session],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Session:
        """Keep `change(session, *args)`, which must be quick, and return it; no other change comes between."""
        return self.store.update(
            visitor(request), lambda session: change(session, *args, **kwargs), address=_address(request)
        )

    def change(
        self,
        request: gr.Request,
        change: Callable[Concatenate[Session, Arguments], Session],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> dict[str, Any]:
        """Keep `change(session, *args)`, which must be quick; answers with its summary."""
        return summary(self.update(request, change, *args, **kwargs))
