"""Rows of every protocol, folders that hold them, and the cells of Markdown tables."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llu_core.evaluation.results import AnyRow, Row, TimingRow, TransferRow
from llu_core.evaluation.runner import Cell
from llu_core.evaluation.store import ROWS, Content, Recorded, RowStore, Run

RUN = Run(
    command="python -m llu_core evaluate all",
    model="picto",
    device="cpu",
    recipe="fast",
    workers="2 on 2 cores",
    views=0,
    seconds=12.0,
    cells=("a", "b"),
    kept=1,
    written="2026-01-01",
    version="9.8.7",
    packages=("torch 2",),
    machine="a machine",
    notes=("a note",),
)
BUNDLE = {"encoder": None, "templates": None, "problem": "p", "system": "s", "device": "cpu", "views": 0}
EMBEDDED = BUNDLE | {"encoder": "vit-b-16, 0123", "templates": ["a photo of a {}.", "a {}"], "views": 4}


def row(source: str, method: str, base: float | None, new: float | None, *, seed: int = 1, shots: int = 16) -> Row:
    """A row of base-to-new, with its H, and a reason where there is no answer on the new half."""
    h = None if base is None or new is None else (2 * base * new / (base + new))
    reason = "needs shots of every class" if new is None else ""
    return Row("base-to-new", source, method, shots, seed, base, new, h, 0.5, None, reason)


TWO_SETS = [row("picto:a", "llu", 100, 50), row("picto:b", "llu", 50, 100), row("picto:a", "linear-probe", 90, None)]
EVERYTHING: list[AnyRow] = [
    *TWO_SETS,
    row("picto:a", "llu", 80, 40, shots=4),
    TransferRow("cross-dataset", "picto:a", "picto:a", "llu", 16, 1, 90.0, 0.5),
    TransferRow("cross-dataset", "picto:a", "picto:b", "llu", 16, 1, 60.0, 0.5),
    TransferRow("domain-shift", "picto:a", "picto:a", "llu", 16, 1, 90.0, 0.5),
    TransferRow("domain-shift", "picto:a", "picto:night-a", "llu", 16, 1, None, 0.5, "no answer here"),
    replace(row("picto:a", "llu-linear", 81, 32), protocol="ablation", distance_to_identity=6.5e-3),
    TimingRow("timing", "picto:a", "llu", 8, 1, 0.002, 3_000_000, "counted"),
    TimingRow("timing", "picto:a", "clip", 8, 1, None, None, "", "has no gradient pass"),
]


def content(rows: Sequence[AnyRow], configuration: dict[str, Any] | None = None) -> Content:
    """A cell a row."""
    chosen = BUNDLE if configuration is None else configuration
    return Content(tuple(Recorded(str(at), chosen, (each,)) for at, each in enumerate(rows)), (), (RUN,))


def stored(folder: Path, rows: Sequence[AnyRow], configuration: dict[str, Any] | None = None) -> RowStore:
    """The file of a folder, with a cell a row and a failed one."""
    store = RowStore(folder / ROWS)
    for at, each in enumerate(rows):
        store.add(Cell((configuration or BUNDLE) | {"at": at}, lambda: list), [each], "")
    name = {"protocol": "base-to-new", "source": "picto:a", "method": "rla", "shots": 16, "seed": 2}
    store.add(Cell(name, lambda: list), [], "it broke")
    store.add_run(RUN)
    return store


def cells_of(line: str) -> list[str]:
    """The cells of a line of a Markdown table."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def line_starting(text: str, start: str) -> list[str]:
    """The cells of the first line of a table that starts so."""
    return cells_of(next(line for line in text.splitlines() if line.startswith(f"| {start}")))
