"""Work in a process of its own, so that its peak of memory is its own."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """seconds of the work alone; peak_bytes of the process meanwhile, imports and data included; work_bytes: how much
    that is above what the process held before."""

    seconds: float
    peak_bytes: int
    work_bytes: int


def cost_of(prepare: Callable, work: Callable, *arguments: object) -> Cost:
    """`work(prepare(*arguments))` in a new process; both are functions of a module."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, prepare, work, arguments).result()


def _measured(prepare: Callable, work: Callable, arguments: tuple) -> Cost:
    prepared = prepare(*arguments)
    before = _forget_peak()
    start = time.perf_counter()
    result = work(prepared)
    seconds = time.perf_counter() - start
    peak = _peak_bytes()
    del result
    return Cost(seconds, peak, max(peak - before, 0))


def _forget_peak() -> int:
    """Bytes that the process holds; where the system allows it, its peak is forgotten."""
    forget = Path("/proc/self/clear_refs")
    if forget.is_file():
        forget.write_text("5")
    return _peak_bytes()


def _peak_bytes() -> int:
    status = Path("/proc/self/status")
    if status.is_file():  # what getrusage tells would include the parent's peak before the program was replaced
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return 1024 * int(line.split()[1])
    import resource  # there on every other Unix

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
