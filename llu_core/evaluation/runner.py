"""Grids of trials: kept in a file, resumed, and run by many processes or a Dask cluster.

    for outcome in run_grid(cells, jobs=4, kept=store.finished(), keep=store.add): ...

gives the outcomes in the order of the cells, however many workers there are; `store` has the rows of earlier runs.

A cell that fails is named and the rest goes on. Each is computed with one torch thread, so that its numbers do not
depend on how many run beside it. joblib pickles tasks on their way to its own workers; nothing is unpickled from files.
"""

import hashlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar, cast

import torch

from llu_core.errors import LluError, one_line
from llu_core.evaluation.results import AnyRow

DASK_PATIENCE, DASK_ANSWER, DASK_POLL, DASK_LAST = 20.0, 60.0, 0.25, 5.0
"""Seconds: a cluster may be without a worker for so long, its scheduler without an answer (the first task makes it
import torch), its work is asked about so often, and its end may take so long."""
_UNSENDABLE = "a system cannot be sent to other processes; put it into a module that they can import"

Value = TypeVar("Value")
Task = Callable[[], Sequence[AnyRow]]
"""What makes the rows of a cell, wherever it runs."""

_NUMBERS = {"seed": "seed", "classes": "classes", "batch_size": "batch"}
"""Part of a configuration -> what a cell's name calls it, where it has one."""


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
        numbers = [f"{given['shots']} shots"] if "shots" in given else []
        numbers += [f"{word} {given[part]}" for part, word in _NUMBERS.items() if given.get(part) is not None]
        return ", ".join([" ".join(words), *numbers])


@dataclass(frozen=True, eq=False)
class Outcome:
    """The rows of a cell, or the error that it ended in; kept: it was computed by an earlier run."""

    cell: Cell
    rows: tuple[AnyRow, ...] = ()
    error: str = ""
    kept: bool = False


def run_grid(
    cells: Sequence[Cell],
    *,
    jobs: int = 1,
    dask: str | None = None,
    kept: Mapping[str, tuple[AnyRow, ...]] | None = None,
    keep: Callable[[Cell, Sequence[AnyRow], str], object] | None = None,
) -> Generator[Outcome, None, None]:
    """The outcomes in the order of `cells`, those that run alone last.

    kept: rows by the key of their cell, which are not computed again; keep: told the rows of every other cell, or its
    error, as soon as they are there.

    jobs: processes, 1 for this one alone; dask: address of a scheduler whose workers do the work instead.
    Raises LluError where Dask cannot be used or a worker dies.
    """
    kept = kept or {}
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
        if keep:
            keep(cell, rows, error)
        yield Outcome(cell, tuple(rows), error)


def _computed(cells: Sequence[Cell], jobs: int, dask: str | None) -> Iterator[tuple[Sequence[AnyRow] | None, str]]:
    return run_tasks((_prepared(cell) for cell in cells), jobs=jobs, dask=dask) if cells else iter(())


def run_tasks(
    tasks: Iterable[Callable[[], Value]], *, jobs: int = 1, dask: str | None = None
) -> Iterator[tuple[Value | None, str]]:
    """What every task returns and "", or None and the error it ended in; in their order, wherever they run.

    Raises LluError as `run_grid` does.
    """
    if dask is not None:
        yield from _on_dask(iter(tasks), dask)
    elif jobs == 1:
        yield from map(carry_out, tasks)
    else:
        yield from _by_processes(tasks, jobs)


def _by_processes(tasks: Iterable[Callable[[], Value]], jobs: int) -> Iterator[tuple[Value | None, str]]:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool, PicklingError, TerminatedWorkerError

    parallel = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2*n_jobs")
    try:
        results = parallel(delayed(carry_out)(task) for task in tasks)
        yield from cast("Iterator[tuple[Value | None, str]]", results)
    except TerminatedWorkerError:
        raise LluError(
            "a worker process died, perhaps for lack of memory; run it again with fewer --jobs (finished rows stay)"
        ) from None
    except (BrokenProcessPool, PicklingError):  # a system of one's own
        raise LluError(_UNSENDABLE) from None


def _on_dask(tasks: Iterator[Callable[[], Value]], address: str) -> Iterator[tuple[Value | None, str]]:
    """Twice as many tasks as the workers have threads are with them at a time; those that are done do not count."""
    with _DaskCluster.at(address) as cluster:
        sent: deque[Any] = deque()
        while True:
            free = 2 * cluster.threads() - sum(not future.done() for future in sent)
            try:
                sent.extend(cluster.client.submit(carry_out, task, pure=False) for task in islice(tasks, max(0, free)))
            except TypeError:  # what distributed makes of whatever pickling raised
                raise LluError(_UNSENDABLE) from None
            if sent and (done := cluster.result(sent[0])) is not None:
                yield done
                sent.popleft()
            elif not sent and free > 0:
                return


@dataclass(eq=False)
class _DaskCluster:
    """Workers behind a scheduler. What is lost, the scheduler or the last worker, becomes an LluError."""

    client: Any
    address: str
    seen: float

    @classmethod
    @contextmanager
    def at(cls, address: str) -> Iterator["_DaskCluster"]:
        try:
            from distributed import Client
        except ImportError:
            raise LluError("--dask needs dask.distributed, which is not installed; pip install distributed") from None
        try:
            client = Client(address, timeout="15s", set_as_default=False)
        except (OSError, ValueError) as error:
            kind = type(error).__name__
            raise LluError(f"no Dask scheduler answers at {address!r} ({kind}); check the address") from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told in one sentence, below
        try:
            yield cls(client, address, time.monotonic())
        finally:
            client.close(timeout=DASK_LAST)

    def threads(self) -> int:
        """Of all workers; they may come and go, but not all stay away for longer than DASK_PATIENCE."""
        try:
            threads = sum(self.client.sync(self.client.scheduler.ncores, callback_timeout=DASK_ANSWER).values())
        except Exception:  # a lost connection has many names
            raise self._lost() from None
        if threads:
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > DASK_PATIENCE:
            raise LluError(
                f"the Dask scheduler at {self.address!r} has had no worker for {DASK_PATIENCE:.0f} s; start workers "
                "and run it again (finished rows stay)"
            )
        return threads

    def result(self, future: Any) -> tuple[Any, str] | None:
        """What a task ended in, None if it has not within DASK_POLL."""
        from distributed import CancelledError, KilledWorker, TimeoutError

        try:
            return future.result(timeout=DASK_POLL)
        except TimeoutError:
            return None
        except KilledWorker:
            raise LluError(
                "workers of the Dask cluster died of a task, perhaps for lack of memory; give them more and run it "
                "again (finished rows stay)"
            ) from None
        except (CancelledError, OSError):
            raise self._lost() from None
        except Exception as error:  # not the task's, which `carry_out` tells: what it needs is not on the worker
            raise LluError(
                f"the Dask workers cannot do the work ({type(error).__name__}: {one_line(error)}); give them the same "
                "packages as here"
            ) from None

    def _lost(self) -> LluError:
        return LluError(f"the Dask scheduler at {self.address!r} was lost; start it and try again (finished rows stay)")


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
