"""What is always in sight: the bar at the top, and the one across the explorer while it shows an older set."""

from dataclasses import dataclass

import gradio as gr

from demo.client import MODES, OFFERS
from demo.session.presets import PRESETS
from demo.settings import Settings


@dataclass(frozen=True)
class BarPanel:
    """What is always in sight: the example on show, who reads the pictures, what to do."""

    preset: gr.Dropdown
    model_line: gr.Markdown
    offers: gr.HTML


@dataclass(frozen=True)
class UntrainedPanel:
    """A bar across the explorer while it shows an older set than the visitor's; train: presses the other one."""

    row: gr.Row
    text: gr.Markdown
    train: gr.Button


def build_bar(settings: Settings) -> BarPanel:
    with gr.Row(elem_id="bar", equal_height=True):
        gr.Markdown(
            "# Localized Latent Updates\nTeach a model new things without making it forget",
            elem_id="title",
        )
        preset = gr.Dropdown(
            list(PRESETS),
            value=next(iter(PRESETS)),
            label="Example",
            show_label=False,
            container=False,
            interactive=True,
            elem_id="preset",
        )
        preset.preprocess = lambda payload: payload
        with gr.Column(elem_id="reader", min_width=0):
            model_line = gr.Markdown(elem_id="model-line")
            offers = gr.HTML(
                "[]", **OFFERS, apply_default_css=False, padding=False, visible=settings.choose_models, elem_id="offers"
            )
        gr.HTML("", **MODES, apply_default_css=False, padding=False, elem_id="modes")
    return BarPanel(preset=preset, model_line=model_line, offers=offers)


def build_untrained_panel() -> UntrainedPanel:
    with gr.Row(visible=False, elem_id="untrained") as row:
        text = gr.Markdown(elem_id="untrained-text")
        train = gr.Button("Train", variant="primary", size="sm", elem_id="train-now")
    return UntrainedPanel(row=row, text=text, train=train)
