"""The panel in which a visitor chooses another model: what it is, and how far it is on its way."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from demo.payloads.models import facts_panel
from demo.settings import Settings
from llu_core.encoders.model_table import BACKBONES, Backbone

MODEL_CSS = (Path(__file__).parent / "styles" / "model.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class ModelPanel:
    """The choice of another CLIP model; facts: what the chosen one is, progress: how far it is, or why not."""

    accordion: gr.Accordion
    model: gr.Dropdown
    checkpoint: gr.Textbox
    facts: gr.HTML
    load: gr.Button
    cancel: gr.Button
    progress: gr.HTML


def build_model_panel(settings: Settings) -> ModelPanel:
    """Must be called inside a `gr.Blocks` context."""
    with gr.Accordion("Model", open=False, visible=settings.choose_models, elem_id="model") as accordion:
        model = gr.Dropdown(
            [(_offer(backbone), name) for name, backbone in BACKBONES.items()],
            value=settings.model,
            label="CLIP model",
            info="Or hf-hub:ORG/NAME, or any name that docs/models.md tells. Nothing is fetched before you load it.",
            allow_custom_value=True,
            elem_id="model-name",
        )
        facts = _html(facts_panel(settings.model), "model-facts")
        checkpoint = gr.Textbox(
            label="Checkpoint file on this machine (optional)", placeholder="/path/to/weights.safetensors"
        )
        load = gr.Button("Load model", size="sm", elem_id="load-model")
        progress = _html("", "model-progress")
        cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="cancel-model")
    return ModelPanel(accordion, model, checkpoint, facts, load, cancel, progress)


def _html(value: str, name: str) -> gr.HTML:
    return gr.HTML(value, css_template=MODEL_CSS, apply_default_css=False, padding=False, elem_id=name)


def _offer(backbone: Backbone) -> str:
    return f"{backbone.title} · {backbone.megabytes:,} MB · {backbone.speed}"
