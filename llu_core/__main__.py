"""The command line: `python -m llu_core train | predict | evaluate | bench`. Thin: parse, call, print."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from llu_core import bench_command, evaluate_command
from llu_core.command_options import (
    SOURCE_HELP,
    add_command,
    add_model,
    add_recipe,
    chosen_recipe,
    embedding_progress,
    model_loader,
    positive,
    print_left_out,
    progress_bar,
    seed,
)
from llu_core.errors import LluError

EXAMPLES = {
    "train": """examples:
  python -m llu_core train my_pictures/ --out my-adapter
  python -m llu_core train picto:sketched-coloured-shapes --out my-adapter --shots 8
  python -m llu_core train photos.zip --out my-adapter --model vit-b-16 --recipe paper""",
    "predict": """examples:
  python -m llu_core predict my-adapter photo1.jpg photo2.jpg
  python -m llu_core predict my-adapter photo.jpg --classes "red panda,corgi,lynx" --json""",
}


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m llu_core", description="Localized Latent Updates for CLIP-like models."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="train | predict | evaluate | bench")
    train = add_command(
        commands, "train", "train an adapter on a few pictures per class and save it", EXAMPLES["train"], _train
    )
    train.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    train.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the trained adapter")
    train.add_argument("--shots", type=positive, help="sample at most this many pictures per class (default: all)")
    train.add_argument("--seed", type=seed, default=1, help="of the sampling and the training (default: 1)")
    train.add_argument(
        "--tune", action="store_true", help="choose beta, gamma and lambda on held-out shots and classes of the source"
    )
    add_recipe(train)
    add_model(train, "picto")

    predict = add_command(
        commands,
        "predict",
        "CLIP and LLU probabilities, alpha and nearest anchor of pictures",
        EXAMPLES["predict"],
        _predict,
    )
    predict.add_argument("adapter", metavar="DIR", help="folder written by train, or a Hugging Face repository")
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    predict.add_argument("--classes", help='class names to choose from, "a,b,c" (default: those of the training)')
    predict.add_argument("--json", action="store_true", help="print JSON")
    add_model(predict, None)

    evaluate_command.add(commands)
    bench_command.add(commands)
    return parser


def _load_source(options: argparse.Namespace, source: str):
    from llu_core.data.sources import load_source

    with embedding_progress(source) as show:
        shots = load_source(source, model_loader(options), progress=show)
    print_left_out(shots.rejected)
    return shots


def _train(options: argparse.Namespace) -> int:
    from llu_core.encoders.encoder import choose_device
    from llu_core.method.checkpoint import TrainedAdapter
    from llu_core.method.training import TrainingStep, train
    from llu_core.steps import drain

    recipe, device = chosen_recipe(options), choose_device(options.device)
    if options.out.exists() and not options.out.is_dir():
        raise LluError(f"{options.out} is a file; name a folder for the adapter")
    shots = _load_source(options, options.source)
    if options.shots:
        shots = shots.sample(options.shots, options.seed)
    if options.tune:
        from llu_core.method.tuning import tune

        tuning = tune(shots, recipe, seed=options.seed, device=device)
        recipe = tuning.recipe
        print(tuning.reason)
    with progress_bar("training", "step") as bar:

        def show(step: TrainingStep) -> None:
            bar.total = step.steps
            bar.set_postfix(loss=f"{step.loss:.3f}", accuracy=f"{step.accuracy:.1f}%", refresh=False)
            bar.update()

        adapter = drain(train(shots, recipe, seed=options.seed, device=device), show)
    trained = TrainedAdapter.of(
        shots, adapter, recipe, seed=options.seed, model=options.model if shots.encoder_identity else ""
    )
    trained.save_pretrained(options.out)
    print(f"{len(shots.train)} pictures of {len(trained.trained_classes)} classes; adapter saved to {options.out}")
    _print_test(shots, adapter)
    return 0


def _print_test(shots, adapter) -> None:
    """Accuracy on the source's own test pictures, if it has any, over all its classes at once."""
    from llu_core.method.classifier import ZeroShotClassifier, accuracy

    if len(shots.test):
        test = (shots.test.embeddings, shots.test.labels, shots.class_embeddings)
        clip = accuracy(ZeroShotClassifier(shots.logit_scale), *test)
        print(f"test pictures: CLIP {clip:.1f} %, LLU {accuracy(adapter, *test):.1f} % ({len(shots.test)} pictures)")


def _predict(options: argparse.Namespace) -> int:
    from llu_core.files.images import UnreadablePicture, decode
    from llu_core.method.checkpoint import TrainedAdapter
    from llu_core.method.prediction import predict

    trained = TrainedAdapter.from_pretrained(options.adapter)
    if not trained.model and not options.model:
        raise LluError(f"{options.adapter} was trained on embeddings of an unknown model; name it with --model")
    images, names, unreadable = [], [], []
    for path in options.images:
        try:
            images.append(decode(path, str(path)))
            names.append(str(path))
        except UnreadablePicture as error:
            unreadable.append(str(error))
    classes = [name.strip() for name in options.classes.split(",") if name.strip()] if options.classes else None
    predictions = predict(trained, model_loader(options, trained.model)(), images, names, classes) if images else []
    _print_predictions(predictions, as_json=options.json)
    if unreadable:
        raise LluError("; ".join(unreadable))
    return 0


def _print_predictions(predictions: Sequence, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_prediction_row(p) for p in predictions], indent=2))
        return
    for p in predictions:
        print(f"{p.name}: CLIP {p.clip_class} {100 * max(p.clip):.1f} %, LLU {p.llu_class} {100 * max(p.llu):.1f} %")
        print(f"  alpha {p.alpha:.3f}, nearest anchor {p.anchor_name} ({p.anchor_class}) at {p.anchor_similarity:.3f}")
        for name, clip, llu in sorted(zip(p.class_names, p.clip, p.llu, strict=True), key=lambda row: -max(row[1:]))[
            :5
        ]:
            print(f"  {name:<30} CLIP {100 * clip:5.1f} %   LLU {100 * llu:5.1f} %")


def _prediction_row(p) -> dict:
    return {
        "image": p.name,
        "clip": dict(zip(p.class_names, p.clip, strict=True)),
        "llu": dict(zip(p.class_names, p.llu, strict=True)),
        "clip_class": p.clip_class,
        "llu_class": p.llu_class,
        "alpha": p.alpha,
        "nearest_anchor": {"image": p.anchor_name, "class": p.anchor_class, "cosine": p.anchor_similarity},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 with one line on standard error for bad input."""
    parser = build_parser()
    options, more = parser.parse_known_args(arguments)
    listing = getattr(options, options.list_option) if "list_option" in options else None
    if more and (listing is None or any(text.startswith("-") for text in more)):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if listing is not None:
        listing += more  # argparse loses what stands behind an option
    try:
        return options.run(options)
    except LluError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; finished rows of a report are kept, nothing else was saved", file=sys.stderr)
        return 130


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
