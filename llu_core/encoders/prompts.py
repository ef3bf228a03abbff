"""Class names and templates become class embeddings."""

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError

DEFAULT_TEMPLATES = ("a photo of a {}.",)


def render_prompts(class_names: Sequence[str], templates: Sequence[str] = DEFAULT_TEMPLATES) -> list[str]:
    """Every name in every template, name by name: (C * T) texts, those of class k at k * T to (k + 1) * T.

    Raises LluError without templates, for a template that lacks {} and for an empty name.
    """
    if not templates:
        raise LluError("There is no prompt template; give at least one, such as 'a photo of a {}.'.")
    check_templates(templates)
    for number, name in enumerate(class_names, start=1):
        if not name.strip():
            raise LluError(f"Class {number} has an empty name; give every class a name.")
    # Not str.format: a class name or template may hold other braces.
    return [template.replace("{}", name) for name in class_names for template in templates]


def check_templates(templates: Sequence[str]) -> None:
    """Raise LluError for a template that lacks {}; one that has several gets the class name in each place."""
    for template in templates:
        if "{}" not in template:
            raise LluError(f"The template {template!r} has no {{}}; write {{}} where the class name belongs.")


def cut_off(encoder: Encoder, class_names: Sequence[str], templates: Sequence[str]) -> list[str]:
    """The prompts of which the encoder sees the beginning alone; of an encoder that does not tell, none."""
    seen_whole = getattr(getattr(encoder, "encoder", encoder), "sees_whole", None)
    if seen_whole is None:
        return []
    prompts = render_prompts(class_names, templates)
    return [prompt for prompt, whole in zip(prompts, seen_whole(prompts), strict=True) if not whole]


def class_embeddings(
    encoder: Encoder, class_names: Sequence[str], templates: Sequence[str] = DEFAULT_TEMPLATES
) -> torch.Tensor:
    """(C, d) unit rows; with several templates the normalised mean of a class's unit rows.

    Raises LluError as `render_prompts` does.
    """
    rows = encoder.encode_texts(render_prompts(class_names, templates))
    if len(templates) == 1:
        return rows
    return F.normalize(rows.reshape(len(class_names), len(templates), encoder.width).mean(dim=1), dim=-1)
