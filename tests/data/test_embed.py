"""From the pictures of class folders to a few-shot set: order, progress, thumbnails, and what cannot be read."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from llu_core.data import picture_rows
from llu_core.data.embedding import embed, embed_steps
from llu_core.errors import LluError
from support.toy_encoder import ToyEncoder
from support.written_sources import BROKEN, PLAIN, Write, png, reasons


def test_embedding_keeps_order_labels_and_names(write: Write, toy_encoder: ToyEncoder):
    source = write(PLAIN | {"test/dog/t.png": png(5), "new/newt/n.png": png(6)})
    fewshot = embed(source, toy_encoder, templates=["{} here", "no {}"])
    images = [picture.read() for picture in source.train]
    torch.testing.assert_close(fewshot.train.embeddings, toy_encoder.encode_images(images))
    assert fewshot.train.labels.tolist() == [0, 0, 1, 2]
    assert fewshot.test.names == ("test/dog/t.png", "new/newt/n.png")
    assert fewshot.test.labels.tolist() == [1, 3]
    assert fewshot.base_classes == 3
    assert (fewshot.encoder_identity, fewshot.logit_scale) == (toy_encoder.identity, toy_encoder.logit_scale)
    assert fewshot.templates == ("{} here", "no {}")
    assert fewshot.class_embeddings.shape == (4, toy_encoder.width)


def test_embedding_tells_its_progress_in_batches(
    write: Write, toy_encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(picture_rows, "BATCH", 2)
    source = write(PLAIN | {"dog/z.png": BROKEN})
    assert list(embed_steps(source, toy_encoder)) == [(0, 5), (2, 5), (5, 5)]


def test_large_pictures_make_small_batches(write: Write, toy_encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(picture_rows, "BATCH_PIXELS", 24)
    assert [done for done, _ in embed_steps(write(PLAIN), toy_encoder)] == [0, 1, 2, 3, 4]


def test_a_broken_picture_is_left_out_with_its_reason(write: Write, toy_encoder: ToyEncoder):
    fewshot = embed(write(PLAIN | {"cat/c.png": BROKEN}), toy_encoder)
    assert len(fewshot.train) == 4
    assert "damaged" in reasons(fewshot.rejected)["cat/c.png"]


def test_a_class_that_loses_all_its_pictures_is_left_out(write: Write, toy_encoder: ToyEncoder):
    files = {"ape/a.png": BROKEN, "test/ape/t.png": png(), "new/newt/n.png": png()}
    fewshot = embed(write(PLAIN | files), toy_encoder)
    assert fewshot.class_names == ("cat", "dog", "red panda", "newt")
    assert fewshot.base_classes == 3
    assert fewshot.train.labels.tolist() == [0, 0, 1, 2]
    assert fewshot.test.labels.tolist() == [3]
    assert set(reasons(fewshot.rejected)) == {"ape/a.png", "ape"}


def test_only_broken_pictures_are_an_error(write: Write, toy_encoder: ToyEncoder):
    with pytest.raises(LluError, match=r"no readable training picture; left out: cat/a\.png \(damaged"):
        embed(write({"cat/a.png": BROKEN, "test/cat/b.png": png()}), toy_encoder)


def test_a_bad_template_is_told_before_anything_is_encoded(write: Write, toy_encoder: ToyEncoder):
    with pytest.raises(LluError, match=r"\{\}"):
        next(embed_steps(write(PLAIN), toy_encoder, templates=["nothing to fill in"]))


def test_thumbnails_are_the_centre_square(write: Write, toy_encoder: ToyEncoder):
    wide = Image.new("RGB", (30, 10), "red")
    wide.paste("blue", (10, 0, 20, 10))
    stream = io.BytesIO()
    wide.save(stream, "PNG")
    source = write({"cat/a.png": stream.getvalue()})
    thumbnails = embed(source, toy_encoder, thumbnails=8).train.thumbnails
    assert thumbnails is not None
    assert (thumbnails.shape, thumbnails.dtype) == ((1, 8, 8, 3), np.uint8)
    assert (thumbnails == [0, 0, 255]).all()
    assert embed(source, toy_encoder, thumbnails=0).train.thumbnails is None


def test_sampling_pictures_is_sampling_their_embeddings(write: Write, toy_encoder: ToyEncoder):
    files = {f"{name}/{n}.png": png(n) for name in ("cat", "dog") for n in range(6)}
    source = write(files)
    early = embed(source.sample(3, seed=2), toy_encoder)
    late = embed(source, toy_encoder).sample(3, seed=2)
    assert early.train.names == late.train.names
    assert torch.equal(early.train.embeddings, late.train.embeddings)
