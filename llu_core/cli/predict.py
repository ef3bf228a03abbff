"""`python -m llu_core predict`: the options, and both answers for each picture as text or JSON."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from llu_core.cli.options import add_command, add_model, model_loader, print_remarks
from llu_core.errors import LluError, shown
from llu_core.terminal import say

EXAMPLES = """examples:
  python -m llu_core predict my-adapter photo1.jpg photo2.jpg
  python -m llu_core predict my-adapter photo.jpg --classes "red panda,corgi,lynx" --json"""


def add(commands) -> None:
    """Add the command to those of the parser."""
    predict = add_command(
        commands, "predict", "CLIP and LLU probabilities, alpha and nearest anchor of pictures", EXAMPLES, run
    )
    predict.add_argument(
        "adapter", metavar="DIR", help="folder written by train or compose, a zip of it, or a Hugging Face repository"
    )
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    predict.add_argument("--classes", help='class names to choose from, "a,b,c" (default: those of the training)')
    predict.add_argument("--json", action="store_true", help="print JSON")
    add_model(predict, "the one the adapter was trained with")


def run(options: argparse.Namespace) -> int:
    """Predict what the options name; returns the exit status."""
    from llu_core.files.images import UnreadablePicture, decode
    from llu_core.files.leftovers import NAMES
    from llu_core.method.composition.prediction import predict_saved
    from llu_core.method.composition.saved import load_saved

    trained = load_saved(options.adapter)
    model = options.model or _known_model(options.adapter, trained.model)
    images, names, unreadable = [], [], []
    for path in (path for path in options.images if path.name.lower() not in NAMES):  # "photos/*" names them
        try:
            images.append(decode(path, str(path)))
            names.append(shown(str(path)))
        except UnreadablePicture as error:
            unreadable.append(str(error))
    classes = [shown(name).strip() for name in options.classes.split(",") if name.strip()] if options.classes else None
    encoder = model_loader(options, model)()
    predictions = predict_saved(trained, encoder, images, names, classes) if images else []
    print_remarks(_about_classes(trained, encoder, classes) if images else ())
    if not images and not unreadable:
        raise LluError(f"{options.images[0]} is nothing but what systems leave among files; name pictures")
    _print_predictions(predictions, as_json=options.json)
    if unreadable:
        raise LluError("; ".join(unreadable))
    return 0


def _about_classes(trained, encoder, classes: Sequence[str] | None) -> list[str]:
    """Sentences about class names that the model cannot tell apart, or does not see to their end."""
    from llu_core.data.remarks import cut_prompts, same_texts
    from llu_core.encoders.prompts import class_embeddings

    if classes is None:
        return [sentence] if (sentence := same_texts(trained.class_names, trained.class_embeddings)) else []
    rows = class_embeddings(encoder, classes, trained.templates)
    return list(filter(None, (same_texts(classes, rows), cut_prompts(encoder, classes, trained.templates))))


def _known_model(adapter: str, model: str) -> str:
    """The model that an adapter names, if it is one of the table; any other could be a stranger's choice."""
    from llu_core.encoders.model_table import BACKBONES

    if not model:
        raise LluError(f"{adapter} was trained on embeddings of an unknown model; name it with --model")
    if model not in BACKBONES:
        name = shown(model[:200])
        raise LluError(
            f"{adapter} names the model {name}, which is none of the table ({', '.join(BACKBONES)}) and is not loaded "
            f"unasked; if you trust it, ask for it: --model {name}"
        )
    return model


def _print_predictions(predictions: Sequence, *, as_json: bool) -> None:
    if as_json:
        say(json.dumps([_prediction_row(p) for p in predictions], indent=2))
        return
    for p in predictions:
        say(f"{p.name}: CLIP {p.clip_class} {100 * max(p.clip):.1f} %, LLU {p.llu_class} {100 * max(p.llu):.1f} %")
        of_set = f" of set {p.set_name}" if p.set_name else ""
        anchor = f"{p.anchor_name} ({p.anchor_class}){of_set}"
        say(f"  alpha {p.alpha:.3f}, nearest anchor {anchor} at {p.anchor_similarity:.3f}")
        say(f"  {_verdict(p.familiar)}")
        for name, clip, llu in sorted(zip(p.class_names, p.clip, p.llu, strict=True), key=lambda row: -max(row[1:]))[
            :5
        ]:
            say(f"  {name:<30} CLIP {100 * clip:5.1f} %   LLU {100 * llu:5.1f} %")


def _verdict(familiar: bool | None) -> str:
    if familiar is None:
        return "familiar or not: one shot alone cannot tell"
    return "familiar: as near to a shot as shots are to each other" if familiar else "not familiar: far from every shot"


def _prediction_row(p) -> dict:
    return {
        "image": p.name,
        "clip": dict(zip(p.class_names, p.clip, strict=True)),
        "llu": dict(zip(p.class_names, p.llu, strict=True)),
        "clip_class": p.clip_class,
        "llu_class": p.llu_class,
        "alpha": p.alpha,
        "familiar": p.familiar,
        "nearest_anchor": {"image": p.anchor_name, "class": p.anchor_class, "cosine": p.anchor_similarity},
        **({"set": p.set_name} if p.set_name else {}),
    }
