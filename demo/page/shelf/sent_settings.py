"""Where the sliders and switches of the page stand, which it tells the server once they rest, and before a download."""

from typing import Any

import gradio as gr

from demo.page.actions import Actions
from demo.page.arguments import received
from demo.page.faults import entries
from demo.page.questions import IN_ORDER
from demo.page.shelf.actions import ShelfActions

SETTINGS: dict[str, Any] = {"concurrency_id": "settings", **IN_ORDER}
"""The options of every event that brings settings: all stand in one line, so that the last ones count."""


class SentSettings:
    """Remembers for a visitor's session what the page sends of its settings."""

    def __init__(self, actions: Actions, shelf: ShelfActions):
        self.actions, self.shelf = actions, shelf

    def take_settings(self, sent: Any, request: gr.Request) -> None:
        """Take `Settings` of the page's script, or null where it has nothing new; raises LluError for anything else."""
        if sent is None:
            return
        *mask, statistics, resting, masks = entries(sent, "beta", "gamma", "statistics", "resting", "masks")
        self.actions.set_mask(*received(self.actions.set_mask, [*mask, request]))
        if resting is not None and masks is not None:  # the shelf has others
            self.shelf.let_rest(*received(self.shelf.let_rest, [resting, request]))
            self.shelf.move_all(*received(self.shelf.move_all, [masks, request]))
        if statistics is not None:  # the adapter has some
            self.actions.set_statistics(*received(self.actions.set_statistics, [statistics, request]))
