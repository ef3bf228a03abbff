"""The files that `evaluate` and `report` read and write beside their sources."""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from llu_core import __version__
from llu_core.cli.options import listed, make_folders_around
from llu_core.data.features import Features
from llu_core.encoders.prompts import check_templates
from llu_core.errors import LluError
from llu_core.evaluation.configuration import Setting
from llu_core.evaluation.measures import MEASURES
from llu_core.evaluation.predictions import csv_text, write_predictions
from llu_core.evaluation.results import AnyRow, Row, TransferRow, row_to_json
from llu_core.evaluation.runner import Outcome, cores
from llu_core.evaluation.sequence.scores import SequenceScore
from llu_core.evaluation.store import Run
from llu_core.files.writing import write_text
from llu_core.systems.recipes_named import recipe_name
from llu_core.terminal import say

MAX_TEMPLATES = 1_000


def add_files(parser: argparse.ArgumentParser) -> None:
    """The options that name files to write, and what stands in the report."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the rows to FILE as a table")
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="write the answer to every test picture to FILE, as CSV where it ends in .csv, else a JSON object a line; "
        "everything is computed anew for it",
    )
    add_measures(parser)


def add_measures(parser: argparse.ArgumentParser) -> None:
    """The option of `evaluate` and `report` that adds columns."""
    listing = ", ".join(f"{name} ({what})" for name, what in MEASURES.items())
    parser.add_argument("--measures", metavar="LIST", help=f"further columns of the report: {listing}; files have all")


def prepare_files(options: argparse.Namespace) -> None:
    """Raise LluError for files that cannot be written, and make the folders around them, before the work."""
    check_measures(options.measures)
    if options.out and options.out.exists() and not options.out.is_dir():
        raise LluError(f"{options.out} is a file; name a folder for the report")
    for file in (options.json, options.csv, options.predictions):
        if file and file.is_dir():
            raise LluError(f"{file} is a folder; name a file for the rows")
    make_folders_around(options.json, options.csv, options.predictions, options.out)


def check_measures(text: str | None) -> tuple[str, ...]:
    """The measures of a comma-separated list; raises LluError for an unknown one."""
    unknown = [name for name in listed(text) if name not in MEASURES]
    if unknown:
        raise LluError(f"unknown measure {', '.join(unknown)}; choose from: {', '.join(MEASURES)}")
    return tuple(dict.fromkeys(listed(text)))


def read_templates(path: Path) -> tuple[str, ...]:
    """The templates of a text file, a line each; empty lines do not count.

    Raises LluError for a file that cannot be read, has none or too many, or has one without {}.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LluError(f"{path} is no text in UTF-8; write the templates as plain text, a line each") from None
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error}); name a file of templates") from None
    templates = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not 0 < len(templates) <= MAX_TEMPLATES:
        raise LluError(f"{path} has {len(templates):,} templates; give 1 to {MAX_TEMPLATES:,}, a line each")
    check_templates(templates)
    return templates


def write_rows(options: argparse.Namespace, rows: Sequence[AnyRow], means: Sequence[AnyRow | SequenceScore]) -> None:
    """Write what was asked for; every file appears whole or not at all."""
    listing = [row_to_json(row) for row in (*rows, *means)]
    if options.json:
        write_text(options.json, json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
    if options.csv:
        write_text(options.csv, csv_text(listing))
    if options.predictions:
        write_predictions(options.predictions, _predictions(rows))


def _predictions(rows: Sequence[AnyRow]) -> Iterator[dict[str, Any]]:
    """A line per picture, with what its row tells of the training."""
    for row in rows:
        if not isinstance(row, Row | TransferRow):
            continue
        whose = {"protocol": row.protocol, "source": row.source, "target": getattr(row, "target", row.source)}
        whose |= {"method": row.method, "recipe": row.recipe, "shots": row.shots, "seed": row.seed}
        for each in row.predictions:
            yield from (whose | line for line in each.lines())


def run_of(
    options: argparse.Namespace,
    setting: Setting,
    outcomes: Sequence[Outcome],
    features: Iterable[Features],
    seconds: float,
    notes: Sequence[str],
) -> Run:
    """What a report is to tell of this run."""
    from llu_core.evaluation.reporting.report import machine, versions

    embedded = any(each.problem.encoder_identity and not each.problem.bundle for each in features)
    return Run(
        command=options.typed,
        model=options.model if embedded else "",
        device=setting.device,
        recipe=recipe_name("llu", setting.recipe),
        workers=f"Dask cluster {options.dask}" if options.dask else f"{options.jobs} on {cores()} cores",
        views=setting.views,
        seconds=seconds,
        cells=tuple(outcome.cell.key for outcome in outcomes),
        kept=sum(outcome.kept for outcome in outcomes),
        written=datetime.now().astimezone().isoformat(timespec="seconds"),
        version=__version__,
        packages=versions(),
        machine=machine(),
        notes=tuple(notes),
    )


def report(folder: Path, measures: Sequence[str]) -> None:
    """Write the report of a folder's rows, and say where it is."""
    from llu_core.evaluation.reporting.report import write_report

    say(f"report: {write_report(folder, measures)}")
