"""rows.jsonl: everything that was computed in a folder, and how: what is resumed and reported from it alone.

A line per row, or per failed cell, written as they come, and a line per run of the command at its end. A row's line
tells its cell, which of the cell's rows it is, and the cell's configuration; a cell counts as finished when all of its
rows are there. Lines are only ever added; a last line torn by a kill is cut off.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llu_core.errors import LluError
from llu_core.evaluation.results import AnyRow, row_from_json, row_to_json
from llu_core.evaluation.runner import Cell

ROWS = "rows.jsonl"


@dataclass(frozen=True)
class Run:
    """One run of the command. command: as typed; cells: the keys of all that it asked for; kept: how many of them an
    earlier run had computed; seconds: the whole run; model: "" where none was used; version: of this project; packages:
    of others; notes: what else a reader should know."""

    command: str
    model: str
    device: str
    recipe: str
    workers: str
    views: int
    seconds: float
    cells: tuple[str, ...]
    kept: int
    written: str
    version: str
    packages: tuple[str, ...] = ()
    machine: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Recorded:
    """A finished cell: its rows and the configuration that decided them, empty where an earlier release kept none."""

    key: str
    configuration: Mapping[str, Any]
    rows: tuple[AnyRow, ...]


@dataclass(frozen=True, eq=False)
class Content:
    """All that a file holds: finished cells, those that were asked for last at the end, (name, error) of cells that
    failed and were not finished since, and the runs."""

    cells: tuple[Recorded, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    runs: tuple[Run, ...] = ()


class RowStore:
    """The file of a folder."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if self.path.is_file():
            _cut_torn_line(self.path)

    def finished(self) -> dict[str, tuple[AnyRow, ...]]:
        """The rows of every finished cell, by its key."""
        return {cell.key: cell.rows for cell in self.content().cells}

    def content(self) -> Content:
        """What the file holds; lines that somebody damaged count for nothing."""
        reading = _Reading()
        for line in self._lines():
            try:
                reading.take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return reading.content()

    def add(self, cell: Cell, rows: Sequence[AnyRow], error: str) -> None:
        """Append the rows of a cell, or its error."""
        about = {"cell": cell.key, "configuration": cell.configuration}
        lines: list[dict[str, Any]] = [
            {**row_to_json(row), **about, "part": part, "parts": len(rows)} for part, row in enumerate(rows, start=1)
        ]
        self._append([{"failed": cell.name, "error": error, **about}] if error else lines)

    def add_run(self, run: Run) -> None:
        """Append what a run of the command was."""
        self._append([{"run": asdict(run)}])

    def _append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)

    def _lines(self) -> Iterator[str]:
        if self.path.is_file():
            with self.path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                yield from file


class _Reading:
    """Lines on their way to a Content."""

    def __init__(self) -> None:
        self._cells: dict[str, Recorded] = {}
        self._parts: dict[str, dict[int, AnyRow]] = {}
        self._failed: dict[str, tuple[str, str]] = {}
        self._runs: list[Run] = []

    def take(self, line: dict[str, Any]) -> None:
        if "run" in line:
            listed = {name: tuple(line["run"][name]) for name in ("cells", "packages", "notes")}
            self._runs.append(run := Run(**{**line["run"], **listed}))
            self._move_to_the_end(run.cells)
        elif "failed" in line:
            self._failed[line["cell"]] = line["failed"], line["error"]
        else:
            key, part, parts = line.pop("cell"), line.pop("part"), line.pop("parts")
            configuration = line.pop("configuration", {})
            rows = self._parts.setdefault(key, {})
            rows[part] = row_from_json(line)
            if set(rows) == set(range(1, parts + 1)):
                self._cells.pop(key, None)
                self._cells[key] = Recorded(key, configuration, tuple(rows[part] for part in sorted(rows)))
                self._failed.pop(key, None)

    def _move_to_the_end(self, keys: Sequence[str]) -> None:
        self._cells |= {key: self._cells.pop(key) for key in keys if key in self._cells}

    def content(self) -> Content:
        return Content(tuple(self._cells.values()), tuple(self._failed.values()), tuple(self._runs))


def opened(folder: Path) -> RowStore:
    """The file of a folder that has one; raises LluError where it has none."""
    path = folder / ROWS
    if not path.is_file():
        raise LluError(f"{folder} holds no {ROWS}; name the folder that `evaluate --out` wrote")
    return RowStore(path)


def _cut_torn_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
