"""What is there already is answered at once, whatever another visitor waits for."""

import threading

from demo.hosting.encoders import SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.loads import Visit
from demo.hosting.maps.maps import Maps
from demo.session.presets import PRESETS
from llu_core.encoders.hub import LoadingStep
from llu_core.steps import drain
from support.demo_sessions import in_threads
from support.drawers import InProcess


def test_a_model_that_is_there_does_not_wait_for_another_to_load(toy_encoder, monkeypatch):
    shelf, loading, loaded = SharedEncoders({"toy": toy_encoder}), threading.Event(), threading.Event()

    def slow(name: str, checkpoint: str | None):
        loading.set()
        yield LoadingStep("Downloading")
        assert loaded.wait(30)
        return toy_encoder

    def beside() -> None:
        assert loading.wait(30)
        assert drain(shelf.load_steps("toy", None, Visit())) is toy_encoder
        loaded.set()

    monkeypatch.setattr("demo.hosting.encoders.encoder_steps", slow)
    in_threads(lambda: drain(shelf.load_steps("other", None, Visit())), beside)


def test_a_map_that_is_drawn_does_not_wait_for_another_to_be_drawn(trained, monkeypatch):
    maps = Maps(InProcess())
    maps.draw(trained)
    monkeypatch.setattr(maps, "_one_at_a_time", None)
    model = maps.draw(trained).model
    assert model is not None
    assert model.projection.name == "UMAP"


def test_an_example_that_is_trained_does_not_wait_for_another_to_be_trained(toy_encoder, monkeypatch):
    examples = Examples(toy_encoder, "toy")
    first = examples.first
    monkeypatch.setattr(examples, "_lock", None)
    assert examples.get(first, next(iter(PRESETS))) is first
    assert first.untouched


def test_visitors_of_an_example_whose_map_is_drawn_are_shown_one_model(toy_encoder):
    maps = Maps(InProcess())
    examples = Examples(toy_encoder, "toy", maps=maps)
    maps.draw(examples.first)
    model = examples.first.require_model()
    assert model.projection.name == "UMAP"
    assert examples.first.model is model
