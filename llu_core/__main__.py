"""The command line: `python -m llu_core train | predict | evaluate`. Thin: parse, call, print."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from llu_core.errors import LluError

SOURCE_HELP = (
    "a folder or zip with one folder of pictures per class (optional test/ and new/), a feature bundle (.npz), "
    "or a built-in set picto:NAME"
)
EXAMPLES = {
    "train": """examples:
  python -m llu_core train my_pictures/ --out my-adapter
  python -m llu_core train picto:sketched-coloured-shapes --out my-adapter --shots 8
  python -m llu_core train photos.zip --out my-adapter --model vit-b-16 --recipe paper""",
    "predict": """examples:
  python -m llu_core predict my-adapter photo1.jpg photo2.jpg
  python -m llu_core predict my-adapter photo.jpg --classes "red panda,corgi,lynx" --json""",
    "evaluate": """examples:
  python -m llu_core evaluate base-to-new picto:sketched-coloured-shapes
  python -m llu_core evaluate base-to-new caltech.npz pets.npz --methods clip,llu,llu-linear --json rows.json""",
}


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m llu_core", description="Localized Latent Updates for CLIP-like models."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="train | predict | evaluate")
    train = _command(commands, "train", "train an adapter on a few pictures per class and save it", _train)
    train.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    train.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the trained adapter")
    train.add_argument("--shots", type=_positive, help="sample at most this many pictures per class (default: all)")
    train.add_argument("--seed", type=_seed, default=1, help="of the sampling and the training (default: 1)")
    _add_recipe(train)
    _add_model(train, "picto")

    predict = _command(
        commands, "predict", "CLIP and LLU probabilities, alpha and nearest anchor of pictures", _predict
    )
    predict.add_argument("adapter", metavar="DIR", help="folder written by train, or a Hugging Face repository")
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    predict.add_argument("--classes", help='class names to choose from, "a,b,c" (default: those of the training)')
    predict.add_argument("--json", action="store_true", help="print JSON")
    _add_model(predict, None)

    evaluate = _command(commands, "evaluate", "the paper's protocols", _evaluate)
    evaluate.add_argument("protocol", choices=["base-to-new"], help="train on the base classes, test base and new ones")
    evaluate.add_argument("sources", nargs="+", metavar="SOURCE", help=SOURCE_HELP)
    evaluate.add_argument(
        "--methods", default="clip,llu", help="comma-separated (default: clip,llu; try also llu-linear)"
    )
    evaluate.add_argument("--shots", type=_positive, default=16, help="per class (default: 16)")
    evaluate.add_argument("--seeds", type=_integers, default=[1, 2, 3], help="comma-separated (default: 1,2,3)")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE")
    _add_recipe(evaluate)
    _add_model(evaluate, "picto")
    return parser


def _command(commands, name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=help, description=help, epilog=EXAMPLES[name], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="fast", help="fast (default) or paper")
    parser.add_argument("--beta", type=float, help="share of the update at an anchor, 0 to 1 (default: 0.5)")
    parser.add_argument("--gamma", type=float, help="locality, 0 (everywhere) to inf (only at anchors) (default: 20)")
    parser.add_argument("--lam", type=float, help="weight of the distance to identity, eq. 6 (default: 1000)")


def _add_model(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--model",
        default=default,
        help="picto (embedded), vit-b-16, vit-b-32, ..., hf-hub:ORG/NAME, local-dir:PATH, NAME@CHECKPOINT "
        f"(default: {default or 'the one the adapter was trained with'})",
    )
    parser.add_argument("--device", help="cpu, cuda, ... (default: cuda where there is one)")
    parser.add_argument("--no-cache", action="store_true", help="neither read nor keep embeddings on disk")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**63 - 1}")
    return int(text)


def _integers(text: str) -> list[int]:
    try:
        return [_seed(part.strip()) for part in text.split(",")]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a comma-separated list of whole numbers") from None


def _load_encoder(options: argparse.Namespace, model: str | None = None):
    # open_clip takes seconds to import; feature bundles and --help do not need it
    from llu_core.embedding_cache import CachedEncoder, default_cache_folder
    from llu_core.encoder import OpenClipEncoder

    encoder = OpenClipEncoder.load(options.model or model or "picto", device=options.device)
    return encoder if options.no_cache else CachedEncoder(encoder, default_cache_folder())


def _bar(description: str, unit: str, total: int | None = None) -> tqdm:
    """A progress bar on standard error where that is a terminal; a log file gets none."""
    return tqdm(total=total, desc=description, unit=unit, disable=None)


def _load_source(options: argparse.Namespace, source: str):
    from llu_core.sources import load_source

    bar: tqdm | None = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        bar = bar or _bar(f"embedding {source}", "picture", total)
        bar.update(done - bar.n)

    try:
        shots = load_source(source, lambda: _load_encoder(options), progress=show)
    finally:
        if bar is not None:
            bar.close()
    for rejected in shots.rejected:
        print(f"left out: {rejected.name}: {rejected.reason}", file=sys.stderr)
    return shots


def _require_folder(target: Path | None) -> None:
    """Whether `target` can be written is asked before the work, not after it."""
    if target is not None and not target.absolute().parent.is_dir():
        raise LluError(f"{target} lies in a folder that does not exist; make it first or name another")


def _recipe(options: argparse.Namespace):
    from llu_core.training import recipe

    given = {name: getattr(options, name) for name in ("beta", "gamma", "lam") if getattr(options, name) is not None}
    return replace(recipe(options.recipe), **given)


def _train(options: argparse.Namespace) -> int:
    from llu_core.checkpoint import TrainedAdapter
    from llu_core.encoder import choose_device
    from llu_core.training import train

    recipe, device = _recipe(options), choose_device(options.device)
    if options.out.exists() and not options.out.is_dir():
        raise LluError(f"{options.out} is a file; name a folder for the adapter")
    shots = _load_source(options, options.source)
    if options.shots:
        shots = shots.sample(options.shots, options.seed)
    steps = train(shots, recipe, seed=options.seed, device=device)
    bar = _bar("training", "step")
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            adapter = finished.value
            break
        bar.total = step.steps
        bar.set_postfix(loss=f"{step.loss:.3f}", accuracy=f"{step.accuracy:.1f}%", refresh=False)
        bar.update()
    bar.close()
    trained = TrainedAdapter.of(
        shots, adapter, recipe, seed=options.seed, model=options.model if shots.encoder_identity else ""
    )
    trained.save_pretrained(options.out)
    print(f"{len(shots.train)} pictures of {len(trained.trained_classes)} classes; adapter saved to {options.out}")
    _print_test(shots, adapter)
    return 0


def _print_test(shots, adapter) -> None:
    """Accuracy on the source's own test pictures, if it has any, over all its classes at once."""
    from llu_core.classifier import ZeroShotClassifier, accuracy

    if len(shots.test):
        test = (shots.test.embeddings, shots.test.labels, shots.class_embeddings)
        clip = accuracy(ZeroShotClassifier(shots.logit_scale), *test)
        print(f"test pictures: CLIP {clip:.1f} %, LLU {accuracy(adapter, *test):.1f} % ({len(shots.test)} pictures)")


