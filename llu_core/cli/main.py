"""The command line: `llu`, or `python -m llu_core`, with train | predict | compose | evaluate | report | bench: parse,
call, print."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from llu_core import __version__
from llu_core.cli import bench, compose, evaluate, predict, report, train
from llu_core.errors import LluError
from llu_core.terminal import finish, prepare, remark


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    called = "llu" if Path(sys.argv[0]).stem == "llu" else "python -m llu_core"
    parser = argparse.ArgumentParser(prog=called, description="Localized Latent Updates for CLIP-like models.")
    parser.add_argument("--version", action="version", version=f"llu-explorer {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="train | predict | compose | evaluate | report | bench"
    )
    for command in (train, predict, compose, evaluate, report, bench):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 with one line on standard error for bad input."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    prepare()
    try:
        status = _answered(arguments)
    finally:  # argparse leaves by an exception
        lost = finish()
    if lost:
        remark(f"error: standard output cannot be written ({lost}); files that were asked for are complete")
    return 2 if lost else status


def _answered(arguments: Sequence[str] | None) -> int:
    """What `main` returns, with whatever went wrong told in a line."""
    parser = build_parser()
    options, more = parser.parse_known_args(arguments)
    listing = getattr(options, options.list_option) if "list_option" in options else None
    if more and (listing is None or any(text.startswith("-") for text in more)):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if listing is not None:
        listing += more  # argparse loses what stands behind an option
    try:
        options.typed = f"{parser.prog} {shlex.join(sys.argv[1:] if arguments is None else arguments)}"
        return options.run(options)
    except LluError as error:
        remark(f"error: {error}")
        return 2
    except OSError as error:
        remark(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": "))
        return 2
    except KeyboardInterrupt:
        remark("stopped; finished rows of a report are kept, nothing else was saved")
        return 130
