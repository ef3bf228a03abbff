"""A model that is loaded when it is needed: known before, loaded once, and waited for in steps."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from demo.session import edits, training
from demo.session.readers import Facts, LaterEncoder, loading_steps
from demo.session.session import Session
from llu_core.encoders.cache import RememberingEncoder, text_key
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from llu_core.steps import drain
from support.demo_sessions import drain as trained_in
from support.later import slow_toy
from support.sample_pictures import write_zip

LONG = "word " * 40


@pytest.fixture(scope="module")
def model(tiny_model: str) -> OpenClipEncoder:
    return OpenClipEncoder.load(tiny_model, device="cpu")


@pytest.fixture
def loads() -> list[float]:
    """When the model was loaded."""
    return []


@pytest.fixture
def later(model: OpenClipEncoder, loads: list[float]) -> LaterEncoder:
    def load() -> OpenClipEncoder:
        loads.append(time.monotonic())
        time.sleep(0.3)
        return model

    return LaterEncoder(Facts.of(model), load, whole={text_key(LONG)})


def test_what_it_tells_of_itself_is_the_models_and_needs_no_model(
    later: LaterEncoder, model: OpenClipEncoder, loads: list[float]
):
    for name in ("identity", "title", "note", "width", "logit_scale"):
        assert getattr(later, name) == getattr(model, name)
    assert later.sees_whole(["short", LONG, ""]) == [True] * 3
    assert loads == []


def test_it_encodes_as_the_model_does_and_is_loaded_once_for_all(
    later: LaterEncoder, model: OpenClipEncoder, loads: list[float]
):
    pictures = [Image.new("RGB", (40, 40), (shade, 20, 90)) for shade in (0, 200)]
    rows: list[torch.Tensor] = []
    threads = [threading.Thread(target=lambda: rows.append(later.encode_images(pictures))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(loads) == 1
    torch.testing.assert_close(torch.stack(rows), model.encode_images(pictures).expand(3, -1, -1))
    torch.testing.assert_close(later.encode_texts(["a", LONG]), model.encode_texts(["a", LONG]))
    assert later.sees_whole(["a", f"another {LONG}"]) == model.sees_whole(["a", f"another {LONG}"]) == [True, False]


def test_whoever_waits_hears_of_it_and_who_need_not_wait_hears_nothing(later: LaterEncoder, loads: list[float]):
    remembering = RememberingEncoder(later, *_stores())
    assert {step.phase for step in loading_steps(remembering)} == {"Loading"}
    assert later.is_loaded
    assert list(loading_steps(remembering)) == list(loading_steps(later)) == []
    assert len(loads) == 1


def test_a_model_that_cannot_be_had_is_told_to_everybody_who_asks(model: OpenClipEncoder):
    def refuse() -> OpenClipEncoder:
        raise LluError("its weights are damaged")

    later = LaterEncoder(replace(Facts.of(model), tokens=None), refuse)
    assert later.sees_whole([LONG]) == [True]
    for _ in range(2):
        with pytest.raises(LluError, match="damaged"):
            drain(loading_steps(later))
        with pytest.raises(LluError, match="damaged"):
            later.encode_texts(["a"])


def test_a_training_says_that_it_waits_for_the_model_where_the_set_is_a_visitors(tmp_path: Path):
    session = edits.add_files(Session(slow_toy(), "toy"), [write_zip(tmp_path / "mine.zip")])
    trained, phases = trained_in(training.train_adapter(session, RECIPES["fast"]))
    assert phases[0] == "Loading the model"
    assert "Loading the model" not in trained_in(training.train_adapter(trained, RECIPES["fast"]))[1]


class _Nothing:
    def get(self, keys):
        return {}

    def add(self, rows):
        pass


def _stores() -> tuple[_Nothing, _Nothing]:
    return _Nothing(), _Nothing()
