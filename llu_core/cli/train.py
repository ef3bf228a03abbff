"""`python -m llu_core train`: the options, the training with its progress, and the saved adapter."""

import argparse
from dataclasses import replace
from pathlib import Path

from llu_core.cli.options import (
    MODEL_OF_SOURCES,
    SOURCE_HELP,
    add_command,
    add_model,
    add_recipe,
    check_adapter_folder,
    chosen_recipe,
    embedding_progress,
    model_loader,
    model_of_sources,
    positive,
    print_left_out,
    print_remarks,
    progress_bar,
    seed,
)
from llu_core.errors import LluError
from llu_core.terminal import say

EXAMPLES = """examples:
  python -m llu_core train my_pictures/ --out my-adapter
  python -m llu_core train picto:sketched-coloured-shapes --out my-adapter --shots 8
  python -m llu_core train photos.zip --out my-adapter --model vit-b-16 --recipe paper"""


def add(commands) -> None:
    """Add the command to those of the parser."""
    train = add_command(commands, "train", "train an adapter on a few pictures per class and save it", EXAMPLES, run)
    train.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    train.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the trained adapter")
    train.add_argument("--force", action="store_true", help="write over an adapter that is there already")
    train.add_argument(
        "--pictures", action="store_true", help="keep small pictures of the shots in the adapter (default: none)"
    )
    train.add_argument("--shots", type=positive, help="sample at most this many pictures per class (default: all)")
    train.add_argument("--seed", type=seed, default=1, help="of the sampling and the training (default: 1)")
    train.add_argument(
        "--tune", action="store_true", help="choose beta, gamma and lambda on held-out shots and classes of the source"
    )
    train.add_argument(
        "--keep-elsewhere",
        type=float,
        metavar="PERCENT",
        help="with --tune: only settings that keep so much of CLIP's accuracy on the source's controls, such as 99",
    )
    add_recipe(train)
    add_model(train, MODEL_OF_SOURCES)


def run(options: argparse.Namespace) -> int:
    """Train and save what the options say; returns the exit status."""
    from llu_core.encoders.backbones import absolute_name
    from llu_core.encoders.encoder import choose_device
    from llu_core.method.fitting import Fitting, fit_steps
    from llu_core.steps import drain

    recipe, device = chosen_recipe(options), choose_device(options.device)
    _check_guard(options)
    check_adapter_folder(options, "adapter")
    model = options.model or model_of_sources([options.source])
    shots = _load_source(options, model)
    if options.shots:
        shots = shots.sample(options.shots, options.seed)
    shots.require_choice()
    tuning = _tuned(options, shots, recipe, device)
    recipe = tuning.recipe if tuning else recipe
    with progress_bar("training", "step") as bar:

        def show(told: Fitting) -> None:
            loss, accuracy = told.reading()
            bar.total = told.steps
            bar.set_postfix(loss=f"{loss:.3f}", accuracy=f"{accuracy:.1f}%", refresh=False)
            bar.update(told.step - bar.n)

        adapter = drain(fit_steps(shots, recipe, seed=options.seed, device=device), show)
    if tuning:
        tuning = _guarded(options, tuning, adapter, shots)
        recipe = tuning.recipe
        beta, gamma = recipe.mask
        adapter = adapter.with_mask(beta=beta, gamma=gamma)
        print(tuning.reason)
    _save(options, shots, adapter, recipe, shots.encoder_name if shots.bundle else absolute_name(model))
    return 0


def _save(options: argparse.Namespace, shots, adapter, recipe, model: str) -> None:
    """Save the adapter with what it scores on the source's own test pictures and elsewhere, and print that."""
    from llu_core.method.checkpoint import TrainedAdapter
    from llu_core.method.saved.provenance import ELSEWHERE, scores_of

    trained = TrainedAdapter.of(shots, adapter, recipe, seed=options.seed, model=model, pictures=options.pictures)
    scores = scores_of(shots, adapter)
    told = replace(trained.provenance, scores=scores, command=options.typed)
    replace(trained, provenance=told).save_pretrained(options.out)
    say(f"{len(shots.train)} pictures of {len(trained.trained_classes)} classes; adapter saved to {options.out}")
    for score in scores:
        problems = f"{len(shots.controls)} problem{'s' * (len(shots.controls) > 1)}, " * (score.part == ELSEWHERE)
        say(f"{score.part}: CLIP {score.clip:.1f} %, LLU {score.llu:.1f} % ({problems}{score.pictures} pictures)")


def _check_guard(options: argparse.Namespace) -> None:
    from llu_core.method.tuning import check_keep

    if options.keep_elsewhere is not None:
        check_keep(options.keep_elsewhere)
        if not options.tune:
            raise LluError("--keep-elsewhere guards what --tune chooses; give both")


def _tuned(options: argparse.Namespace, shots, recipe, device):
    """The tuning that was asked for, or None."""
    from llu_core.method.tuning import tune

    if options.keep_elsewhere is not None and not shots.controls:
        raise LluError(f"{shots.name} brings no controls to guard; put some in elsewhere/NAME/CLASS/, or do not guard")
    return tune(shots, recipe, seed=options.seed, device=device) if options.tune else None


def _guarded(options: argparse.Namespace, tuning, adapter, shots):
    """The tuning under the guard that was asked for."""
    from llu_core.method.elsewhere.accuracy import ElsewhereSweep
    from llu_core.method.tuning import guarded

    if options.keep_elsewhere is None:
        return tuning
    return guarded(tuning, ElsewhereSweep.of(adapter, shots.controls), options.keep_elsewhere)


def _load_source(options: argparse.Namespace, model: str):
    from llu_core.data.remarks import remarks
    from llu_core.data.sources import load_source

    with embedding_progress(options.source) as show:
        shots = load_source(options.source, model_loader(options, model), progress=show)
    print_left_out(shots.rejected)
    print_remarks(remarks(shots, encoder=None if shots.bundle else model_loader(options, model)()))
    return shots
