"""Grids of trials: kept in a file, resumed, and run by many processes or a Dask cluster through joblib.

    with RowStore(folder / "rows.jsonl") as store:
        for outcome in run_grid(cells, jobs=4, store=store): ...        in the order of the cells, however many workers

A cell that fails is named and the rest goes on. Each is computed with one torch thread, so that its numbers do not
depend on how many run beside it. joblib pickles tasks on their way to its own workers; nothing is unpickled from files.
"""

import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast

import torch

from llu_core.errors import LluError, one_line
from llu_core.evaluation.results import AnyRow, row_from_json, row_to_json

Value = TypeVar("Value")
Task = Callable[[], Sequence[AnyRow]]
"""What makes the rows of a cell, wherever it runs."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One unit of a grid. configuration: everything its rows depend on, as JSON values; prepare() makes its task, here,
    right before it is sent to a worker. alone: it measures time and runs by itself in this process, after the others.
    """

    configuration: Mapping[str, Any]
    prepare: Callable[[], Task]
    alone: bool = False

    @property
    def key(self) -> str:
        """What a finished cell is recognised by."""
        text = json.dumps(self.configuration, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The cell as people read it: "base-to-new picto:shapes llu, 16 shots, seed 1"."""
        given = self.configuration
        words = [str(given[part]) for part in ("protocol", "source", "method") if part in given]
        numbers = [f"{given[part]} shots" for part in ("shots",) if part in given]
        numbers += [f"seed {given[part]}" for part in ("seed",) if part in given]
        return ", ".join([" ".join(words), *numbers])


@dataclass(frozen=True, eq=False)
class Outcome:
    """The rows of a cell, or the error that it ended in; kept: it was computed by an earlier run."""

    cell: Cell
    rows: tuple[AnyRow, ...] = ()
    error: str = ""
    kept: bool = False


def run_grid(
    cells: Sequence[Cell], *, jobs: int = 1, dask: str | None = None, store: "RowStore | None" = None
) -> Generator[Outcome, None, None]:
    """The outcomes in the order of `cells`, those that run alone last; what `store` has is not computed again.

    jobs: processes, 1 for this one alone; dask: address of a scheduler whose workers do the work instead.
    Raises LluError where Dask cannot be used or a worker dies.
    """
    kept = store.finished() if store else {}
    in_order = sorted(cells, key=lambda cell: cell.alone)
    pending = [cell for cell in in_order if cell.key not in kept]
    together, alone = ([cell for cell in pending if cell.alone is wanted] for wanted in (False, True))
    computed = chain(_computed(together, jobs, dask), _computed(alone, 1, None))
    for cell in in_order:
        if cell.key in kept:
            yield Outcome(cell, kept[cell.key], kept=True)
            continue
        made, error = next(computed)
        rows = made or ()
        if store:
            store.add(cell, rows, error)
        yield Outcome(cell, tuple(rows), error)


def _computed(cells: Sequence[Cell], jobs: int, dask: str | None) -> Iterator[tuple[Sequence[AnyRow] | None, str]]:
    return run_tasks((_prepared(cell) for cell in cells), jobs=jobs, dask=dask) if cells else iter(())


def run_tasks(
    tasks: Iterable[Callable[[], Value]], *, jobs: int = 1, dask: str | None = None
) -> Iterator[tuple[Value | None, str]]:
    """What every task returns and "", or None and the error it ended in; in their order, wherever they run.

    Raises LluError as `run_grid` does.
    """
    if jobs == 1 and dask is None:
        yield from map(carry_out, tasks)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with _dask_or_processes(dask):
        parallel = Parallel(n_jobs=jobs if dask is None else -1, return_as="generator", pre_dispatch="2*n_jobs")
        try:
            results = parallel(delayed(carry_out)(task) for task in tasks)
            yield from cast("Iterator[tuple[Value | None, str]]", results)
        except TerminatedWorkerError:
            raise LluError(
                "a worker process died, perhaps for lack of memory; run it again with fewer --jobs (finished rows stay)"
            ) from None


@contextmanager
def _dask_or_processes(dask: str | None) -> Iterator[None]:
    if dask is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError:
        raise LluError("--dask needs dask.distributed, which is not installed; pip install distributed") from None
    from joblib import parallel_config

    try:
        client = Client(dask, timeout="15s")
    except (OSError, ValueError) as error:
        raise LluError(f"no Dask scheduler answers at {dask!r} ({type(error).__name__}); check the address") from None
    with client, parallel_config(backend="dask", client=client):
        yield


def cores() -> int:
    """How many processor cores this process may use, by its affinity and the quota of its container."""
    from joblib import cpu_count

    return cpu_count()


def carry_out(task: Callable[[], Value]) -> tuple[Value | None, str]:
    """What a task returns and "", or None and what went wrong in one line."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return task(), ""
    except LluError as error:
        return None, str(error)
    except Exception as error:  # our bug or the machine's trouble: named in the report, and the other cells go on
        return None, f"{type(error).__name__}: {one_line(error, 300)}"
    finally:
        torch.set_num_threads(threads)


def _prepared(cell: Cell) -> Task:
    try:
        return cell.prepare()
    except LluError as error:
        return partial(_fail, str(error))


def _fail(message: str) -> Sequence[AnyRow]:
    raise LluError(message)


class RowStore:
    """rows.jsonl: a line per row, or per failed cell, written as they come.

    Each line tells its cell, and which of the cell's rows it is; a cell counts as finished when all of them are there.
    A last line torn by a kill is cut off.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if self.path.is_file():
            _cut_torn_line(self.path)

    def finished(self) -> dict[str, tuple[AnyRow, ...]]:
        """The rows of every finished cell, by its key."""
        parts: dict[str, dict[int, AnyRow]] = {}
        expected: dict[str, int] = {}
        for line in self._lines():
            try:
                content = json.loads(line)
                key, part, of = content.pop("cell"), content.pop("part"), content.pop("parts")
                parts.setdefault(key, {})[part] = row_from_json(content)
                expected[key] = of
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # a failed cell, or a line that somebody damaged: computed again
        return {
            key: tuple(rows[part] for part in sorted(rows))
            for key, rows in parts.items()
            if set(rows) == set(range(1, expected[key] + 1))
        }

    def add(self, cell: Cell, rows: Sequence[AnyRow], error: str) -> None:
        """Append the rows of a cell, or its error."""
        lines: list[dict[str, Any]] = [
            {**row_to_json(row), "cell": cell.key, "part": part, "parts": len(rows)}
            for part, row in enumerate(rows, start=1)
        ]
        if error:
            lines = [{"failed": cell.name, "error": error, "cell": cell.key}]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    def _lines(self) -> Iterable[str]:
        if not self.path.is_file():
            return []
        return self.path.read_text(encoding="utf-8", errors="replace").splitlines()


def _cut_torn_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
