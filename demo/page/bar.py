"""What is always in sight: the bar with its menu, and the one across the explorer while it shows an older set."""

from dataclasses import dataclass

import gradio as gr

from demo.client import MODES, OFFERS
from demo.page.arguments import file_path
from demo.session.presets import PRESETS
from demo.settings import Settings


@dataclass(frozen=True)
class BarPanel:
    """What is always in sight: the example on show, who reads the pictures, what to do."""

    preset: gr.Dropdown
    model_line: gr.Markdown
    offers: gr.HTML
    modes: gr.HTML


@dataclass(frozen=True)
class UntrainedPanel:
    """A bar across the explorer while it shows an older set than the visitor's; train: presses the other one."""

    row: gr.Row
    text: gr.Markdown
    train: gr.Button


@dataclass(frozen=True)
class SavePanel:
    """What is taken home, brought back and deleted; pictures: whether the adapter has small ones of the shots; file:
    hidden, it hands the browser what the buttons ask for."""

    download: gr.Button
    pictures: gr.Checkbox
    predictions: gr.Button
    project: gr.Button
    page: gr.Button
    unsent: gr.JSON
    file: gr.DownloadButton
    link: gr.Button
    link_said: gr.Markdown
    png: gr.Button
    svg: gr.Button
    reopen: gr.File
    library_code: gr.Code
    client_code: gr.Code
    clear: gr.Button


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
        modes = gr.HTML("", **MODES, apply_default_css=False, padding=False, elem_id="modes")
    return BarPanel(preset=preset, model_line=model_line, offers=offers, modes=modes)


def build_untrained_panel() -> UntrainedPanel:
    with gr.Row(visible=False, elem_id="untrained") as row:
        text = gr.Markdown(elem_id="untrained-text")
        train = gr.Button("Train", variant="primary", size="sm", elem_id="train-now")
    return UntrainedPanel(row=row, text=text, train=train)


def build_save_panel() -> SavePanel:
    with gr.Row():
        download = gr.Button("Download adapter", size="sm", elem_id="download")
        predictions = gr.Button("Predictions (CSV)", size="sm", elem_id="download-predictions")
    pictures = gr.Checkbox(
        False, label="with small pictures of what was taught", container=False, elem_id="adapter-pictures"
    )
    project = gr.Button("Save the project (zip with the pictures)", size="sm", elem_id="save-project")
    page = gr.Button("Save as a page (HTML, holds small pictures)", size="sm", elem_id="save-page")
    # written when asked for, with what the server had not heard of the sliders, then handed over by a hidden button
    unsent = gr.JSON(visible=False)
    file = gr.DownloadButton(visible="hidden", elem_id="download-file")
    reopen = gr.File(label="Reopen a saved adapter or project (.zip)", file_types=[".zip"], height=84, elem_id="reopen")
    reopen.preprocess = file_path
    with gr.Row(elem_classes="save-part"):
        link = gr.Button("Copy link", size="sm", elem_id="copy-link")
        png = gr.Button("Map as PNG", size="sm", elem_id="export-png")
        svg = gr.Button("Map as SVG", size="sm", elem_id="export-svg")
    link_said = gr.Markdown(elem_id="link-said")
    with gr.Accordion("Code", open=False):
        library_code = gr.Code(label="Use the adapter in Python", language="python", elem_id="library-code")
        client_code = gr.Code(label="Call this app from Python", language="python", elem_id="client-code")
    clear = gr.Button("Delete my pictures and adapter", variant="stop", size="sm", elem_id="clear")
    return SavePanel(
        download=download,
        pictures=pictures,
        predictions=predictions,
        project=project,
        page=page,
        unsent=unsent,
        file=file,
        link=link,
        link_said=link_said,
        png=png,
        svg=svg,
        reopen=reopen,
        library_code=library_code,
        client_code=client_code,
        clear=clear,
    )
