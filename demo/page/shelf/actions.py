"""What the page's events and the endpoints do with the shelf: every public method is one action."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.hosting.host import Host
from demo.page.arguments import mask_of
from demo.page.visitors import Visitors
from demo.session.model import Model
from demo.session.session import Session
from demo.session.shelf import shelving
from demo.session.shelf.shelf import Mask
from demo.session.uploads.joining import read_sets
from llu_core.errors import LluError


class ShelfActions:
    """Changes a visitor's shelf; what takes long is done first, then joined."""

    def __init__(self, host: Host):
        self.host, self.visitors = host, Visitors(host.store)

    def put_on_shelf(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Keep the trained set on the page, under this name or "" for its own, while another one is opened."""
        return self.visitors.change(request, shelving.put_on_shelf, name)

    def put_shown(self, request: gr.Request) -> None:
        """Keep the trained set on the page under its own name."""
        self.visitors.update(request, shelving.put_on_shelf)

    def add_example_to_shelf(self, name: str | None, request: gr.Request) -> dict[str, Any]:
        """Let a built-in example act together with the set on the page."""
        before = self.visitors.session(request)
        if not name:
            return self.visitors.change(request, lambda session: session)
        example = self.host.examples.get(before, name)
        model = example.model
        if model is None:
            raise LluError(f"{name} is not trained for the model that you chose; open and train it, then keep it")
        return self._join(request, before, [(name, model, (example.beta, example.gamma))])

    def add_file_to_shelf(self, file: str | None, request: gr.Request) -> dict[str, Any]:
        """Let a saved adapter, a project or several sets that were saved together act with the set on the page."""
        before = self.visitors.session(request)
        if file is None:
            return self.visitors.change(request, lambda session: session)
        return self._join(request, before, [(*each, None) for each in read_sets(before, Path(file))])

    def take_off_shelf(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Take a set off the shelf, by its name; the one on the page stays there."""
        return self.visitors.change(request, shelving.take_off_shelf, name)

    def switch_set(self, name: str, on: bool, request: gr.Request) -> dict[str, Any]:
        """Let a set act or rest, by its name, "" for the one on the page; nothing is retrained."""
        return self.visitors.change(request, shelving.switch_set, name, on)

    def let_rest(self, names: list[str], request: gr.Request) -> None:
        """Let the sets of these names rest, and all others act, as the explorer has them."""
        self.visitors.update(request, shelving.set_resting, names)

    def move_all(self, masks: dict[str, list], request: gr.Request) -> None:
        """Move beta and gamma of the sets of these names, as the explorer has them."""
        moved = {name: mask_of(*mask) for name, mask in masks.items() if len(mask) == 2}
        self.visitors.update(request, shelving.move_sets, moved)

    def _join(self, request: gr.Request, before: Session, sets: list[tuple[str, Model, Mask | None]]) -> dict[str, Any]:
        def join(session: Session) -> Session:
            if session.encoder is not before.encoder:
                raise LluError("the model was changed meanwhile; add the set again")
            for name, model, mask in sets:
                session = shelving.add_to_shelf(session, name, model, mask)
            return session

        return self.visitors.change(request, join)
