"""Class statistics in every sweep that the page is sent, as shares of the logit scale, and the switch's state."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from demo.payloads.explorer import arc_payload, explorer_payload
from demo.payloads.live import live_answer
from demo.session import queries, training
from demo.session.model import build_model
from demo.session.session import Session
from demo.session.uploads import shots
from llu_core.data.fewshot import FewShotSet
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.method.sweep import Sweep
from support.demo_sessions import drain
from support.elsewhere import control
from support.frames import frame
from support.synthetic import problem
from support.toy_encoder import ToyEncoder

BEST = replace(RECIPES["best"], steps=4)


def added(payload: dict, sweep: Sweep) -> None:
    """The payload's statistics are the sweep's, so that score times scale is what the core adds."""
    assert sweep.statistics is not None
    found = np.frombuffer(base64.b64decode(payload["scores"]["statistics"]), dtype="<f4")
    np.testing.assert_allclose(sweep.logit_scale * found.reshape(sweep.uu.shape), sweep.statistics, rtol=1e-5)


def session_of(data: FewShotSet) -> Session:
    trained = TrainedAdapter.of(data, fit(data, BEST), BEST)
    return Session(ToyEncoder(), "toy", model=build_model(trained, data, source=None, seconds=None))


def test_the_set_and_the_controls_bring_theirs():
    session = session_of(replace(problem(), controls=(control("other", classes=3, pictures=17, seed=5),)))
    payload, model = json.loads(explorer_payload(session)), session.require_model()
    assert payload["statistics"] is True
    added(payload, model.sweep)
    added(payload["elsewhere"]["problems"][0], model.elsewhere.problems[0].sweep)


def test_they_are_sent_while_the_switch_is_off_too():
    session = training.set_statistics(session_of(problem()), False)
    payload = json.loads(explorer_payload(session))
    assert payload["statistics"] is False
    added(payload, session.require_model().sweep)


def test_an_arc_brings_its_own():
    session = session_of(problem())
    added(json.loads(arc_payload(session, 0, "image", 3)), queries.sweep_arc(session, 0, "image", 3)[1])


def test_an_adapter_without_any_sends_none(trained: Session):
    payload = json.loads(explorer_payload(trained))
    assert payload["statistics"] is None
    assert set(payload["scores"]) == {"uu", "vu", "uv", "vv"}


@pytest.mark.parametrize("on", [True, False])
def test_a_live_frame_brings_its_own(zipped: Session, on: bool):
    session = training.set_statistics(drain(training.train_adapter(zipped, BEST))[0], on)
    seen = shots.glance(session, frame(3))
    added(json.loads(live_answer(1, seen)), seen.sweep)
