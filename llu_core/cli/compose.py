"""`python -m llu_core compose`: saved adapters of several sets, joined into one folder, or some of them taken out."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from llu_core.cli.options import add_command, check_adapter_folder, listed, positive
from llu_core.errors import LluError, shown
from llu_core.terminal import say

if TYPE_CHECKING:
    from llu_core.method.checkpoint import TrainedAdapter

EXAMPLES = """examples:
  python -m llu_core compose birds/ tools/ --out both
  python -m llu_core compose both/ plants/ --out all-three --max-anchors 1024
  python -m llu_core compose all-three/ --without tools --out two

Each set acts near its own pictures and class names; nothing is trained, and every set is kept whole."""


def add(commands) -> None:
    """Add the command to those of the parser."""
    compose = add_command(commands, "compose", "join adapters of several sets into one", EXAMPLES, run)
    compose.set_defaults(list_option="adapters")
    compose.add_argument(
        "adapters",
        nargs="+",
        metavar="DIR",
        help="folder written by train or compose, a zip of it, or a Hugging Face repository",
    )
    compose.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the composition")
    compose.add_argument("--force", action="store_true", help="write over an adapter that is there already")
    compose.add_argument("--names", help="what to call the sets, comma-separated (default: their folders' names)")
    compose.add_argument("--without", metavar="NAMES", help="sets to leave out, comma-separated")
    compose.add_argument(
        "--max-anchors",
        type=positive,
        metavar="N",
        help="of all sets together, for pictures and for class names each: more are clustered (default: no limit)",
    )


def run(options: argparse.Namespace) -> int:
    """Join what the options name; returns the exit status."""
    from llu_core.method.composition.saved import TrainedComposition

    check_adapter_folder(options, "composition")
    sets = _named(options)
    left_out = listed(options.without)
    unknown = [name for name in left_out if name not in dict(sets)]
    if unknown:
        raise LluError(f"there is no set {unknown[0]!r} to leave out; choose from: {', '.join(dict(sets))}")
    kept = [(name, trained) for name, trained in sets if name not in left_out]
    if not kept:
        raise LluError("no set is left; leave out fewer")
    composed = TrainedComposition(
        tuple(trained for _, trained in kept), tuple(name for name, _ in kept), options.max_anchors
    )
    composed.save_pretrained(options.out)
    say(f"{len(kept)} set{'s' * (len(kept) > 1)}, {len(composed.class_names)} classes; saved to {options.out}")
    for name, trained in kept:
        say(f"  {name}: {len(trained.trained_classes)} taught classes, {len(trained.anchor_names)} anchors")
    return 0


def _named(options: argparse.Namespace) -> list[tuple[str, "TrainedAdapter"]]:
    """All sets of all folders with their names, in order; raises LluError where two have one name."""
    from llu_core.method.composition.saved import TrainedComposition

    found: list[tuple[str, TrainedAdapter]] = []
    for address in options.adapters:
        saved = TrainedComposition.from_pretrained(address)
        found += zip(map(shown, saved.names), saved.sets, strict=True)
    if options.names is not None:
        names = [shown(name) for name in listed(options.names)]
        if len(names) != len(found):
            raise LluError(f"--names has {len(names)} names for {len(found)} sets; give one for each")
        found = [(name, trained) for name, (_, trained) in zip(names, found, strict=True)]
    names = [name for name, _ in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LluError(f"two sets are called {twice!r}; give every set a name of its own with --names")
    return found
