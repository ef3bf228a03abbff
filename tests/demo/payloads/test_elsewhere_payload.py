"""What the browser receives of other things: pictures as further rows, everyday names, a verdict."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from demo.hosting.encoders import load_encoder
from demo.payloads.explorer import ELSEWHERE, explorer_payload
from demo.payloads.summary import summary
from demo.session import edits, queries, saving, training
from demo.session.presets import load_preset
from demo.session.session import Session
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.elsewhere import write_zip_with_controls
from support.sample_pictures import picture_bytes


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


FIRST_PAYLOAD = 1_000_000
"""Characters of the first example's payload, and every visitor loads it."""


@pytest.fixture
def brought(session: Session, tmp_path: Path) -> Session:
    session = edits.add_files(session, [write_zip_with_controls(tmp_path / "mine.zip")])
    return drain(training.train_adapter(session, RECIPES["fast"]))[0]


@pytest.fixture(scope="module")
def first_example() -> Session:
    session = load_preset(Session(load_encoder("picto"), "picto"), "New words")
    return drain(training.train_adapter(session, RECIPES["fast"]))[0]


def test_pictures_elsewhere_are_the_last_rows(brought: Session, tmp_path: Path):
    picture = tmp_path / "asked.png"
    picture.write_bytes(picture_bytes(7))
    asked = queries.add_query(brought, picture)
    payload = json.loads(explorer_payload(asked))
    images, (problem,) = payload["images"], payload["elsewhere"]["problems"]
    assert images["group"][-7:] == [2, *[ELSEWHERE] * 6]
    assert images["truth"][-6:] == asked.require_model().elsewhere.problems[0].labels.tolist()
    assert {len(images[key]) for key in ("names", "truth", "group", "nearestAnchor")} == {images["n"]}
    assert {len(floats(images[key])) for key in ("x", "y", "nearest", "uv")} == {images["n"]}
    assert payload["thumbnails"]["count"] == images["n"]
    assert len(floats(payload["scores"]["uu"])) == (images["n"] - 6) * len(payload["classes"]["names"])
    assert (problem["name"], problem["n"], problem["classNames"]) == ("paint", 6, ["blue", "red"])
    sweep = asked.require_model().elsewhere.problems[0].sweep
    np.testing.assert_array_equal(floats(problem["scores"]["vv"]).reshape(6, 2), sweep.vv.numpy())
    np.testing.assert_array_equal(floats(images["nearest"])[-6:], sweep.image_nearest.numpy())


def test_a_set_without_controls_has_no_further_rows(trained: Session):
    payload = json.loads(explorer_payload(trained))
    assert payload["elsewhere"]["problems"] == []
    assert ELSEWHERE not in payload["images"]["group"]


def test_pictures_of_a_problem_that_has_no_say_are_not_on_the_map(brought: Session):
    payload = json.loads(explorer_payload(queries.add_classes(brought, ["red"])))
    assert payload["images"]["n"] == len(floats(payload["images"]["x"])) == len(brought.require_model().row_names)


def test_everyday_names_come_with_their_thresholds(brought: Session):
    everyday = json.loads(explorer_payload(brought))["elsewhere"]["everyday"]
    assert {len(floats(everyday[key])) for key in ("nearest", "uv", "thresholds")} == {len(everyday["names"])}


def test_the_verdict_is_one_number_and_the_endpoints_tell_it(brought: Session, tmp_path: Path):
    model = brought.require_model()
    payload = json.loads(explorer_payload(brought))
    assert payload["familiarFrom"] == model.trained.familiar_from
    picture = tmp_path / "asked.png"
    picture.write_bytes(picture_bytes(7))
    asked = queries.add_query(brought, picture)
    answer = queries.as_json(queries.answer(asked, 0))
    assert answer["familiar"] is model.trained.is_familiar(answer["nearest_anchor"]["cosine"])
    lines = saving.predictions_csv(asked).splitlines()
    assert lines[0].endswith(",familiar")
    assert lines[-1].rsplit(",", 1)[1] == {True: "yes", False: "no"}[answer["familiar"]]


def test_the_summary_tells_what_it_does_elsewhere(brought: Session):
    told = summary(training.set_mask(brought, 1.0, 0.0))["trained"]
    model = brought.require_model()
    assert model.everyday is not None
    assert told["elsewhere"]["llu"] == model.elsewhere.accuracy(beta=1.0, gamma=0.0)
    assert told["names_moved"] == {"moved": model.everyday.count(beta=1.0, gamma=0.0), "of": len(model.everyday.names)}
    assert told["familiar_from"] == model.trained.familiar_from


def test_the_first_example_is_light(first_example: Session):
    assert len(explorer_payload(first_example)) < FIRST_PAYLOAD


def test_the_first_example_shows_the_trade(first_example: Session):
    model = first_example.require_model()
    assert model.elsewhere.accuracy(beta=0.0, gamma=0.0) == pytest.approx(97, abs=1)
    near, everywhere = (model.elsewhere.accuracy(beta=1.0, gamma=gamma) for gamma in (5.0, 0.0))
    assert near is not None
    assert everywhere is not None
    assert near >= 95.5
    assert everywhere <= 65


def test_an_example_as_it_came_says_what_to_look_for(first_example: Session):
    caption = json.loads(explorer_payload(first_example))["caption"]
    assert "{beyond:elsewhere}" in caption["text"]
    assert (caption["beta"], caption["gamma"], caption["beyond"]) == (1.0, 5.0, {"beta": 1.0, "gamma": 0.0})
    edited = edits.set_unseen_classes(first_example, "something")
    assert json.loads(explorer_payload(edited))["caption"] is None
