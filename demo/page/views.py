"""The page's components, one build_<panel>() per panel; no behaviour here."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

from demo.client import (
    CARDS_CSS,
    CARDS_HTML,
    CARDS_JS,
    EXPLORER_CSS,
    EXPLORER_HTML,
    EXPLORER_JS,
    plotly_tag,
    preload_tags,
)
from demo.hosting.versions import versions
from demo.payloads.cards import cards_payload
from demo.session.draft import PICTURE_SUFFIXES, empty_draft
from demo.session.training import PRESETS
from demo.settings import Limits, Settings
from llu_core.encoders.backbones import BACKBONES
from llu_core.method.recipes import RECIPES

# The bundled Source Sans Pro has no usable semi-bold; fonts named by a web address would be fetched from elsewhere.
FONT = [LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"]
THEME = gr.themes.Default(primary_hue="indigo", font=FONT, font_mono=["ui-monospace", "monospace"])

CSS = """
.gradio-container { max-width: 1480px !important; }
.gradio-container > .main { padding-inline: clamp(12px, 3vw, 32px) !important; }
#title h1 { margin: 0 0 2px; font-size: 24px; }
#title p { margin: 0; }
#model-line { font-size: 13px; color: var(--body-text-color-subdued); }
#setup { max-width: 330px; }
#drop { min-height: 150px; }
#tuned:has(> .hide):not(:has(.tuned)) { display: none; } /* no gap where nothing was chosen yet */
.skip { position: absolute; left: -9999px; }
.skip:focus {
  left: 16px; top: 12px; z-index: 100; padding: 8px 14px; border-radius: 8px;
  background: var(--color-accent, #4f46e5); color: white; font-weight: 700;
}
#privacy, #privacy *, #versions, #versions * {
  font-size: 12px; line-height: 1.45; color: color-mix(in srgb, var(--body-text-color) 68%, transparent);
}
@media (max-width: 900px) {
  /* not a flex column, whose height Chromium takes before the container queries of the explorer hold */
  #page { display: grid !important; grid-template-columns: minmax(0, 1fr); }
  #explorer-column { display: block !important; }
  #explorer-column { order: -1; }
  #setup { max-width: none; }
}
@media (max-width: 640px) {
  #explorer > .html-container { padding-inline: 0; }
}
"""

TUNED_CSS = """
.tuned p { margin: 2px 0 6px; font-size: 12.5px; line-height: 1.45; }
.tuned svg { display: block; width: 100%; fill: var(--color-accent, #4f46e5); }
.tuned .chosen { fill: none; stroke: var(--body-text-color); stroke-width: 2; }
.tuned .axes {
  display: flex; justify-content: space-between; margin: 3px 0 0;
  color: color-mix(in srgb, var(--body-text-color) 68%, transparent);
}
"""

LAUNCH = {
    "theme": THEME,
    "css": CSS,
    "head": preload_tags(),
    "run_history": False,
    "ssr_mode": False,
    "enable_monitoring": False,
}
"""For `demo.launch`. The run history would copy every event, pictures included, into the browser's storage."""


@dataclass(frozen=True)
class View:
    """Every component that `wiring` connects."""

    model_line: gr.Markdown
    preset: gr.Dropdown
    class_name: gr.Textbox
    files: gr.File
    cards: gr.HTML
    unseen: gr.Textbox
    templates: gr.Textbox
    recipe: gr.Radio
    model: gr.Dropdown
    checkpoint: gr.Textbox
    load_model: gr.Button
    train: gr.Button
    cancel: gr.Button
    status: gr.Markdown
    tune: gr.Button
    tuned: gr.HTML
    query: gr.Image
    new_class: gr.Textbox
    add_class: gr.Button
    library_code: gr.Code
    client_code: gr.Code
    download: gr.Button
    predictions: gr.Button
    file: gr.DownloadButton
    reopen: gr.File
    clear: gr.Button
    summary: gr.JSON
    link: gr.Textbox
    explorer: gr.HTML


# Files as they came, and choices as they were made: gradio's own checks would answer with a bare "Error", and print
# what they refused. What they check is checked again where the values are used.
def _path(payload: Any) -> str | None:
    return None if payload is None else payload.path


def _paths(payload: Any) -> list[str] | None:
    return None if payload is None else [file.path for file in payload.root]


def build_view(settings: Settings) -> View:
    """All panels; must be called inside a `gr.Blocks` context."""
    gr.Markdown(
        "# Localized Latent Updates\n"
        "Teach CLIP new classes from a few pictures and see **where** the update applies: strong near your pictures, "
        "fading elsewhere, so that all other classes keep CLIP's answer.",
        elem_id="title",
    )
    model_line = gr.Markdown(elem_id="model-line")
    with gr.Row(elem_id="page", equal_height=False):
        with gr.Column(scale=0, min_width=310, elem_id="setup"):
            preset, class_name, files, cards, unseen, templates = build_few_shot_panel(settings.limits)
            recipe, train, cancel, status, tune, tuned = build_train_panel()
            query, new_class, add_class = build_predict_panel()
            download, predictions, file, reopen, clear, library_code, client_code = build_save_panel()
            model, checkpoint, load_model = build_model_panel(settings)
        with gr.Column(scale=1, min_width=320, elem_id="explorer-column"):
            explorer = build_explorer_panel()
    gr.Markdown(versions(), elem_id="versions")
    summary, link = gr.JSON(visible=False), gr.Textbox(visible=False)
    return View(
        model_line, preset, class_name, files, cards, unseen, templates, recipe, model, checkpoint, load_model,
        train, cancel, status, tune, tuned, query, new_class, add_class, library_code, client_code, download,
        predictions, file, reopen, clear, summary, link, explorer,
    )  # fmt: skip


def build_few_shot_panel(limits: Limits) -> tuple[gr.Dropdown, gr.Textbox, gr.File, gr.HTML, gr.Textbox, gr.Textbox]:
    with gr.Accordion("1 · Few-shot set", open=True):
        preset = gr.Dropdown(list(PRESETS), value=next(iter(PRESETS)), label="Example", interactive=True)
        preset.preprocess = lambda payload: payload
        class_name = gr.Textbox(
            label="Class of the pictures you drop",
            placeholder="red panda (a zip or folder needs none)",
            max_lines=1,
            elem_id="drop-class",
        )
        files = gr.File(
            label="Pictures, a zip or a folder",
            file_count="multiple",
            file_types=[*PICTURE_SUFFIXES, ".zip", ".npz"],
            height=150,
            elem_id="drop",
        )
        files.preprocess = _paths
        gr.Markdown(
            "A zip or folder holds one folder per class; beside them `test/` may hold test pictures and `new/` unseen "
            "classes. A feature bundle (.npz) brings embeddings instead. "
            f"{limits.as_text()} "
            "Pictures stay in this server's memory and are forgotten when you close the page; "
            "uploaded files are deleted after ten minutes.",
            elem_id="privacy",
        )
        cards = gr.HTML(
            cards_payload(empty_draft(), limits=limits),  # the page knows its limits before the visitor's set arrives
            html_template=CARDS_HTML,
            css_template=CARDS_CSS,
            js_on_load=CARDS_JS,
            apply_default_css=False,
            elem_id="cards",
        )
        unseen = gr.Textbox(
            label="Unseen classes", info="Names that CLIP should keep knowing, separated by commas", max_lines=3
        )
        with gr.Accordion("Prompt templates", open=False):
            templates = gr.Textbox(label="One a line, {} is the class name; several are averaged", lines=2, max_lines=8)
    return preset, class_name, files, cards, unseen, templates


def build_train_panel() -> tuple[gr.Radio, gr.Button, gr.Button, gr.Markdown, gr.Button, gr.HTML]:
    with gr.Accordion("2 · Train", open=True):
        train = gr.Button("Train adapter", variant="primary", elem_id="train")
        cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="cancel")
        status = gr.Markdown(elem_id="status")
        tune = gr.Button("Choose beta, gamma for me", size="sm", elem_id="tune")
        tuned = gr.HTML("", css_template=TUNED_CSS, apply_default_css=False, padding=False, elem_id="tuned")
        with gr.Accordion("Recipe", open=False):
            recipe = gr.Radio(
                list(RECIPES),
                value="fast",
                label="How to train",
                info="fast: an instant. full: every direction of g, slower. paper: the paper's schedule, much slower. "
                "best: full with a wider mask.",
            )
    return recipe, train, cancel, status, tune, tuned


def build_predict_panel() -> tuple[gr.Image, gr.Textbox, gr.Button]:
    with gr.Accordion("3 · Predict", open=True):
        query = gr.Image(
            label="Ask about a picture",
            sources=["upload", "clipboard", "webcam"],
            type="filepath",
            height=170,
            elem_id="query",
        )
        query.preprocess = _path
        new_class = gr.Textbox(
            label="Ask about another class", info="Joins both predictions at once", max_lines=1, elem_id="new-class"
        )
        add_class = gr.Button("Add class", size="sm", elem_id="add-class")
    return query, new_class, add_class


def build_save_panel() -> tuple[gr.Button, gr.Button, gr.DownloadButton, gr.File, gr.Button, gr.Code, gr.Code]:
    with gr.Accordion("4 · Save and share", open=False):
        download = gr.Button("Download adapter", elem_id="download")
        predictions = gr.Button("Download predictions (CSV)", elem_id="download-predictions")
        # written when asked for, then handed to the browser by a click on the hidden one
        file = gr.DownloadButton(visible="hidden", elem_id="download-file")
        reopen = gr.File(label="Reopen a saved adapter (.zip)", file_types=[".zip"], height=110)
        reopen.preprocess = _path
        with gr.Accordion("Code", open=False):
            library_code = gr.Code(label="Use the adapter in Python", language="python", elem_id="library-code")
            client_code = gr.Code(label="Call this app from Python", language="python", elem_id="client-code")
        clear = gr.Button("Delete my pictures and adapter", variant="stop", size="sm", elem_id="clear")
    return download, predictions, file, reopen, clear, library_code, client_code


def build_model_panel(settings: Settings) -> tuple[gr.Dropdown, gr.Textbox, gr.Button]:
    with gr.Accordion("Model", open=False, visible=settings.choose_models):
        model = gr.Dropdown(
            [(backbone.title, name) for name, backbone in BACKBONES.items()],
            value=settings.model,
            label="CLIP model",
            info="Others than the embedded one are loaded from the Hugging Face Hub or from a file.",
            allow_custom_value=True,
        )
        checkpoint = gr.Textbox(
            label="Checkpoint file on this machine (optional)", placeholder="/path/to/weights.safetensors"
        )
        load_model = gr.Button("Load model", size="sm")
    return model, checkpoint, load_model


def build_explorer_panel() -> gr.HTML:
    return gr.HTML(
        "",
        html_template=EXPLORER_HTML,
        css_template=EXPLORER_CSS,
        js_on_load=EXPLORER_JS,
        head=plotly_tag(),
        apply_default_css=False,
        elem_id="explorer",
    )
