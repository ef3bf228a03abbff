"""What the page's events and the endpoints do at once: every public method is one action on a visitor's session."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from demo.hosting.host import Host
from demo.hosting.machine.threads import stand_back
from demo.page.arguments import mask_of
from demo.page.visitors import Visitors, visitor
from demo.payloads.explorer import arc_payload
from demo.payloads.saved_page import save_page
from demo.payloads.summary import summary
from demo.session import draft as drafts
from demo.session import edits, queries, saving, training
from demo.session.photographs import photograph_path
from demo.session.presets import NO_EXAMPLE
from demo.session.session import Session
from demo.session.shelf import shelving
from llu_core.errors import LluError
from llu_core.steps import Told, counted, drain


class Actions:
    """Changes a visitor's session: what takes long is done first, then joined; work with turns is `LongWork`'s."""

    def __init__(self, host: Host):
        self.host, self.visitors = host, Visitors(host.store)

    def load_example(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Load a built-in example, trained; with another model than the app started with, it is left to train."""
        if name == NO_EXAMPLE:  # the list's first line, while another set is on show
            return self.get_summary(request)
        before = self.visitors.session(request)
        example = self.host.examples.get(before, name)

        def load(session: Session) -> Session:
            if session.encoder is not before.encoder:
                raise LluError("the model was changed meanwhile; choose the example again")
            opened = shelving.brought_along(replace(example, lineage=object()), session, session.shelf)
            return opened.replacing(session, f"open {name}")

        return self.visitors.change(request, load)

    def open_link(self, link: str, request: gr.Request) -> dict[str, Any]:
        """Load the example that the fragment of a copied link names."""
        session = self.visitors.session(request)
        title = parse_qs(link.lstrip("#")).get("set", [""])[0]
        if not title or title == session.preset:
            return summary(session)
        return self.load_example(title, request)

    def add_pictures(
        self, files: list[str] | None, class_name: str, manner: str, request: gr.Request
    ) -> dict[str, Any]:
        """Add a zip with one folder per class, or pictures of one class, to the set; or open a feature bundle.

        manner: "join" the set on show or "replace" it; "", as it is if nothing is said, replaces an example, unless
        the class is one of its own, and lets an own set grow.
        """
        if not files:
            return self.get_summary(request)
        return drain(self.take_pictures(files, class_name, manner, request))

    def take_pictures(
        self, files: list[str], class_name: str, manner: str, request: gr.Request
    ) -> Generator[tuple[int, int], None, dict[str, Any]]:
        """What `add_pictures` does, telling how many of how many pictures are read."""
        before = self.visitors.session(request)

        def read(told: Told) -> edits.Upload:
            stand_back()
            return edits.read_upload(before, files, class_name, manner, told)

        upload = yield from counted(read)

        def join(session: Session) -> Session:
            session.require_same_set(before)
            return edits.join_upload(session, upload)

        return self.visitors.change(request, join)

    def rename_class(self, old: str, new: str, request: gr.Request) -> dict[str, Any]:
        """Rename a class of the set."""
        return self.visitors.change(request, edits.edit, f"rename {old}", drafts.rename_class, old, new)

    def delete_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Delete a class of the set and its pictures."""
        return self.visitors.change(request, edits.edit, f"delete {name}", drafts.delete_class, name)

    def create_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Add a class that has no pictures yet to the set."""
        return self.visitors.change(request, edits.edit, f"add {name.strip()}", drafts.add_class, name)

    def move_picture(self, picture: str, class_name: str, request: gr.Request) -> dict[str, Any]:
        """Give a picture of the set another class."""
        return self.visitors.change(request, edits.edit_picture, "move", drafts.move_picture, picture, class_name)

    def delete_picture(self, picture: str, request: gr.Request) -> dict[str, Any]:
        """Take a picture out of the set."""
        return self.visitors.change(request, edits.edit_picture, "delete", drafts.delete_picture, picture)

    def undo(self, request: gr.Request) -> dict[str, Any]:
        """Take back the last change of the set or of its answers; what was trained since then stays."""
        return self.visitors.change(request, Session.undone)

    def set_unseen_classes(self, names: str, request: gr.Request) -> dict[str, Any]:
        """Name further classes, separated by commas, that are told apart but not trained."""
        before = self.visitors.session(request)
        joining = edits.classes_that_join(before, names)
        if not joining:
            return self.visitors.change(request, edits.change_unseen_classes, names)
        return self._join_classes(joining, before, request)

    def _join_classes(self, names: list[str], before: Session, request: gr.Request) -> dict[str, Any]:
        return self.visitors.change(request, queries.join_classes, queries.encode_classes(before, names))

    def set_templates(self, templates: str, request: gr.Request) -> dict[str, Any]:
        """Set the prompt templates, one a line, {} for the class name."""
        return self.visitors.change(request, edits.set_templates, templates)

    def clear(self, request: gr.Request) -> dict[str, Any]:
        """Forget the set and the adapter."""
        return self.visitors.change(request, edits.clear)

    def get_pictures(self, request: gr.Request) -> list[dict[str, str]]:
        """The pictures of the set: key (for move_picture and delete_picture), class, part and name."""
        draft = self.visitors.session(request).draft
        return [
            {"key": key, "class": draft.class_names[picture.label], "part": part, "name": picture.name}
            for key, (part, picture) in drafts.pictures_by_key(draft).items()
        ]

    def get_summary(self, request: gr.Request) -> dict[str, Any]:
        """The set, the model and, once trained, its accuracies at the current beta and gamma."""
        return summary(self.visitors.session(request))

    def set_mask(self, beta: float, gamma: float | str, request: gr.Request, set_name: str = "") -> dict[str, Any]:
        """Move beta (0 to 1) and gamma (0 to "inf") of the set on the page, or of the one on the shelf that is named;
        nothing is retrained."""
        return self.visitors.change(request, shelving.move_set, set_name, *mask_of(beta, gamma))

    def set_statistics(self, counted: bool, request: gr.Request) -> dict[str, Any]:
        """Let the adapter's class statistics count, or not; nothing is retrained."""
        return self.visitors.change(request, training.set_statistics, counted)

    def ask(self, picture: str | None, request: gr.Request) -> dict[str, Any]:
        """Ask both models about a picture; it joins the map, and nothing is retrained."""
        before = self.visitors.session(request)
        if picture is None:
            return {}
        session = self.visitors.update(request, queries.join_query, queries.encode_query(before, picture))
        return queries.as_json(queries.answer(session, len(session.require_model().queries) - 1))

    def ask_photograph(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Ask both models about a photograph that comes with the installation, by its name."""
        return self.ask(str(photograph_path(name)), request)

    def remove_query(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Take a picture that was asked about off the map."""
        return self.visitors.change(request, queries.remove_query, name)

    def add_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Let a further class join both predictions at once, without training."""
        return self._join_classes([name], self.visitors.session(request), request)

    def remove_answer(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Take away a class that joined by its name; every answer is as it was before that."""
        return self.visitors.change(request, queries.remove_answer, name)

    def follow_arc(self, event: dict[str, Any], request: gr.Request) -> str:
        """The points of the arc that the explorer asks for, as it draws them."""
        session = self.visitors.session(request)
        try:
            place = int(event["anchor"]), str(event["kind"]), int(event["index"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise LluError("an arc needs anchor and index, whole numbers, and kind, a text") from None
        return arc_payload(session, *place)

    def save_adapter(self, pictures: bool, request: gr.Request) -> str:
        """The trained adapter as a zip; pictures: with small pictures of what it was taught with."""
        folder = self.host.folder(visitor(request))
        return str(saving.save_adapter(self.visitors.session(request), folder, pictures=pictures))

    def save_predictions(self, request: gr.Request) -> str:
        """CLIP's and LLU's predictions as CSV."""
        return str(saving.save_predictions(self.visitors.session(request), self.host.folder(visitor(request))))

    def save_page(self, request: gr.Request) -> str:
        """What is on show as one HTML file that opens without the app, small pictures and their names included."""
        return str(save_page(self.visitors.session(request), self.host.folder(visitor(request))))

    def save_project(self, request: gr.Request) -> str:
        """The set with its pictures, labels and templates, and its adapter, as a zip."""
        return str(saving.save_project(self.visitors.session(request), self.host.folder(visitor(request))))

    def open_adapter(self, file: str | None, request: gr.Request) -> dict[str, Any]:
        """Reopen an adapter or a project saved before."""
        if file is None:
            return self.get_summary(request)
        before = self.visitors.session(request)
        opened = saving.open_adapter(before, Path(file))
        return self.visitors.change(request, saving.join_adapter, before, opened)

    def forget_visitor(self, request: gr.Request) -> None:
        self.host.forget(visitor(request))
