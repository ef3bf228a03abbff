"""What is measured gets into the documents, and nothing else of them changes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench import refresh_docs
from bench.refresh_docs import (
    BUILT_IN,
    SUMMARY,
    TABLE,
    between,
    built_in_line,
    measurements,
    training_lines,
    with_lines,
    with_measurements,
)
from llu_core.bench.machine import Limit
from llu_core.bench.measurement import HEAD, Measurement
from llu_core.cli.main import main
from llu_core.evaluation.results import Row
from support.documents import read

FAST = "fast recipe, 16 shots x 10 classes"
TRAINED = [
    Measurement("training", FAST, 0.02, spread=0.001, peer="linear probe: the same with C=31.6", peer_value=0.09),
    Measurement(
        "training",
        FAST,
        0.03,
        peer="LogisticRegression(max_iter=1000), one thread",
        peer_value=0.0234,
        limit=Limit(0.001, "bytes"),
    ),
]


def row(method: str, base: float, new: float | None, seed: int = 1) -> Row:
    h = None if new is None else 2 * base * new / (base + new)
    return Row("base-to-new", "picto:shapes", method, 16, seed, base, new, h, 0.1, elsewhere=97.0)


def write_bench(path: Path, found: list[Measurement]) -> Path:
    path.write_text(json.dumps({"command": "bench", "figures": [each.as_json() for each in found]}))
    return path


def test_measurements_survive_the_way_through_a_file(tmp_path: Path):
    path = write_bench(tmp_path / "bench.json", TRAINED)
    assert measurements([path]) == {"training": TRAINED}


def test_the_later_file_has_a_subject_and_the_table_keeps_the_others(tmp_path: Path):
    old = write_bench(tmp_path / "old.json", [Measurement("training", "x", 1.0), Measurement("sweep", "y", 2.0)])
    new = write_bench(tmp_path / "new.json", TRAINED)
    table = "\n".join([HEAD, "| sweep | old |", "| training | old |", "| encoding | old |"])
    text = between(f"before\n{TABLE[0]}{TABLE[1]}after\n", TABLE, table)
    rows = [each.row() for each in (Measurement("sweep", "y", 2.0), *TRAINED)]
    assert with_measurements(text, measurements([old, new])) == between(
        text, TABLE, "\n".join([HEAD, *rows, "| encoding | old |"])
    )
    assert with_measurements(text, {}) == text


def test_a_size_of_training_stands_beside_the_fastest_that_it_is_compared_with():
    assert training_lines({"training": TRAINED}) == {
        "training, 16 shots of 10 classes": (
            "–",
            "30.0 ms",
            "scikit-learn's LogisticRegression on one thread: 23.4 ms",
            "scikit-learn's LogisticRegression on one thread",
        )
    }
    assert training_lines({}) == {}


def test_the_built_in_sets_stand_beside_the_best_of_the_other_systems():
    rows = [row("clip", 50, 50), row("llu", 60, 50), row("llu-tuned", 99, 99), row("linear-probe", 99, None)]
    assert built_in_line(rows) == {}
    rows += [row("rla", 55, 50), replace(row("clip-adapter", 70, 50), elsewhere=96.0)]
    assert built_in_line(rows) == {
        BUILT_IN: (
            "50.0 / 50.0 / 50.0 / 97.0",
            "60.0 / 50.0 / 54.5 / 97.0",
            "CLIP-Adapter: 70.0 / 50.0 / 58.3 / 96.0",
            "CLIP-Adapter in H, LLU elsewhere",
        )
    }


def test_a_line_that_readme_lacks_is_no_line_to_write():
    assert with_lines("| a | 1 |\n| b | 2 |\n", {"a": ("3",)}) == "| a | 3 |\n| b | 2 |\n"
    with pytest.raises(ValueError, match="unpack"):
        with_lines("| a | 1 |\n", {"b": ("3",)})


def test_a_report_and_a_bench_go_into_copies_of_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, place in (("README", "README.md"), ("RESULTS", "docs/results.md"), ("SPEED", "docs/speed.md")):
        (tmp_path / Path(place).name).write_text(read(place), encoding="utf-8")
        monkeypatch.setattr(refresh_docs, name, tmp_path / Path(place).name)
    report = tmp_path / "report"
    methods = ["--methods", "clip,llu,tip-adapter", "--shots", "16", "--seeds", "1"]
    assert main(["evaluate", "base-to-new", "picto:textures", *methods, "--out", str(report)]) == 0
    bench = write_bench(tmp_path / "bench.json", TRAINED)
    refresh_docs.main([str(report), "--bench", str(bench)])
    results, speed = ((tmp_path / name).read_text(encoding="utf-8") for name in ("results.md", "speed.md"))
    summary = (report / "summary.md").read_text(encoding="utf-8").replace(str(report), "report")
    assert results == between(read("docs/results.md"), SUMMARY, summary)
    assert TRAINED[1].row() in speed
    assert "| encoding | " in speed
    assert "30.0 ms | scikit-learn's LogisticRegression on one thread: 23.4 ms" in (tmp_path / "README.md").read_text()
