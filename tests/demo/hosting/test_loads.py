"""Models on their way: who waits may go at any moment."""

import gc
import threading
from typing import Any

import pytest

from demo.hosting import loads as module
from demo.hosting.loads import Loads, Visit
from llu_core.encoders.hub import LoadingStep


def test_a_wait_that_is_collected_while_another_begins_ends(monkeypatch: pytest.MonkeyPatch):
    loads, left, make = Loads(), threading.Event(), module._Load

    def endless(name: str):
        try:
            while True:
                yield LoadingStep("Downloading")
        finally:
            if name == "first":
                left.set()

    def made(**settings: Any):
        gc.collect()
        return make(**settings)

    def begin() -> None:
        with loads.visit("ben") as visit:
            next(loads.steps("second", lambda: endless("second"), visit))

    waits: list = [loads.steps("first", lambda: endless("first"), Visit())]
    next(waits[0])
    waits.append(waits)  # so that only a collection finds that nobody reads them
    monkeypatch.setattr(module, "_Load", made)
    del waits
    thread = threading.Thread(target=begin, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert left.wait(10)
    loads.close()
