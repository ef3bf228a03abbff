"""Where the app's threads work: anywhere, or together on one core while many call, all but what reads pictures."""

import _thread
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from demo.hosting.line import Line
from demo.hosting.machine import cores as machine
from demo.hosting.machine.cores import MANY, Cores

CAN_CHOOSE = hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1

pytestmark = pytest.mark.skipif(not CAN_CHOOSE, reason="needs a system that places threads, and two cores")


def places() -> frozenset[int]:
    """Where this thread may work."""
    return frozenset(os.sched_getaffinity(0))


@pytest.fixture
def cores() -> Iterator[Cores]:
    before = places()
    yield Cores()
    assert places() == before


@pytest.fixture
def other() -> Iterator[Callable]:
    """Calls a function in another thread, always the same one, and returns what it does."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(places).result()
        yield lambda fn: thread.submit(fn).result()


def crowd(cores: Cores, calls: int = MANY) -> ExitStack:
    """So many calls under way, until it is closed."""
    stack = ExitStack()
    for _ in range(calls):
        stack.enter_context(cores.call())
    return stack


def test_a_few_calls_leave_threads_where_they_are(cores: Cores, other: Callable):
    before = places()
    with crowd(cores, MANY - 1):
        assert places() == other(places) == before


def test_many_calls_bring_all_threads_to_one_core_until_few_are_left(cores: Cores, other: Callable):
    before = places()
    with cores.call():
        with crowd(cores, MANY - 1):
            assert len(places()) == 1
            assert other(places) == places()
        assert places() == other(places) == before


def test_it_stays_so_while_calls_come_and_go(cores: Cores):
    with crowd(cores, 2):
        with crowd(cores, MANY):
            pass
        assert len(places()) == 1


def test_what_reads_pictures_works_everywhere_and_comes_back(cores: Cores, other: Callable):
    before = places()
    with crowd(cores):
        with cores.everywhere():
            with cores.everywhere():
                assert places() == before
            assert places() == before
            assert len(other(places)) == 1
        assert len(places()) == 1


def test_what_works_everywhere_is_not_called_in_when_many_come(cores: Cores, other: Callable):
    before = places()
    with cores.everywhere(), crowd(cores):
        assert places() == before
        assert len(other(places)) == 1


def test_a_thread_that_began_meanwhile_is_free_afterwards(cores: Cores):
    before = places()
    with ThreadPoolExecutor(1) as thread:
        with crowd(cores):
            assert len(thread.submit(places).result()) == 1
        assert thread.submit(places).result() == before


def test_a_call_that_fails_is_over_too(cores: Cores):
    before = places()
    for _ in range(MANY + 1):
        with pytest.raises(ValueError, match="no"), cores.call():
            raise ValueError("no")
    with cores.call():
        assert places() == before


def test_a_program_that_has_one_core_stays_there():
    before = places()
    one = Cores({min(before)})
    with crowd(one), one.everywhere():
        assert places() == before


def test_long_work_in_the_line_has_all_cores_and_short_work_has_not(monkeypatch: pytest.MonkeyPatch, cores: Cores):
    monkeypatch.setattr("demo.hosting.line.CORES", cores)
    before, line = places(), Line(waiting=2)
    with crowd(cores), line.turn("ada") as short, line.turn("ben", long=True) as long:
        with short.watched():
            assert len(places()) == 1
        with long.watched():
            assert places() == before


def test_calls_from_many_threads_are_all_counted(cores: Cores):
    before, ready = places(), threading.Barrier(8)

    def call() -> int:
        with cores.call():
            ready.wait(10)
            found = len(places())
            ready.wait(10)
        return found

    with ThreadPoolExecutor(8) as threads:
        assert {each.result() for each in [threads.submit(call) for _ in range(8)]} == {1}
        assert threads.submit(places).result() == before


def test_streams_that_are_collected_while_threads_are_placed_end_their_calls(
    cores: Cores, monkeypatch: pytest.MonkeyPatch
):
    place, before, found = machine._place, places(), list[frozenset[int]]()

    def stream() -> Iterator[None]:
        with cores.call():
            yield

    def placed(threads: Iterable[int], on: frozenset[int]) -> None:
        gc.collect()
        place(threads, on)

    def last_call() -> None:
        with cores.call():
            found.append(places())

    streams: list = [stream() for _ in range(MANY - 1)]
    for each in streams:
        next(each)
    streams.append(streams)  # so that only a collection finds that nobody reads them
    monkeypatch.setattr(machine, "_place", placed)
    del streams, each
    thread = threading.Thread(target=last_call, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert found == [before]


def test_threads_are_free_again_where_no_more_files_can_be_opened(
    cores: Cores, other: Callable, monkeypatch: pytest.MonkeyPatch
):
    def refused(*_: str) -> list[str]:
        raise OSError(24, "Too many open files")

    before = places()
    with crowd(cores):
        monkeypatch.setattr(os, "listdir", refused)
    assert places() == other(places) == before


def test_threads_are_left_alone_where_the_system_does_not_tell_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "TASKS", "/nowhere")
    before = places()
    with crowd(Cores()):
        assert places() == before


def test_a_foreign_thread_that_has_ended_is_not_placed(cores: Cores, monkeypatch: pytest.MonkeyPatch):
    known, placed = list[int | None](), set[int]()
    _thread.start_new_thread(lambda: known.append(threading.current_thread().native_id), ())
    while not known or os.path.exists(f"/proc/self/task/{known[0]}"):
        time.sleep(0.01)
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, _: placed.add(thread))
    with crowd(cores):
        assert threading.get_native_id() in placed
    assert known[0] not in placed


FORKED = """
import os, signal, threading
from demo.hosting.machine.cores import CORES, MANY

def hold():
    with CORES._lock:
        held.set()
        threading.Event().wait()

before, calls, held = os.sched_getaffinity(0), [CORES.call() for _ in range(MANY)], threading.Event()
for call in calls:
    call.__enter__()
threading.Thread(target=hold, daemon=True).start()
held.wait()
if (child := os.fork()) == 0:
    signal.alarm(10)
    with CORES.everywhere():
        pass
    os._exit(os.sched_getaffinity(0) != before)
os._exit(os.waitpid(child, 0)[1] != 0)
"""


def test_a_copy_of_the_process_begins_anew():
    assert subprocess.run([sys.executable, "-c", FORKED], timeout=60, check=False).returncode == 0
