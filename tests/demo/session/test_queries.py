"""Asking a trained adapter: pictures, classes and arcs that were not there when it was trained."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.hosting.maps.maps import Maps
from demo.payloads.explorer import arc_payload, explorer_payload
from demo.payloads.snippets import client_code, library_code
from demo.payloads.summary import summary
from demo.session import edits, queries, training
from demo.session.session import Session
from llu_core.errors import LluError
from support.drawers import InProcess
from support.hostile import huge_png
from support.sample_pictures import picture_bytes
from support.synthetic import near, unit_rows


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "what.png"
    path.write_bytes(picture_bytes(7))
    return path


def test_a_query_is_answered_as_the_adapter_answers(trained: Session, picture: Path):
    asked = queries.add_query(training.set_mask(trained, 0.8, 3.0), picture)
    model = asked.require_model()
    expected = model.trained.adapter.with_mask(beta=0.8, gamma=3.0).logits(
        model.queries.embeddings, model.shots.class_embeddings
    )
    assert queries.answer(asked, 0).llu == pytest.approx(expected.softmax(1)[0].tolist(), abs=1e-5)


def test_a_query_of_a_hundred_megapixels_is_refused_undecoded(trained: Session, tmp_path: Path):
    (tmp_path / "huge.png").write_bytes(huge_png(10_000))
    with pytest.raises(LluError, match=r"huge\.png: 10000 x 10000 pixels, over the limit of 32 million"):
        queries.add_query(trained, tmp_path / "huge.png")


def test_a_query_is_the_last_row_of_the_page_and_counts_nowhere(trained: Session, picture: Path):
    assert trained.model is not None
    asked = queries.add_query(trained, picture)
    payload = json.loads(explorer_payload(asked, select=42))
    assert (payload["images"]["names"][-1], payload["images"]["truth"][-1]) == ("what.png", -1)
    assert (payload["images"]["group"][-1], payload["select"]) == (2, 42)
    assert payload["id"] == trained.model.id
    assert summary(asked)["trained"]["llu"] == summary(trained)["trained"]["llu"]


def test_the_map_stays_where_it_is_when_a_query_joins(trained: Session, picture: Path):
    places = [json.loads(explorer_payload(s))["images"] for s in (trained, queries.add_query(trained, picture))]
    before, after = (np.frombuffer(base64.b64decode(p["x"]), dtype="<f4") for p in places)
    np.testing.assert_array_equal(before, after[:-1])
    assert np.isfinite(after[-1])


def test_a_training_picture_asked_again_lies_on_itself(trained: Session, tmp_path: Path):
    path = tmp_path / "again.png"
    trained.draft.train[0].read().save(path)
    drawn = Maps(InProcess()).draw(queries.add_query(trained, path))
    x = np.frombuffer(base64.b64decode(json.loads(explorer_payload(drawn))["images"]["x"]), dtype="<f4")
    assert abs(x[-1] - x[0]) < 0.25 * np.ptp(x)


def test_two_queries_of_one_name_are_told_apart_and_one_is_removed(trained: Session, picture: Path):
    asked = queries.add_query(queries.add_query(trained, picture), picture)
    assert asked.model is not None
    assert asked.model.queries.names == ("what.png", "what.png (2)")
    left = queries.remove_query(asked, "what.png")
    assert left.model is not None
    assert left.model.queries.names == ("what.png (2)",)


def test_queries_are_bounded(trained: Session, picture: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queries, "MAX_QUERIES", 1)
    with pytest.raises(LluError, match="remove one"):
        queries.add_query(queries.add_query(trained, picture), picture)


def test_an_untrained_session_and_a_broken_picture_say_what_to_do(
    session: Session, trained: Session, picture: Path, tmp_path: Path
):
    with pytest.raises(LluError, match="train one first"):
        queries.add_query(session, picture)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(LluError):
        queries.add_query(trained, tmp_path / "bad.png")


def test_a_new_class_joins_without_training_and_the_set_stays_in_step(trained: Session):
    assert trained.model is not None
    grown = queries.add_classes(trained, ["newt"])
    assert grown.model is not None
    assert grown.model.shots.class_names[-1] == grown.draft.class_names[-1] == "newt"
    assert grown.model.trained.adapter is trained.model.trained.adapter
    assert grown.model.sweep.uu.shape[1] == trained.model.sweep.uu.shape[1] + 1
    assert not grown.changed_since_training
    with pytest.raises(LluError, match="newt"):
        queries.add_classes(grown, ["newt"])


def test_names_typed_as_unseen_classes_join_at_once_too(trained: Session):
    grown = edits.set_unseen_classes(trained, "newt, ibis")
    assert grown.model is not None
    assert grown.model.shots.class_names[-2:] == ("newt", "ibis")
    assert not grown.changed_since_training


def test_an_arc_starts_at_the_anchor_and_ends_at_the_picture(trained: Session):
    anchor, image = 2, 20
    share, sweep = queries.sweep_arc(trained, anchor, "image", image)
    model = trained.require_model()
    ends = torch.stack([model.trained.adapter.image.anchors[anchor], model.shots.test.embeddings[image - 18]])
    torch.testing.assert_close(sweep.uu[[0, -1]], ends @ model.shots.class_embeddings.T, atol=1e-5, rtol=0)
    assert (share[0], share[-1]) == (0, 1)
    assert sweep.image_nearest[0] == pytest.approx(1, abs=1e-5)


def test_an_arc_has_unit_rows_at_equal_angles():
    start = unit_rows(1, 8)[0]
    rows = queries.arc(start, near(start[None], 1.0, 3)[0], torch.linspace(0, 1, 9))
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(9))
    steps = (rows[1:] * rows[:-1]).sum(1)
    torch.testing.assert_close(steps, steps[:1].expand(8), atol=1e-5, rtol=0)


@pytest.mark.parametrize("end", [("image", 10**6), ("class", -1), ("planet", 0)])
def test_an_arc_to_nowhere_is_refused(trained: Session, end):
    with pytest.raises(LluError, match="no longer on the map"):
        arc_payload(trained, 0, *end)


def test_the_code_to_take_away_is_python(trained: Session):
    for code in (library_code(trained), client_code(trained, "http://127.0.0.1:7860/")):
        compile(code, "snippet", "exec")


def test_words_that_a_model_was_never_taught_are_warned_of(trained: Session):
    drawn = replace(trained, encoder_name="picto")
    assert "never taught dog" in queries.warning_before(drawn, ["red circle", "dog"])
    assert queries.warning_before(drawn, ["red circle"]) == ""
    assert queries.warning_before(drawn, [drawn.draft.class_names[0]]) == ""
    assert queries.warning_before(replace(drawn, model=None), ["dog"]) == ""
