"""`python -m llu_core bench`: the options, the table on standard output, and the JSON file."""

import argparse
import json
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

from llu_core.bench import SCALES, SUBJECTS, measure
from llu_core.bench.machine import Machine
from llu_core.bench.measurement import HEAD, Measurement
from llu_core.cli.options import add_command, add_precision, make_folders_around
from llu_core.encoders.encoder import choose_device
from llu_core.errors import LluError
from llu_core.files.writing import write_text
from llu_core.terminal import say

EXAMPLES = """examples:
  python -m llu_core bench
  python -m llu_core bench sweep --json sweep.json
  python -m llu_core bench --scale

Every figure is the median of repetitions taken in turns with what it is compared with, in this one run; ± is half the
distance between the quartiles. The limit is the work that cannot be avoided, in floating-point operations or bytes
moved, over the most that this machine was seen to do. A missed bar is printed and is no failure: the status is 0. Run
it on a machine with nothing else to do.

subjects:
"""


def add(commands) -> None:
    """Add the command to those of the parser."""
    listing = "\n".join(f"  {name:<12} {what}" for name, what in {**SUBJECTS, **SCALES}.items())
    bench = add_command(commands, "bench", "how fast it is, and compared with what", EXAMPLES + listing, run)
    bench.set_defaults(list_option="subjects")
    bench.add_argument(
        "subjects", nargs="*", metavar="NAME", help="what to measure, see below (default: all but those of --scale)"
    )
    bench.add_argument("--device", default="cpu", help="cpu, cuda, ... (default: cpu)")
    add_precision(bench)
    bench.add_argument("--scale", action="store_true", help="how time and memory grow; takes minutes and gigabytes")
    bench.add_argument(
        "--features",
        type=Path,
        metavar="FILE",
        help="a feature bundle to train on beside the peers, with accuracies",
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures and the machine's facts to FILE")


def run(options: argparse.Namespace) -> int:
    """Measure what the options name; a row is printed as soon as it is known."""
    make_folders_around(options.json)
    if options.precision != "auto":
        os.environ["LLU_PRECISION"] = options.precision  # some subjects load their models in processes of their own
    chosen = _chosen(options)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    machine = Machine.measured(choose_device(options.device))
    facts = {"command": _command(options), "date": date, **machine.facts()}
    say("\n".join(f"{name}: {value}" for name, value in facts.items()))
    say(f"\n{HEAD}")
    measurements: list[Measurement] = []
    for subject in chosen:
        for measurement in measure(subject, machine, options.features):
            measurements.append(measurement)
            say(measurement.row())
            if options.json:  # after every measurement: an interrupted run keeps what it has
                _write(options.json, facts, measurements)
    return 0


def _chosen(options: argparse.Namespace) -> list[str]:
    for name in options.subjects:
        if name not in {**SUBJECTS, **SCALES}:
            raise LluError(f"there is no subject {name!r} to measure; choose from: {', '.join((*SUBJECTS, *SCALES))}")
    return list(dict.fromkeys([*options.subjects, *(SCALES if options.scale else ())])) or list(SUBJECTS)


def _command(options: argparse.Namespace) -> str:
    words = ["python", "-m", "llu_core", "bench", *options.subjects, "--device", options.device]
    given = ["--features", options.features.name] if options.features else []
    given += ["--precision", options.precision] if options.precision != "auto" else []
    return shlex.join([*words, *["--scale"] * options.scale, *given])


def _write(path: Path, facts: dict, measurements: list[Measurement]) -> None:
    content = {**facts, "figures": [measurement.as_json() for measurement in measurements]}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
