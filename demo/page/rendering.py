"""What the page shows of a visitor's session, drawn anew after every event."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.hosting.maps.maps import Maps
from demo.page.faults import QuietBlocks
from demo.page.visitors import Visitors
from demo.payloads.cards import cards_payload, cards_payload_of_features
from demo.payloads.explorer import explorer_payload, positions_payload
from demo.payloads.models import facts_panel, offers_payload
from demo.payloads.shelf import shelf_line
from demo.payloads.snippets import client_code, library_code
from demo.payloads.summary import status_line
from demo.payloads.waiting import answers_payload
from demo.session import training
from demo.session.draft import unseen_without_pictures
from demo.session.presets import NO_EXAMPLE, PRESETS
from demo.session.session import Session
from demo.session.uploads.question import choices_for_a_recording
from llu_core.data.taught import warning
from llu_core.errors import as_written

MOST_DRAWN = 5
"""So often a part is drawn for one event, where the visitor's edits are quicker than the drawing."""


@dataclass(frozen=True)
class Drawing:
    """Draws a part of the page; kept: what it is drawn from, for the blocks to see whether that has changed."""

    draw: Callable[[gr.Request], Any]
    kept: Callable[[gr.Request], Session | None]

    def __call__(self, request: gr.Request) -> Any:
        return self.draw(request)


class DrawnBlocks(QuietBlocks):
    """Blocks that draw once more what has changed before its drawing is sent: who edits the set while it is still drawn
    must not find it drawn as it was before. Nothing waits between the last look and the sending, so that of two
    drawings by two events, whichever was begun first, the one that is sent last is not the older.
    """

    async def process_api(
        self, block_fn: Any, inputs: list[Any], *args: Any, request: Any = None, **kwargs: Any
    ) -> dict[str, Any]:
        drawing, sent = block_fn.fn, {}
        look = drawing.kept if isinstance(drawing, Drawing) else lambda request: None
        for _ in range(MOST_DRAWN):
            before = look(request)
            sent = await super().process_api(block_fn, inputs, *args, request=request, **kwargs)
            if look(request) is before:
                break
        return sent


@dataclass(frozen=True)
class Rendering:
    """Reads a visitor's session; every public method answers with the values of some of the page's components."""

    visitors: Visitors
    maps: Maps

    def render_panels(self, request: gr.Request) -> list[Any]:
        """Everything beside the explorer."""
        session = self.visitors.session(request)
        reason = session.why_not_trainable()
        untrained = session.model is not None and session.changed_since_training
        return [
            _model_line(session),
            offers_payload(session.encoder_name),
            _examples(session),
            _cards(session),
            ", ".join(unseen_without_pictures(session.draft)),
            "\n".join(session.source.templates),
            answers_payload(session),
            gr.update(interactive=reason is None),
            status_line(session),
            gr.update(visible=untrained),
            f"**Not trained yet.** {reason or 'What you see belongs to the set before your last change.'}",
            gr.update(interactive=reason is None),
            gr.update(interactive=session.model is not None and session.shelf.entry_of(session.model) is None),
            shelf_line(session),
            *self.render_code(request),
        ]

    def render_code(self, request: gr.Request) -> list[str]:
        """The code to take away: the library's and the client's."""
        session = self.visitors.session(request)
        address = str(request.request.base_url) if request.request is not None else ""
        return [library_code(session), client_code(session, address)]

    def render_facts(self, name: str | None, checkpoint: str | None, request: gr.Request) -> str:
        """What the model of that name is, before it is loaded."""
        return facts_panel(name or "", checkpoint or "")

    def render_offer(self, name: str, request: gr.Request) -> list[Any]:
        """The model panel, open, with a model that was offered."""
        return [gr.update(open=True), name]

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
        session = self.visitors.session(request)
        drawn = self.maps.draw(session, wanted=lambda: _same_adapter(session, self.visitors.session(request)))
        return positions_payload(self.visitors.update(request, training.join_map, drawn))


def _same_adapter(before: Session, now: Session) -> bool:
    return before.model is not None and now.model is not None and before.model.id == now.model.id


def _examples(session: Session) -> Any:
    """The list of examples; before them, where none is on show, what is."""
    if session.preset is not None:
        return gr.update(choices=list(PRESETS), value=session.preset)
    own = "Your set" if session.source.class_names else "Choose an example"
    return gr.update(choices=[(own, NO_EXAMPLE), *((title, title) for title in PRESETS)], value=NO_EXAMPLE)


def _model_line(session: Session) -> str:
    """Who reads the set, what it knows, and which of the visitor's class names it was never taught."""
    told = "" if session.preset else warning(session.encoder_name, session.draft.class_names)
    opened = f"<summary>Read by <b>{html.escape(session.encoder.title)}</b>{_marked(told)}</summary>"
    return f"<details>{opened}\n\n{session.encoder.note} {as_written(told)}\n\n</details>"


def _marked(told: str) -> str:
    return " <b>\u26a0 words it was never taught</b>" if told else ""


def _cards(session: Session) -> str:
    shown: Any = {
        "changed": session.changed_since_training,
        "undo": session.history[-1].label if session.history else None,
        "limits": session.limits,
        "told": "" if session.preset or session.features else warning(session.encoder_name, session.draft.class_names),
    }
    if session.features is not None:
        return cards_payload_of_features(session.features, **shown)
    return cards_payload(session.draft, **shown, choices=choices_for_a_recording(session))
