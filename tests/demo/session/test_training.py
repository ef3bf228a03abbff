"""The page's actions without a page: real pictures, real training, a toy encoder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.hosting.encoders import RecentEncoder
from demo.payloads.summary import status_line, summary
from demo.session import draft as drafts
from demo.session import edits, training
from demo.session.model import accuracies
from demo.session.session import Session
from llu_core.data import picture_rows
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes
from support.toy_encoder import ToyEncoder


def test_training_reports_its_phases_in_order(zipped: Session):
    new = replace(zipped, encoder=ToyEncoder(identity="read for the first time"))
    _, phases = drain(training.train_adapter(new, RECIPES["fast"]))
    assert list(dict.fromkeys(phases)) == ["Reading pictures", "Training", "Reading names", "Drawing the map"]
    _, phases = drain(training.train_adapter(new, RECIPES["fast"]))
    assert list(dict.fromkeys(phases)) == ["Reading pictures", "Training", "Drawing the map"]


def test_a_set_of_one_class_says_why_it_cannot_be_trained(session: Session, tmp_path: Path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    alone = edits.add_files(session, [path], "thing")
    assert "second class" in status_line(alone)
    with pytest.raises(LluError, match="second class"):
        drain(training.train_adapter(alone, RECIPES["fast"]))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[drafts.StoredPicture]:
    """The visitors' pictures that are decoded."""
    found, plain = list[drafts.StoredPicture](), drafts.StoredPicture.__call__
    monkeypatch.setattr(drafts.StoredPicture, "__call__", lambda picture: found.append(picture) or plain(picture))
    return found


def test_to_train_again_decodes_only_what_is_new(zipped: Session, tmp_path: Path, decoded: list[drafts.StoredPicture]):
    reading = replace(zipped, encoder=RecentEncoder(zipped.encoder))
    taught, _ = drain(training.train_adapter(reading, RECIPES["fast"]))
    (tmp_path / "new.png").write_bytes(picture_bytes(50))
    grown = edits.add_files(taught, [tmp_path / "new.png"], taught.draft.class_names[0])
    decoded.clear()
    again, _ = drain(training.train_adapter(grown, RECIPES["fast"]))
    assert len(decoded) == 1
    anew, _ = drain(training.train_adapter(replace(grown, encoder=zipped.encoder), RECIPES["fast"]))
    for part, expected in zip(again.require_model().parts[:2], anew.require_model().parts[:2], strict=True):
        assert torch.equal(part.embeddings, expected.embeddings)
        assert part.thumbnails is not None
        assert expected.thumbnails is not None
        assert np.array_equal(part.thumbnails, expected.thumbnails)


def test_what_was_read_before_a_training_was_called_off_is_not_read_again(
    zipped: Session, decoded: list[drafts.StoredPicture], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(picture_rows, "BATCH", 2)
    reading = replace(zipped, encoder=RecentEncoder(ToyEncoder()))
    steps = training.train_adapter(reading, RECIPES["fast"])
    told = next(step for step in steps if step.phase == "Reading pictures" and step.done)
    steps.close()
    assert 0 < told.done < told.total
    decoded.clear()
    drain(training.train_adapter(reading, RECIPES["fast"]))
    assert len(decoded) == told.total - told.done


def test_abandoned_training_leaves_the_session_alone(zipped: Session):
    steps = training.train_adapter(zipped, RECIPES["fast"])
    next(steps)
    steps.close()
    assert zipped.model is None


def test_an_edit_after_training_raises_the_badge(trained: Session):
    assert not trained.changed_since_training
    edited = edits.edit(trained, "rename", drafts.rename_class, "spotty", "dotty")
    assert edited.changed_since_training
    assert "Changed since training" in status_line(edited)


def test_beta_zero_is_clip_in_every_tile(trained: Session):
    still = summary(training.set_mask(trained, 0.0, 20.0))["trained"]
    assert still["llu"] == still["clip"]


def test_only_the_mask_moves(trained: Session):
    chosen, tuning = training.choose_mask(trained)
    assert chosen.model is trained.model
    assert (chosen.beta, chosen.gamma) == tuning.recipe.mask
    assert tuning.recipe.lam == RECIPES["fast"].lam


def test_without_an_adapter_there_is_no_mask_to_choose(trained: Session):
    with pytest.raises(LluError, match="train one first"):
        training.choose_mask(replace(trained, model=None))


def test_accuracies_tell_seen_from_unseen(trained: Session):
    assert trained.model is not None
    labels = torch.cat([trained.model.shots.train.labels, trained.model.shots.test.labels])
    assert accuracies(trained.model, labels) == {"seen": 100.0, "unseen": 100.0}
