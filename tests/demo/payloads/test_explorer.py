"""What the browser receives: enough to predict by itself, and nothing that does not fit together."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.hosting.maps.maps import Maps
from demo.payloads.explorer import explorer_payload, positions_payload
from demo.session import edits, queries, training
from demo.session.session import Session
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.drawers import InProcess
from support.sample_pictures import picture_bytes
from support.toy_encoder import ToyEncoder


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


@pytest.fixture
def trained_with_newt(zipped: Session) -> Session:
    return drain(training.train_adapter(edits.set_unseen_classes(zipped, "newt"), RECIPES["fast"]))[0]


def test_every_array_has_the_length_that_its_axis_promises(trained_with_newt: Session):
    payload = json.loads(explorer_payload(trained_with_newt))
    images, classes, anchors = payload["images"], payload["classes"], payload["anchors"]
    n, count = images["n"], len(classes["names"])
    assert (n, count) == (42, 5)
    assert {len(images[key]) for key in ("names", "truth", "group", "nearestAnchor")} == {n}
    assert {len(floats(images[key])) for key in ("x", "y", "nearest", "uv")} == {n}
    assert {len(floats(classes[key])) for key in ("x", "y", "nearest", "uv")} == {count}
    assert {len(floats(matrix)) for matrix in payload["scores"].values()} == {n * count}
    assert {len(anchors["label"]), len(anchors["image"])} == {18}


def test_the_matrices_are_those_of_the_sweep(trained_with_newt: Session):
    assert trained_with_newt.model is not None
    scores = json.loads(explorer_payload(trained_with_newt))["scores"]
    np.testing.assert_array_equal(floats(scores["vu"]).reshape(42, 5), trained_with_newt.model.sweep.vu.numpy())


def test_only_a_class_without_pictures_has_no_place_on_the_map(trained_with_newt: Session):
    classes = json.loads(explorer_payload(trained_with_newt))["classes"]
    placed = dict(zip(classes["names"], np.isfinite(floats(classes["x"])), strict=True))
    assert placed == {"chequered": True, "spotty": True, "stripy": True, "bricky": True, "newt": False}


def test_the_sheet_holds_the_thumbnails_in_order(trained_with_newt: Session):
    assert trained_with_newt.model is not None
    pixels = trained_with_newt.model.shots.test.thumbnails
    assert pixels is not None
    thumbnails = json.loads(explorer_payload(trained_with_newt))["thumbnails"]
    sheet = Image.open(io.BytesIO(base64.b64decode(thumbnails["sheet"].split(",")[1])))
    tile, columns = thumbnails["tile"], thumbnails["columns"]
    assert sheet.size == (columns * tile, 2 * tile)
    last = np.asarray(sheet.crop((9 * tile, tile, 10 * tile, 2 * tile)), dtype=float)
    assert np.abs(last - pixels[-1]).mean() < 12  # the sheet is compressed


def test_infinity_survives_json(trained_with_newt: Session):
    assert json.loads(explorer_payload(training.set_mask(trained_with_newt, 0.5, float("inf"))))["gamma"] == "inf"


def test_new_positions_name_the_model_they_belong_to(trained_with_newt: Session):
    assert trained_with_newt.model is not None
    update = json.loads(positions_payload(Maps(InProcess()).draw(trained_with_newt)))
    assert (update["update"], update["id"], update["projection"]) == ("positions", trained_with_newt.model.id, "UMAP")
    assert len(floats(update["images"]["x"])) == 42


def test_an_empty_session_says_what_to_do(toy_encoder: ToyEncoder):
    assert "Add pictures" in json.loads(explorer_payload(Session(toy_encoder, "toy")))["message"]


def test_a_picture_that_was_asked_about_joins_a_sheet_that_was_sent_before(trained_with_newt: Session, tmp_path: Path):
    before = json.loads(explorer_payload(trained_with_newt))
    (tmp_path / "what.png").write_bytes(picture_bytes(1, shape="star"))
    asked = queries.add_query(trained_with_newt, tmp_path / "what.png")
    after = json.loads(explorer_payload(asked))
    assert after["images"]["n"] == before["images"]["n"] + 1
    assert after["thumbnails"]["sheet"] != before["thumbnails"]["sheet"]
