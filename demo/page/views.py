"""The page's components, one panel a dataclass and its build_<panel>(); no behaviour here."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

from demo.client import ANSWERS, CAMERA, CARDS, EXPLORER, PHOTOGRAPHS, QUESTION, preload_tags
from demo.hosting.versions import versions
from demo.page.arguments import file_path, file_paths
from demo.page.bar import BarPanel, SavePanel, UntrainedPanel, build_bar, build_save_panel, build_untrained_panel
from demo.page.model_panel import ModelPanel, build_model_panel
from demo.page.shelf.panel import ShelfPanel, build_shelf_panel
from demo.payloads.cards import cards_payload
from demo.payloads.live import camera_limits
from demo.payloads.thumbnails import photographs_payload
from demo.payloads.waiting import NOTHING
from demo.session.draft import empty_draft
from demo.settings import Limits, Settings
from llu_core.files.images import SUFFIXES
from llu_core.method.recipes import RECIPES

# The bundled Source Sans Pro has no usable semi-bold; fonts named by a web address would be fetched from elsewhere.
FONT = [LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"]
THEME = gr.themes.Default(primary_hue="indigo", font=FONT, font_mono=["ui-monospace", "monospace"]).set(
    body_text_color_subdued="*neutral_600",  # the theme's own grey is too light to read
    body_text_color_subdued_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
    button_primary_background_fill="*primary_600",  # the theme's own is a little too light for white letters
    button_primary_background_fill_hover="*primary_700",
)

_HERE = Path(__file__).parent
PAGE_CSS = (_HERE / "styles" / "page.css").read_text(encoding="utf-8")
TUNED_CSS = (_HERE / "styles" / "tuned.css").read_text(encoding="utf-8")

LAUNCH = {
    "theme": THEME,
    "head": f"<style>{PAGE_CSS}</style>\n{preload_tags()}",  # gradio's own option for styles knows no body
    "run_history": False,
    "ssr_mode": False,
    "enable_monitoring": False,
}
"""The options of `demo.launch`. The run history would copy every event, pictures included, to the browser's storage."""


@dataclass(frozen=True)
class FewShotPanel:
    """The visitor's set: files for it, its classes as cards, its unseen classes and templates.

    question: what is asked about files that wait; manner: hidden, the answer that a program gives beforehand.
    names_warned: hidden, unseen classes that wait after a warning.
    """

    class_name: gr.Textbox
    files: gr.File
    manner: gr.Textbox
    question: gr.HTML
    cards: gr.HTML
    unseen: gr.Textbox
    names_warned: gr.Textbox
    names_warning: gr.HTML
    names_anyway: gr.Button
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
    """Questions to the adapter: about a picture, a photograph of the installation, what the webcam sees, and a further
    class. camera: carries recordings on the class cards as well. answers: the classes that were added by name; warned:
    hidden, the name that was warned of; added: hidden, the name that was added last, as it was typed.
    """

    query: gr.Image
    photographs: gr.HTML
    camera: gr.HTML
    new_class: gr.Textbox
    warned: gr.Textbox
    added: gr.Textbox
    warning: gr.HTML
    add_class: gr.Button
    answers: gr.HTML


@dataclass(frozen=True)
class View:
    """Every component that `wiring` connects; summary and link are never shown."""

    bar: BarPanel
    untrained: UntrainedPanel
    few_shot: FewShotPanel
    train: TrainPanel
    predict: PredictPanel
    save: SavePanel
    shelf: ShelfPanel
    model: ModelPanel
    explorer: gr.HTML
    summary: gr.JSON
    link: gr.Textbox


def build_view(settings: Settings) -> View:
    """All panels; must be called inside a `gr.Blocks` context."""
    bar = build_bar(settings)
    with gr.Column(elem_id="page"):  # the explorer comes first, for the eye, the keyboard and the ear
        untrained = build_untrained_panel()
        explorer = build_explorer_panel()
        with gr.Column(elem_id="teach"):
            train = build_train_panel()
            few_shot = build_few_shot_panel(settings.limits)
            shelf = build_shelf_panel()
            model = build_model_panel(settings)
        with gr.Column(elem_id="ask"):
            predict = build_predict_panel(settings.limits)
        with gr.Column(elem_id="save"):
            save = build_save_panel()
    gr.Markdown(versions(), elem_id="versions")
    return View(
        bar=bar,
        untrained=untrained,
        few_shot=few_shot,
        train=train,
        predict=predict,
        save=save,
        shelf=shelf,
        model=model,
        explorer=explorer,
        summary=gr.JSON(visible=False),
        link=gr.Textbox(visible=False),
    )


