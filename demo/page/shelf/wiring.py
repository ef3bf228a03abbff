"""Which event of the shelf calls which action; everything is drawn anew afterwards."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from demo.page.faults import friendly, with_event
from demo.page.questions import EACH, PRIVATE, ends
from demo.page.shelf.actions import ShelfActions
from demo.page.views import View


def wire_shelf(actions: ShelfActions, view: View, show_all: Callable) -> None:
    """show_all(event): draws the page anew when the event has happened."""
    panel, summary = view.shelf, view.summary
    show_all(panel.put.click(friendly(actions.put_shown), None, None, **PRIVATE).success)
    for event, action, field in (
        (panel.add.click, actions.add_example_to_shelf, panel.example),
        (panel.file.upload, actions.add_file_to_shelf, panel.file),
    ):
        added = event(friendly(action), field, summary, api_name=action.__name__)
        for over in ends(added):
            over(lambda: None, None, field, **PRIVATE)  # ready for the next one
        show_all(added.success)
    explorer: Any = view.explorer  # gradio finds its event in its script
    take = with_event(actions.take_off_shelf, "name")
    show_all(explorer.unshelve(take, None, None, **EACH).success)
    for action in (actions.put_on_shelf, actions.take_off_shelf, actions.switch_set):
        gr.api(friendly(action), api_name=action.__name__)