def _predict(options: argparse.Namespace) -> int:
    from llu_core.checkpoint import TrainedAdapter
    from llu_core.pictures import UnreadablePicture, decode
    from llu_core.prediction import predict

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
    predictions = predict(trained, _load_encoder(options, trained.model), images, names, classes) if images else []
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


def _evaluate(options: argparse.Namespace) -> int:
    from llu_core.encoder import choose_device
    from llu_core.evaluation import base_to_new, methods_named

    methods = [name.strip() for name in options.methods.split(",") if name.strip()]
    methods_named(methods)
    device = choose_device(options.device)
    _require_folder(options.json)
    rows = []
    protocol = {"shots": options.shots, "seeds": options.seeds, "recipe": _recipe(options), "device": device}
    print(f"{'source':<28} {'method':<14} {'seed':>4} {'base':>6} {'new':>6} {'H':>6} {'train s':>8}")
    for source in options.sources:
        for row in base_to_new(_load_source(options, source), methods, **protocol):
            rows.append(row)
            seed = "mean" if row.seed is None else row.seed
            figures = f"{row.base:6.1f} {row.new:6.1f} {row.h:6.1f} {row.train_seconds:8.2f}"
            print(f"{row.source:<28} {row.method:<14} {seed:>4} {figures}", flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 with one line on standard error for bad input."""
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options)
    except LluError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; nothing was saved", file=sys.stderr)
        return 130


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