def build_few_shot_panel(limits: Limits) -> FewShotPanel:
    class_name = gr.Textbox(
        label="What do these pictures show?",
        placeholder="red panda (a zip or folder needs none)",
        max_lines=1,
        elem_id="drop-class",
    )
    files = gr.File(
        label="Pictures, a zip or a folder",
        file_count="multiple",
        file_types=[*SUFFIXES, ".zip", ".npz"],
        height=150,
        elem_id="drop",
    )
    files.preprocess = file_paths
    manner = gr.Textbox("", visible=False, label='manner: "join", "replace", or "" for the rule')
    question = gr.HTML(NOTHING, **QUESTION, apply_default_css=False, padding=False, elem_id="question")
    gr.Markdown(
        "<details><summary>Stays on this server, deleted when you leave. <u>Limits</u></summary>"
        "<p>A zip or folder holds one folder per class; beside them test/ may hold test pictures and new/ "
        "classes that are not taught. A feature bundle (.npz) brings embeddings instead. "
        f"{limits.as_text()} "
        "Pictures stay in this server's memory and are forgotten when you close the page; "
        "uploaded files are deleted after ten minutes. The camera is on only while you record or predict live, "
        "and its pictures go to this app only.</p></details>",
        elem_id="privacy",
    )
    cards = gr.HTML(
        cards_payload(empty_draft(), limits=limits),  # the page knows its limits before the visitor's set arrives
        **CARDS,
        apply_default_css=False,
        elem_id="cards",
    )
    names = {
        "unseen": gr.Textbox(label="Other class names to choose among", info="Not taught, with commas", max_lines=3),
        "names_warned": gr.Textbox("", visible=False),
        "names_warning": gr.HTML("", apply_default_css=False, padding=False, elem_id="names-warning"),
        "names_anyway": gr.Button("Add anyway", size="sm", visible=False, elem_id="names-anyway"),
    }
    with gr.Accordion("Prompt templates", open=False):
        templates = gr.Textbox(label="One a line, {} is the class name; several are averaged", lines=2, max_lines=8)
    added = {"class_name": class_name, "files": files, "manner": manner, "question": question}
    return FewShotPanel(**added, cards=cards, **names, templates=templates)


def build_train_panel() -> TrainPanel:
    with gr.Column(elem_id="teach-foot"):  # first for the keyboard, always in sight at the foot
        status = gr.Markdown(elem_id="status")
        train = gr.Button("Train", variant="primary", elem_id="train")
        cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="cancel")
        tune = gr.Button("Choose beta, gamma for me", size="sm", elem_id="tune")
    with gr.Accordion("Training speed", open=False, elem_id="speed"):
        recipe = gr.Radio(
            list(RECIPES),
            value="fast",
            label="How to train",
            info="fast: an instant. full: every direction of g, slower. paper: the paper's schedule, much slower. "
            "best: fast with class statistics, asked everywhere.",
        )
    tuned = gr.HTML("", css_template=TUNED_CSS, apply_default_css=False, padding=False, elem_id="tuned")
    return TrainPanel(train=train, cancel=cancel, status=status, tune=tune, tuned=tuned, recipe=recipe)


def build_predict_panel(limits: Limits) -> PredictPanel:
    query = gr.Image(
        label="Ask about a picture",
        sources=["upload", "clipboard"],
        type="filepath",
        height=132,
        elem_id="query",
    )
    query.preprocess = file_path
    photographs = gr.HTML(
        photographs_payload(),
        **PHOTOGRAPHS,
        apply_default_css=False,
        padding=False,
        elem_id="photographs",
    )
    camera = gr.HTML(camera_limits(limits), **CAMERA, apply_default_css=False, padding=False, elem_id="camera")
    with gr.Row(equal_height=False):
        new_class = gr.Textbox(
            label="Add a possible answer (not trained)",
            placeholder="joins both predictions at once",
            max_lines=1,
            elem_id="new-class",
        )
        add_class = gr.Button("Add class", size="sm", elem_id="add-class")
    naming = {
        "new_class": new_class,
        "warned": gr.Textbox("", visible=False),
        "added": gr.Textbox("", visible=False),
        "warning": gr.HTML("", apply_default_css=False, padding=False, elem_id="class-warning"),
        "add_class": add_class,
        "answers": gr.HTML("[]", **ANSWERS, apply_default_css=False, padding=False, elem_id="answers"),
    }
    return PredictPanel(query=query, photographs=photographs, camera=camera, **naming)


def build_explorer_panel() -> gr.HTML:
    return gr.HTML(
        "",
        **EXPLORER,
        apply_default_css=False,
        padding=False,
        elem_id="explorer",
    )
