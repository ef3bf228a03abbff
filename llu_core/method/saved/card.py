"""The card of a saved adapter: what it is, told in Markdown from what the adapter itself knows.

It bears a line by which it knows itself: a card that nobody has touched is written anew with the adapter, one that was
changed or written by hand stays.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence

from huggingface_hub import ModelCard, ModelCardData

from llu_core.encoders.model_table import BACKBONES
from llu_core.errors import as_written, shown
from llu_core.method.saved.provenance import Provenance, Score

MOST_CLASSES = 200
"""So many classes the card lists; the configuration names all."""
_MARK = re.compile(r"<!-- written by llu_core ([0-9a-f]{64}); changed by hand, the card is kept -->\n")
_METHOD = (
    "## The method",
    "",
    "M. Ibing, I. Lim, L. Kobbelt: Localized Latent Updates for Fine-Tuning Vision-Language Models, "
    "[arXiv 2212.06556](https://arxiv.org/abs/2212.06556).",
    "",
)
_PLACE = "# the folder, its zip, or the name of the repository on the Hub"
_EARLIER = "This model has been pushed to the Hub using the [PytorchModelHubMixin]"
"""A sentence of the card that early releases wrote, which was not true."""


def make_card(text: str, *, tags: Sequence[str], license: str | None = None) -> ModelCard:
    """The card of that text, with what the Hub reads above it and the line by which it is known as untouched.

    license: the Hub's name of the adapter's licence, such as "mit", where its maker names one.
    """
    data = ModelCardData(
        library_name="llu-explorer", pipeline_tag="zero-shot-image-classification", tags=list(tags), license=license
    )
    card = ModelCard(f"---\n{data.to_yaml()}\n---\n{text}")
    digest = hashlib.sha256(str(card).encode()).hexdigest()
    card.text = f"<!-- written by llu_core {digest}; changed by hand, the card is kept -->\n{card.text}"
    return card


def card_text(
    *,
    class_names: Sequence[str],
    trained_classes: Sequence[int],
    model: str,
    encoder_known: bool,
    mask: tuple[float, float],
    provenance: Provenance,
    pictures: bool,
) -> str:
    """The card's text below its metadata; mask: beta and gamma; pictures: whether the file holds some of the shots."""
    return "\n".join(
        [
            "# A few-shot adapter by Localized Latent Updates",
            "",
            f"It updates the embeddings of {_model(model)}, near what it was taught only, and tells "
            f"{len(class_names):,} classes apart, {len(trained_classes):,} of them taught"
            f"{_by(provenance.source)}. beta is {mask[0]:g}, gamma {mask[1]:g}.",
            "",
            *_loading(model, encoder_known),
            *_classes(class_names, trained_classes, provenance.shots),
            *_scores(provenance.scores, provenance.command),
            *_files(pictures),
            *_licence(model),
            *_METHOD,
        ]
    )


def composition_text(*, sets: Mapping[str, int], model: str, pictures: bool) -> str:
    """The same for a composition; sets: how many classes each was taught, by the sets' names."""
    return "\n".join(
        [
            "# Few-shot adapters by Localized Latent Updates, composed",
            "",
            f"{len(sets):,} adapters that update the embeddings of {_model(model)}, each near what it "
            "was taught; where several reach, they share the update.",
            "",
            "## How to load it",
            "",
            "```python",
            "from llu_core.method.composition.saved import load_saved",
            "",
            f'composed = load_saved("my-composition")  {_PLACE}',
            "logits = composed.adapter.logits(images, composed.class_embeddings)  # images: unit rows of that model",
            "```",
            "",
            "## Sets",
            "",
            "| set | classes taught |",
            "|---|---|",
            *(f"| {as_written(shown(name))} | {taught:,} |" for name, taught in sets.items()),
            "",
            *_files(pictures),
            *_licence(model),
            *_METHOD,
        ]
    )


def _model(model: str) -> str:
    if not model:
        return "a model that is not known, since the set came as embeddings"
    return BACKBONES[model].title if model in BACKBONES else f"the model {as_written(shown(model))}"


def _by(source: str) -> str:
    return f" by the set {as_written(shown(source))}" if source else ""


def _loading(model: str, known: bool) -> list[str]:
    load = f'trained = TrainedAdapter.from_pretrained("my-adapter")  {_PLACE}'
    if known:
        code = [
            "from llu_core import OpenClipEncoder, TrainedAdapter, predict",
            "from llu_core.files.images import decode",
            "",
            load,
            f"encoder = OpenClipEncoder.load({shown(model)!r})",
            '(answer,) = predict(trained, encoder, [decode("picture.png")], ["picture.png"])',
            "print(answer.clip_class, answer.llu_class, answer.alpha)",
        ]
    else:
        code = [
            "from llu_core import TrainedAdapter",
            "",
            load,
            "logits = trained.adapter.logits(images, trained.class_embeddings)  # images: unit rows of that model",
        ]
    return ["## How to load it", "", "```python", *code, "```", ""]


def _classes(names: Sequence[str], trained: Sequence[int], shots: Sequence[int]) -> list[str]:
    taught = dict(zip(trained, shots, strict=True)) if len(shots) == len(trained) else dict.fromkeys(trained)
    lines = ["## Classes and shots", "", "| class | pictures taught with |", "|---|---|"]
    for label, name in enumerate(names[:MOST_CLASSES]):
        told = "none: known by its name" if label not in taught else taught[label] or "not known"
        lines.append(f"| {as_written(shown(name))} | {told} |")
    more = len(names) - MOST_CLASSES
    return [*lines, "", *([f"And {more:,} more, which config.json names.", ""] if more > 0 else [])]


def _scores(scores: Sequence[Score], command: str) -> list[str]:
    if not scores:
        return ["## Scores", "", "None were measured: the set has no test pictures.", ""]
    lines = ["## Scores", "", "| measured on | pictures | CLIP, % | LLU, % |", "|---|---|---|---|"]
    lines += [f"| {as_written(s.part)} | {s.pictures:,} | {s.clip:.1f} | {s.llu:.1f} |" for s in scores]
    if not command:
        return [*lines, "", "Measured in the app when the adapter was saved; no command repeats it.", ""]
    return [*lines, "", "Trained and measured by:", "", f"    {shown(command)}", ""]


def _files(pictures: bool) -> list[str]:
    told = "and small pictures of the shots" if pictures else "and no pictures"
    return [
        "## What is in the files",
        "",
        "`adapter.safetensors` and `config.json`: the update, its anchors, which are embeddings of shots, the names of "
        f"the classes and of the anchors' picture files, {told}. Nothing is pickled.",
        "",
    ]


def _licence(model: str) -> list[str]:
    licence = BACKBONES[model].licence if model in BACKBONES else ""
    frozen = f"The weights of the frozen model, which are not in it, are under: {licence}. " if licence else ""
    return [
        "## Licence",
        "",
        f"{frozen}Who taught the adapter chooses its own licence: `license:` at the top of this file names it, once "
        "it is there. The code that reads it, LLU Explorer, is under MIT.",
        "",
    ]


def is_untouched(card: str) -> bool:
    """Whether a card is as this project wrote it, so that it may be written anew."""
    found = _MARK.search(card)
    if found is None:
        return _EARLIER in card
    return hashlib.sha256(card.replace(found[0], "", 1).encode()).hexdigest() == found[1]
