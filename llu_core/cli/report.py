"""`python -m llu_core report`: the report of rows that lie in a folder, made anew without computing any."""

import argparse
from pathlib import Path

from llu_core.cli.evaluate_files import add_measures, check_measures, report
from llu_core.cli.options import add_command

EXAMPLES = """examples:
  python -m llu_core report report
  python -m llu_core report report --measures top5,recall,ece"""


def add(commands) -> None:
    """Add the command to those of the parser."""
    parser = add_command(commands, "report", "the report of a folder's rows", EXAMPLES, run)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that `evaluate --out` wrote rows into")
    add_measures(parser)


def run(options: argparse.Namespace) -> int:
    """Do what the options say; returns the exit status."""
    report(options.folder, check_measures(options.measures))
    return 0
