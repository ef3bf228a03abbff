"""Threads that stand back leave the others where they are."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.hosting.machine.threads import BEHIND, stand_back


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="needs a system whose threads have a niceness each")
def test_a_thread_that_stands_back_does_so_alone():
    before = niceness()
    with ThreadPoolExecutor(1) as thread, ThreadPoolExecutor(1) as other:
        thread.submit(stand_back).result()
        assert thread.submit(niceness).result() == max(before, BEHIND)
        assert other.submit(niceness).result() == before
    assert niceness() == before


def test_a_thread_that_may_not_stand_back_goes_on(monkeypatch: pytest.MonkeyPatch):
    def denied(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", denied, raising=False)
    stand_back()
