"""The command line: `python -m llu_core train | predict | evaluate | bench`. Thin: parse, call, print."""

import argparse
import io
import sys
from collections.abc import Sequence

from llu_core.cli import bench, evaluate, predict, train
from llu_core.errors import LluError, shown


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m llu_core", description="Localized Latent Updates for CLIP-like models."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="train | predict | evaluate | bench")
    for command in (train, predict, evaluate, bench):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 with one line on standard error for bad input."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal or a pipe may lack a character of a name or a dash
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
        print(shown(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": ")), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; finished rows of a report are kept, nothing else was saved", file=sys.stderr)
        return 130
