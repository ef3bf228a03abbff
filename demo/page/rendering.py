"""What the page shows of a visitor's session, drawn anew after every event."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.page.visitors import Visitors
from demo.payloads.cards import cards_payload, cards_payload_of_features
from demo.payloads.explorer import explorer_payload, positions_payload
from demo.payloads.snippets import client_code, library_code
from demo.payloads.summary import as_written, status_line
from demo.session import training
from demo.session.draft import unseen_without_pictures
from demo.session.session import Session
from llu_core.data.taught import warning


@dataclass(frozen=True)
class Rendering:
    """Reads a visitor's session; every public method answers with the values of some of the page's components."""

    visitors: Visitors

    def render_panels(self, request: gr.Request) -> list[Any]:
        """The left column and the model line, as the session has them."""
        session = self.visitors.session(request)
        return [
            _model_line(session),
            session.preset,
            _cards(session),
            ", ".join(unseen_without_pictures(session.draft)),
            "\n".join(session.source.templates),
            gr.update(interactive=session.why_not_trainable() is None),
            status_line(session),
            *self.render_code(request),
        ]

    def render_code(self, request: gr.Request) -> list[str]:
        """The code to take away: the library's and the client's."""
        session = self.visitors.session(request)
        address = str(request.request.base_url) if request.request is not None else ""
        return [library_code(session), client_code(session, address)]

    def render_explorer(self, request: gr.Request) -> str:
        """The explorer as the session has it."""
        return explorer_payload(self.visitors.session(request))

    def render_answer(self, request: gr.Request) -> tuple[str, None]:
        """The explorer with the newest query selected, and an empty place for the next picture."""
        session = self.visitors.session(request)
        model = session.model
        row = len(model.row_names) - 1 if model is not None and len(model.queries) else None
        return explorer_payload(session, select=row), None

    def draw_umap(self, request: gr.Request) -> str:
        """The map's better coordinates, which the session keeps where it still has the adapter they were made for."""
        drawn = training.draw_umap(self.visitors.session(request))
        return positions_payload(self.visitors.update(request, training.join_map, drawn))


def _model_line(session: Session) -> str:
    """Who reads the set, what it knows, and which of the visitor's class names it was never taught."""
    told = "" if session.preset else warning(session.encoder_name, session.draft.class_names)
    return f"Model: **{session.encoder.title}**. {session.encoder.note}" + (f" **{as_written(told)}**" if told else "")


def _cards(session: Session) -> str:
    shown: Any = {
        "changed": session.changed_since_training,
        "undo": session.history[-1].label if session.history else None,
        "limits": session.limits,
    }
    if session.features is not None:
        return cards_payload_of_features(session.features, **shown)
    return cards_payload(session.draft, **shown)
