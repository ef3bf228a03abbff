"""The answer to a live frame stands where a kept one would, and holds what the page's formula needs."""

import base64
import json

import numpy as np
import pytest

from demo.hosting.maps.maps import Maps
from demo.payloads.explorer import explorer_payload
from demo.payloads.live import live_answer
from demo.session import queries, training
from demo.session.session import Session
from demo.session.uploads import shots
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.drawers import InProcess
from support.frames import frame


def numbers(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


@pytest.mark.parametrize("recipe", ["fast", "best"])
@pytest.mark.parametrize("drawn", [False, True])
def test_a_live_frame_is_the_row_and_the_place_of_a_query(zipped: Session, drawn: bool, recipe: str):
    trained = drain(training.train_adapter(zipped, RECIPES[recipe]))[0]
    session = Maps(InProcess()).draw(trained) if drawn else trained
    told = json.loads(live_answer(1, shots.glance(session, frame(3))))
    kept = queries.join_query(session, shots.encode_frame(session, frame(3)))
    sent = json.loads(explorer_payload(kept))
    assert told["id"] == sent["id"]
    assert told["anchor"] == sent["images"]["nearestAnchor"][-1]
    for name in ("nearest", "uv"):
        assert numbers(told["images"][name]) == pytest.approx(numbers(sent["images"][name])[-1:], abs=1e-5)
    classes = len(sent["classes"]["names"])
    assert set(told["scores"]) == set(sent["scores"])
    for name in told["scores"]:
        assert numbers(told["scores"][name]) == pytest.approx(numbers(sent["scores"][name])[-classes:], abs=1e-5)
    row = len(kept.require_model().row_names) - 1
    for axis, place in zip("xy", told["place"], strict=True):
        assert place == pytest.approx(numbers(sent["images"][axis])[row], abs=1e-3)


def test_an_answer_is_small(trained: Session):
    assert len(live_answer(1, shots.glance(trained, frame(3)))) < 2_000
