"""What the page says of a model: before it is loaded, on its way, and afterwards."""

import json
from html import escape

from demo.settings import EMBEDDED
from llu_core.encoders.backbones import HUB, parse_backbone
from llu_core.encoders.hub import LoadingStep
from llu_core.encoders.locating import is_here
from llu_core.encoders.model_table import BACKBONES, BETTER
from llu_core.encoders.transfer import megabytes
from llu_core.errors import LluError


def offers_payload(reader: str) -> str:
    """JSON: the better choices, [{name, words}], where an embedded model reads; else none."""
    chosen = [BACKBONES[name] for name in BETTER] if reader in EMBEDDED else []
    words = [f"{each.title.removeprefix('OpenAI CLIP ')} · {each.megabytes} MB" for each in chosen]
    return json.dumps([{"name": each.name, "words": told} for each, told in zip(chosen, words, strict=True)])


def facts_panel(name: str, checkpoint: str = "") -> str:
    """HTML: name, bytes to download, speed, licence and what the model knows, or why there is none of that name."""
    try:
        backbone, _ = parse_backbone(name, checkpoint.strip() or None)
        here = is_here(name, checkpoint.strip() or None)
    except LluError as error:
        return message_panel(f"{error}")
    size = f"{backbone.megabytes:,} MB to download" if backbone.megabytes else "size told when the download begins"
    facts = ["already here" if here else size]
    facts += [f"{backbone.speed} on a CPU"] if backbone.speed else []
    licence = backbone.licence or ("on its page on the hub" if backbone.model.startswith(HUB) else "its authors'")
    return (
        f'<div class="model"><p><b>{escape(backbone.title)}</b> · {" · ".join(facts)}</p>'
        f"<p>Licence: {escape(licence)}. {escape(backbone.note)}</p></div>"
    )


def step_panel(step: LoadingStep, expected: int | None) -> str:
    """HTML: how far a model on its way is; expected: megabytes of its weights, as far as the table knows them."""
    if step.phase != "Downloading":
        return bar_panel("Loading", None, None)
    total = step.total if step.total is not None else expected and expected * 10**6
    of = f" of {megabytes(total)}" if total else ""
    return bar_panel(f"Downloading: {megabytes(step.done)}{of}", step.done, total)


def bar_panel(words: str, done: int | None, total: int | None) -> str:
    """HTML: a bar, which only moves where nobody knows how much there is, and what is being done."""
    share = f' value="{done}" max="{total}"' if total else ""
    return f'<div class="model" role="status"><progress{share} aria-label="Progress"></progress><p>{words}</p></div>'


def message_panel(words: str) -> str:
    """HTML: a sentence."""
    return f'<div class="model" role="status"><p>{escape(words)}</p></div>'
