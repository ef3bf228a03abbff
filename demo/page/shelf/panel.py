"""Where sets are put on the shelf; who acts is switched in the explorer, beside the numbers."""

from dataclasses import dataclass

import gradio as gr

from demo.page.arguments import file_path
from demo.session.presets import PRESETS


@dataclass(frozen=True)
class ShelfPanel:
    """What brings sets to the shelf, and what is said about it."""

    put: gr.Button
    example: gr.Dropdown
    add: gr.Button
    file: gr.File
    status: gr.Markdown


def build_shelf_panel() -> ShelfPanel:
    with gr.Accordion("Shelf: several sets at once", open=False, elem_id="shelf-panel"):
        status = gr.Markdown(elem_id="shelf-status")
        put = gr.Button("Put this set on the shelf", size="sm", elem_id="put-on-shelf")
        example = gr.Dropdown(list(PRESETS), value=None, label="Add an example", elem_id="shelf-example")
        example.preprocess = lambda payload: payload
        # a list of its own accord would call twice for one choice
        add = gr.Button("Add the example", size="sm", elem_id="add-example")
        file = gr.File(
            label="Add a saved adapter or project (.zip)", file_types=[".zip"], height=84, elem_id="shelf-file"
        )
        file.preprocess = file_path
    return ShelfPanel(put=put, example=example, add=add, file=file, status=status)
