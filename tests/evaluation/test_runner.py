"""Grids: the same rows whatever the workers, kept and resumed, failures named."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from llu_core.data.features import Features
from llu_core.errors import LluError
from llu_core.evaluation.protocols import Trial, run_trial
from llu_core.evaluation.results import Row
from llu_core.evaluation.runner import Cell, Outcome, run_grid, run_tasks
from llu_core.evaluation.store import RowStore
from llu_core.method.recipes import RECIPES
from support.synthetic import problem

SOURCE = Features.of(problem(shots=6))
RECIPE = replace(RECIPES["fast"], steps=10)


def cells(methods: Sequence[str] = ("clip", "llu", "clip-adapter"), seeds: Sequence[int] = (1, 2)) -> list[Cell]:
    return [cell(method, seed) for seed in seeds for method in methods]


def cell(method: str, seed: int) -> Cell:
    configuration = {"protocol": "base-to-new", "source": "synthetic", "method": method, "shots": 2, "seed": seed}

    def prepare():
        return partial(
            run_trial, Trial("base-to-new", method, 2, seed, SOURCE.draw(2, seed), recipe=RECIPE, device="cpu")
        )

    return Cell(configuration, prepare)


def broken(prepare: Callable) -> Cell:
    return Cell({"protocol": "base-to-new", "source": "synthetic", "method": "broken", "shots": 2, "seed": 1}, prepare)


def resumed(cells: Sequence[Cell], store: RowStore) -> Iterator[Outcome]:
    return run_grid(cells, kept=store.finished(), keep=store.add)


def without_seconds(outcomes: Sequence[Outcome]) -> list[Row]:
    rows = [row for outcome in outcomes for row in outcome.rows]
    return [replace(row, train_seconds=None) for row in rows if isinstance(row, Row)]


@pytest.fixture(scope="module")
def serial() -> list[Outcome]:
    return list(run_grid(cells()))


def test_outcomes_come_in_the_order_of_the_cells(serial: list[Outcome]):
    rows = [(row.method, row.seed) for outcome in serial for row in outcome.rows if isinstance(row, Row)]
    assert rows == [("clip", 1), ("llu", 1), ("clip-adapter", 1), ("clip", 2), ("llu", 2), ("clip-adapter", 2)]


def test_processes_give_the_same_rows(serial: list[Outcome]):
    assert without_seconds(list(run_grid(cells(), jobs=2))) == without_seconds(serial)


def test_a_dask_cluster_gives_the_same_rows(serial: list[Outcome]):
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        outcomes = list(run_grid(cells(), dask=cluster.scheduler_address))
    assert without_seconds(outcomes) == without_seconds(serial)


def test_a_scheduler_that_does_not_answer_is_one_line():
    pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with pytest.raises(LluError, match="no Dask scheduler answers at 'nonsense://here'"):
        list(run_grid(cells(), dask="nonsense://here"))


@pytest.fixture
def dask() -> Iterator[tuple[str, subprocess.Popen, subprocess.Popen]]:
    """A scheduler's address, its process and that of its only worker."""
    pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with ExitStack() as stack:
        scheduler = stack.enter_context(dask_process("scheduler", "--port", "0", "--no-dashboard"))
        address = said(scheduler, r"Scheduler at:\s+(tcp://\S+)")
        worker = stack.enter_context(dask_process("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"))
        said(worker, "Registered to:")
        yield address, scheduler, worker


@contextmanager
def dask_process(*arguments: str) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    yield process
    process.kill()
    process.communicate()


def said(process: subprocess.Popen, what: str) -> str:
    """What a line of the process says, once it does."""
    assert process.stderr is not None
    found = next(match for line in process.stderr if (match := re.search(what, line)))
    return found[found.re.groups]


