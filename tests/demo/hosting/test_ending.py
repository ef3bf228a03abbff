"""The end of the app: nothing works on in torch, where the end of the interpreter would take the process down."""

import threading
from functools import partial

import pytest
import torch

from demo.hosting import examples as hosting_examples
from demo.hosting.encoders import SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.line import Cancelled
from demo.hosting.loads import Loads
from llu_core.encoders.hub import LoadingStep
from llu_core.steps import drain
from support.later import later_toy
from support.toy_encoder import ToyEncoder


def test_what_is_prepared_has_ended_when_the_examples_are_closed(toy_encoder: ToyEncoder, monkeypatch):
    begun, steps = threading.Event(), hosting_examples.train_adapter

    def endless(*args, **kwargs):
        trained = steps(*args, **kwargs)
        first = next(trained)
        while True:  # as slow as a busy machine
            begun.set()
            torch.ones(1)
            yield first

    monkeypatch.setattr(hosting_examples, "train_adapter", endless)
    examples = Examples(toy_encoder, "toy")
    examples.prepare()
    assert begun.wait(60)
    examples.close()
    assert examples._preparing is not None
    assert not examples._preparing.is_alive()


def test_a_model_that_is_loaded_ahead_has_come_when_the_encoders_are_closed_and_no_other_is_begun():
    begun, go_on, loaded = threading.Event(), threading.Event(), list[str]()

    def slowly(name: str) -> None:
        begun.set()
        go_on.wait(60)
        loaded.append(name)

    encoders = SharedEncoders({name: later_toy(name, partial(slowly, name)) for name in ("first", "second")})
    encoders.load_ahead()
    encoders.load_ahead()
    assert begun.wait(60)
    threading.Timer(0.2, go_on.set).start()
    encoders.close()
    assert loaded == ["first"]
    assert not any(thread.name == "load ahead" for thread in threading.enumerate())


def test_models_on_their_way_are_called_off_and_have_ended():
    loads, begun = Loads(), threading.Event()

    def endless():
        while True:
            begun.set()
            yield LoadingStep("Downloading")

    def wait() -> None:
        with pytest.raises(Cancelled), loads.visit("ada") as visit:
            drain(loads.steps("model", endless, visit))

    visitor = threading.Thread(target=wait)
    visitor.start()
    assert begun.wait(60)
    loads.close()
    assert not any(thread.name == "load" for thread in threading.enumerate())
    visitor.join(60)
    assert not visitor.is_alive()
