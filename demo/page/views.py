"""The page's components, one panel a dataclass and its build_<panel>(); no behaviour here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

from demo.client import CARDS, EXPLORER, PHOTOGRAPHS, preload_tags
from demo.hosting.versions import versions
from demo.payloads.cards import cards_payload
from demo.payloads.thumbnails import photographs_payload
from demo.session.draft import PICTURE_SUFFIXES, empty_draft
from demo.session.presets import PRESETS
from demo.settings import Limits, Settings
from llu_core.encoders.model_table import BACKBONES, Backbone
from llu_core.method.recipes import RECIPES

# The bundled Source Sans Pro has no usable semi-bold; fonts named by a web address would be fetched from elsewhere.
FONT = [LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"]
THEME = gr.themes.Default(primary_hue="indigo", font=FONT, font_mono=["ui-monospace", "monospace"])

_HERE = Path(__file__).parent
PAGE_CSS = (_HERE / "page.css").read_text(encoding="utf-8")
TUNED_CSS = (_HERE / "tuned.css").read_text(encoding="utf-8")

LAUNCH = {
    "theme": THEME,
    "css": PAGE_CSS,
    "head": preload_tags(),
    "run_history": False,
    "ssr_mode": False,
    "enable_monitoring": False,
}
"""The options of `demo.launch`. The run history would copy every event, pictures included, to the browser's storage."""


@dataclass(frozen=True)
class FewShotPanel:
    """The visitor's set: an example or files for it, its classes as cards, its unseen classes and templates."""

    preset: gr.Dropdown
    class_name: gr.Textbox
    files: gr.File
    cards: gr.HTML
    unseen: gr.Textbox
    templates: gr.Textbox


@dataclass(frozen=True)
class TrainPanel:
    """Training, with its status, and the choice of beta and gamma, with the reason for it."""

    train: gr.Button
    cancel: gr.Button
    status: gr.Markdown
    tune: gr.Button
    tuned: gr.HTML
    recipe: gr.Radio


@dataclass(frozen=True)
class PredictPanel:
    """Questions to the adapter: about a picture, a photograph of the installation, and a further class."""

    query: gr.Image
    photographs: gr.HTML
    new_class: gr.Textbox
    add_class: gr.Button


@dataclass(frozen=True)
class SavePanel:
    """What is taken home, brought back and deleted; file: hidden, it hands the browser what the buttons ask for."""

    download: gr.Button
    predictions: gr.Button
    file: gr.DownloadButton
    reopen: gr.File
    library_code: gr.Code
    client_code: gr.Code
    clear: gr.Button


@dataclass(frozen=True)
class ModelPanel:
    """The choice of another CLIP model."""

    model: gr.Dropdown
    checkpoint: gr.Textbox
    load: gr.Button


@dataclass(frozen=True)
class View:
    """Every component that `wiring` connects; summary and link are never shown."""

    model_line: gr.Markdown
    few_shot: FewShotPanel
    train: TrainPanel
    predict: PredictPanel
    save: SavePanel
    model: ModelPanel
    explorer: gr.HTML
    summary: gr.JSON
    link: gr.Textbox


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
            few_shot = build_few_shot_panel(settings.limits)
            train = build_train_panel()
            predict = build_predict_panel()
            save = build_save_panel()
            model = build_model_panel(settings)
        with gr.Column(scale=1, min_width=320, elem_id="explorer-column"):
            explorer = build_explorer_panel()
    gr.Markdown(versions(), elem_id="versions")
    return View(
        model_line=model_line,
        few_shot=few_shot,
        train=train,
        predict=predict,
        save=save,
        model=model,
        explorer=explorer,
        summary=gr.JSON(visible=False),
        link=gr.Textbox(visible=False),
    )


def build_few_shot_panel(limits: Limits) -> FewShotPanel:
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
            **CARDS,
            apply_default_css=False,
            elem_id="cards",
        )
        unseen = gr.Textbox(
            label="Unseen classes", info="Names that CLIP should keep knowing, separated by commas", max_lines=3
        )
        with gr.Accordion("Prompt templates", open=False):
            templates = gr.Textbox(label="One a line, {} is the class name; several are averaged", lines=2, max_lines=8)
    return FewShotPanel(
        preset=preset, class_name=class_name, files=files, cards=cards, unseen=unseen, templates=templates
    )


def build_train_panel() -> TrainPanel:
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
                "best: fast with class statistics, asked everywhere.",
            )
    return TrainPanel(train=train, cancel=cancel, status=status, tune=tune, tuned=tuned, recipe=recipe)


def build_predict_panel() -> PredictPanel:
    with gr.Accordion("3 · Predict", open=True):
        query = gr.Image(
            label="Ask about a picture",
            sources=["upload", "clipboard", "webcam"],
            type="filepath",
            height=170,
            elem_id="query",
        )
        query.preprocess = _path
        photographs = gr.HTML(
            photographs_payload(),
            **PHOTOGRAPHS,
            apply_default_css=False,
            padding=False,
            elem_id="photographs",
        )
        new_class = gr.Textbox(
            label="Ask about another class", info="Joins both predictions at once", max_lines=1, elem_id="new-class"
        )
        add_class = gr.Button("Add class", size="sm", elem_id="add-class")
    return PredictPanel(query=query, photographs=photographs, new_class=new_class, add_class=add_class)


def build_save_panel() -> SavePanel:
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
    return SavePanel(
        download=download,
        predictions=predictions,
        file=file,
        reopen=reopen,
        library_code=library_code,
        client_code=client_code,
        clear=clear,
    )


def build_model_panel(settings: Settings) -> ModelPanel:
    with gr.Accordion("Model", open=False, visible=settings.choose_models):
        model = gr.Dropdown(
            [(_offer(backbone), name) for name, backbone in BACKBONES.items()],
            value=settings.model,
            label="CLIP model",
            info="MB of weights, and speed on a CPU. Others than the embedded models are loaded from the Hugging Face "
            "Hub or from a file.",
            allow_custom_value=True,
        )
        checkpoint = gr.Textbox(
            label="Checkpoint file on this machine (optional)", placeholder="/path/to/weights.safetensors"
        )
        load = gr.Button("Load model", size="sm")
    return ModelPanel(model=model, checkpoint=checkpoint, load=load)


def _offer(backbone: Backbone) -> str:
    return f"{backbone.title} · {backbone.megabytes:,} MB · {backbone.speed}"


def build_explorer_panel() -> gr.HTML:
    return gr.HTML(
        "",
        **EXPLORER,
        apply_default_css=False,
        elem_id="explorer",
    )
