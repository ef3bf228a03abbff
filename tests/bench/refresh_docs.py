"""Writes what was measured into the documents: `python tests/bench/refresh_docs.py [report] [--bench FILE ...]`.

report is a folder that `python -m llu_core evaluate all --out report` wrote; its summary goes into docs/results.md.
Each FILE is what `python -m llu_core bench --json FILE` wrote; its measurements go into the table of docs/speed.md, in
place of those of the same subjects. README's key figures follow from both, and what is not given stays as it is.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from llu_core.bench.machine import Limit
from llu_core.bench.measurement import HEAD, Measurement, quantity
from llu_core.evaluation.means import Average, averages, mean_rows
from llu_core.evaluation.reporting.current import Current
from llu_core.evaluation.reporting.markdown import over_sets
from llu_core.evaluation.results import AnyRow, Row
from llu_core.evaluation.store import opened
from llu_core.systems.recipes_named import title

README, RESULTS, SPEED = ROOT / "README.md", ROOT / "docs" / "results.md", ROOT / "docs" / "speed.md"
SUMMARY = ("<!-- report/summary.md -->\n", "<!-- end of report/summary.md -->\n")
TABLE = ("<!-- bench.json -->\n", "<!-- end of bench.json -->\n")
BUILT_IN = "built-in sets, 16 shots: base / new / H / elsewhere, %"
TRAINING = {
    f"training, 16 shots of {classes} classes": f"fast recipe, 16 shots x {classes} classes" for classes in (10, 100)
}
"""The first cell of a line of README's key figures -> what `bench` calls the measurement."""
PEERS = {
    "LogisticRegression(max_iter=1000), one thread": "scikit-learn's LogisticRegression on one thread",
    "linear probe: the same with C=31.6": "the linear probe on one thread",
}


def between(text: str, marks: tuple[str, str], content: str) -> str:
    """`text` with `content` between the marks; raises ValueError where they are not there, once each."""
    before, rest = text.split(marks[0])
    _, after = rest.split(marks[1])
    return f"{before}{marks[0]}\n{content.strip()}\n\n{marks[1]}{after}"


def with_lines(text: str, lines: Mapping[str, Sequence[str]]) -> str:
    """`text` with other cells after the first one in those lines of its table; raises ValueError for one it lacks."""
    for first, cells in lines.items():
        (old,) = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
        text = text.replace(old, f"| {' | '.join((first, *cells))} |")
    return text


def built_in_line(rows: Iterable[AnyRow]) -> dict[str, tuple[str, ...]]:
    """README's line of the built-in sets: CLIP, LLU, the best of the systems that are neither, and who is ahead."""
    asked = [row for row in rows if isinstance(row, Row) and row.protocol == "base-to-new" and row.shots == 16]
    known = {each.system: each for each in averages(mean_rows(asked)) if each.is_whole("mean_h")}
    others = [each for name, each in known.items() if name != "clip" and not name.startswith("llu")]
    if not others or not {"clip", "llu"} <= known.keys():
        return {}
    best = max(others, key=_mean_h)
    ahead = f"{title(max((known['clip'], known['llu'], best), key=_mean_h).system)} in H"
    kept = [each for each in (known["llu"], best) if each.value("elsewhere") is not None]
    if len(kept) == 2:
        ahead += f", {title(max(kept, key=lambda each: each.value('elsewhere') or 0.0).system)} elsewhere"
    other = f"{title(best.system)}: {_accuracies(best)}"
    return {BUILT_IN: (_accuracies(known["clip"]), _accuracies(known["llu"]), other, ahead)}


def _mean_h(average: Average) -> float:
    return average.value("mean_h") or 0.0


def _accuracies(average: Average) -> str:
    return " / ".join(over_sets(average, column) for column in ("base", "new", "mean_h", "elsewhere"))


def summary_of(report: Path) -> str:
    """The summary of a report, in which its folder is called by its own name, wherever it lies on this machine."""
    return re.sub(r"(--out )\S*/([^/\s`]+)", r"\1\2", (report / "summary.md").read_text(encoding="utf-8"))


def measurements(paths: Iterable[Path]) -> dict[str, list[Measurement]]:
    """Subject -> its measurements, of the last file that has the subject."""
    found: dict[str, list[Measurement]] = {}
    for path in paths:
        of_file: dict[str, list[Measurement]] = {}
        for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]:
            measurement = _measurement(figure)
            of_file.setdefault(measurement.subject, []).append(measurement)
        found |= of_file
    return found


def _measurement(figure: Mapping[str, Any]) -> Measurement:
    """The measurement that `as_json` wrote; what follows from its fields is left out."""
    given = {field.name: figure[field.name] for field in fields(Measurement)}
    given["limit"] = Limit(**given["limit"]) if given["limit"] else None
    return Measurement(**given)


def with_measurements(text: str, found: Mapping[str, Sequence[Measurement]]) -> str:
    """docs/speed.md with these subjects in place of its own of the same name; the others stay."""
    table = text.split(TABLE[0])[1].split(TABLE[1])[0].strip().splitlines()[len(HEAD.splitlines()) :]
    rows: dict[str, list[str]] = {}
    for row in table:
        rows.setdefault(row.split(" | ")[0].removeprefix("| "), []).append(row)
    rows |= {subject: [each.row() for each in of_subject] for subject, of_subject in found.items()}
    return between(text, TABLE, "\n".join([HEAD, *(row for of_subject in rows.values() for row in of_subject)]))


def training_lines(found: Mapping[str, Sequence[Measurement]]) -> dict[str, tuple[str, ...]]:
    """README's lines of training: each size beside the fastest of what it is compared with, and which is ahead."""
    lines = {}
    for first, what in TRAINING.items():
        compared = [each for each in found.get("training", ()) if each.what == what and each.peer_value is not None]
        if compared:
            closest = min(compared, key=lambda each: each.peer_value or 0.0)
            peer = PEERS.get(closest.peer, closest.peer)
            ahead = "LLU" if (closest.ratio or 0.0) > 1 else peer
            values = quantity(closest.value, closest.unit), quantity(closest.peer_value, closest.unit)
            lines[first] = ("–", values[0], f"{peer}: {values[1]}", ahead)
    return lines


def rewrite(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", nargs="?", type=Path, help="a folder that `evaluate all --out` wrote")
    parser.add_argument("--bench", nargs="*", type=Path, default=[], metavar="FILE", help="what `bench --json` wrote")
    options = parser.parse_args(arguments)
    found = measurements(options.bench)
    lines = training_lines(found)
    if options.report:
        lines |= built_in_line(Current.of(opened(options.report).content().cells).rows)
        rewrite(RESULTS, between(RESULTS.read_text(encoding="utf-8"), SUMMARY, summary_of(options.report)))
    rewrite(SPEED, with_measurements(SPEED.read_text(encoding="utf-8"), found))
    rewrite(README, with_lines(README.read_text(encoding="utf-8"), lines))


if __name__ == "__main__":
    main()
