"""The app's end of the process that draws: it is started when a map is wanted, and ends when none was for a while."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from demo.hosting import logs
from demo.hosting.machine.cores import CORES
from demo.hosting.maps.wire import receive, send
from demo.session.projection import FEWEST

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "demo.hosting.maps.worker")
IDLE_SECONDS = 300.0
"""A process that nobody has wanted for so long ends; the 300 MB that it holds are worth more than the two seconds that
the next one takes to come."""


class Drawer:
    """Draws one map at a time, in a process whose compiled code keeps nobody else from working.

    In the app's own process an epoch of UMAP would hold Python's lock, and its threads would be in the way at the end.
    """

    def __init__(self, command: tuple[str, ...] = COMMAND, clock: Callable[[], float] = time.monotonic):
        self._command, self._clock = command, clock
        self._process: subprocess.Popen | None = None
        self._lock, self._used, self._closed = threading.Lock(), clock(), False

    def draw(self, embeddings: np.ndarray) -> np.ndarray | None:
        """UMAP's points (n, 2) of embeddings (n, d); None where PCA is as good, or there is none to be had."""
        if len(embeddings) < FEWEST:
            return None
        with self._lock:
            points = self._drawn(embeddings)
            self._used = self._clock()
        return points if points is not None and len(points) else None

    def forget_old(self) -> None:
        """Let the process go if nobody has wanted a map for long."""
        if self._lock.acquire(blocking=False):  # else it draws one
            try:
                if self._clock() - self._used > IDLE_SECONDS:
                    self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """The app ends: the process does too, also in the middle of a map, and no other is started."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        with self._lock:
            self._end()

    def _drawn(self, embeddings: np.ndarray) -> np.ndarray | None:
        try:
            process = self._running()
            points = None if self._closed else _exchanged(process, embeddings)
        except OSError:  # it could not be started, or has ended; the next map is for another one to draw
            points = None
        if points is None:
            process = self._process
            self._end()
            if not self._closed:
                logs.event("map not drawn", status=process and process.returncode)
        return points

    def _running(self) -> subprocess.Popen:
        if self._process is None:
            with CORES.everywhere():  # where it works for as long as it lives
                self._process = subprocess.Popen(
                    self._command,
                    cwd=ROOT,
                    env=_environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what it has not read is of no use any more
                    pipe.close()
        process.wait()


def _exchanged(process: subprocess.Popen, embeddings: np.ndarray) -> np.ndarray | None:
    assert process.stdin is not None
    assert process.stdout is not None
    send(embeddings, process.stdin)
    return receive(process.stdout)


def _environment() -> dict[str, str]:
    """One thread is all that a map needs, and more would take from those who wait for a training."""
    return os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
