"""Whose session an event is about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

import gradio as gr

from demo.hosting.store import SessionStore
from demo.payloads.summary import summary
from demo.session.session import Session

Arguments = ParamSpec("Arguments")


def visitor(request: gr.Request) -> str:
    """The name by which the store, the line and the downloads know whoever sent a request."""
    return str(request.session_hash)


@dataclass(frozen=True)
class Visitors:
    """Reads and keeps the session of whoever sent a request; what it answers is a summary, never the session."""

    store: SessionStore

    def session(self, request: gr.Request) -> Session:
        return self.store.get(visitor(request))

    def keep(self, request: gr.Request, session: Session) -> dict[str, Any]:
        """The visitor's session from now on; answers with its summary."""
        self.store.put(visitor(request), session)
        return summary(session)

    def change(
        self,
        request: gr.Request,
        change: Callable[Concatenate[Session, Arguments], Session],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> dict[str, Any]:
        """Keep `change(session, *args)`; answers with its summary."""
        return self.keep(request, change(self.session(request), *args, **kwargs))