@pytest.mark.parametrize(("lost", "says"), [("scheduler", "was lost; start it"), ("worker", "has had no worker for")])
def test_a_lost_scheduler_or_only_worker_ends_in_one_line(dask, monkeypatch, lost: str, says: str):
    address, scheduler, worker = dask
    monkeypatch.setattr("llu_core.evaluation.runner.DASK_PATIENCE", 3.0)
    results = run_tasks(chain([partial(int, "7")], [partial(time.sleep, 60.0)] * 4), dask=address)
    assert next(results) == (7, "")
    (scheduler if lost == "scheduler" else worker).kill()
    start = time.monotonic()
    with pytest.raises(LluError, match=says) as told:
        list(results)
    assert "\n" not in str(told.value)
    assert time.monotonic() - start < 30


def refuse():
    raise LluError("no shots here")


def divide():
    return [1 / 0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failed_cell_is_named_and_the_rest_goes_on(jobs: int):
    grid = [cell("clip", 1), broken(lambda: refuse), broken(refuse), broken(lambda: divide), cell("clip", 2)]
    outcomes = list(run_grid(grid, jobs=jobs))
    assert [outcome.error for outcome in outcomes] == [
        "",
        "no shots here",
        "no shots here",
        "ZeroDivisionError: division by zero",
        "",
    ]
    assert outcomes[1].cell.name == "base-to-new synthetic broken, 2 shots, seed 1"
    assert [len(outcome.rows) for outcome in outcomes] == [1, 0, 0, 0, 1]


def test_finished_rows_are_not_computed_again(tmp_path: Path, serial: list[Outcome]):
    store = RowStore(tmp_path / "rows.jsonl")
    first = list(run_grid(cells()[:4], keep=store.add))
    again = list(resumed(cells(), RowStore(store.path)))
    assert [outcome.kept for outcome in again] == [True] * 4 + [False] * 2
    assert [outcome.rows for outcome in again[:4]] == [outcome.rows for outcome in first]
    assert without_seconds(again) == without_seconds(serial)


def test_another_configuration_is_computed(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    list(resumed([cell("clip", 1)], RowStore(path)))
    changed = replace(cell("clip", 1), configuration={**cell("clip", 1).configuration, "views": 3})
    (outcome,) = resumed([changed], RowStore(path))
    assert not outcome.kept


def test_a_torn_last_line_costs_its_own_cell_only(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    list(resumed(cells(), RowStore(path)))
    path.write_bytes(path.read_bytes()[:-20])
    outcomes = list(resumed(cells(), RowStore(path)))
    assert [outcome.kept for outcome in outcomes] == [True] * 5 + [False]
    assert [json.loads(line)["method"] for line in path.read_text().splitlines()] == [
        "clip",
        "llu",
        "clip-adapter",
    ] * 2


def test_a_failed_cell_is_tried_again(tmp_path: Path):
    store = RowStore(tmp_path / "rows.jsonl")
    list(run_grid([broken(refuse)], keep=store.add))
    assert json.loads(store.path.read_text())["error"] == "no shots here"
    (outcome,) = resumed([replace(broken(refuse), prepare=cell("clip", 1).prepare)], RowStore(store.path))
    assert (outcome.error, len(outcome.rows), outcome.kept) == ("", 1, False)


def test_a_cell_of_several_rows_counts_when_all_are_there(tmp_path: Path):
    def transfer() -> Cell:
        trial = Trial("cross-dataset", "clip", 2, 1, SOURCE.draw(2, 1), (problem(seed=9),))
        return Cell({"protocol": "cross-dataset"}, lambda: partial(run_trial, trial))

    path = tmp_path / "rows.jsonl"
    list(resumed([transfer()], RowStore(path)))
    first, second = path.read_text().splitlines()
    assert next(resumed([transfer()], RowStore(path))).kept
    for lone in (first, second):
        path.write_text(lone + "\n")
        assert not next(resumed([transfer()], RowStore(path))).kept


def test_what_measures_time_runs_last_and_by_itself():
    alone = replace(cell("llu", 1), alone=True)
    outcomes = list(run_grid([alone, cell("clip", 1)], jobs=2))
    assert [outcome.cell.configuration["method"] for outcome in outcomes] == ["clip", "llu"]
