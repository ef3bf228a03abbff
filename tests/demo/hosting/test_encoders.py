"""Embeddings in memory: right, computed once, and gone after a while."""

import numpy as np
import torch
from PIL import Image

from demo.hosting.encoders import RecentEncoder, RecentRows
from llu_core.encoders.cache import RememberingEncoder, image_key
from support.toy_encoder import CountingEncoder, ToyEncoder


def pictures(*shades: int) -> list[Image.Image]:
    return [Image.new("RGB", (6, 5), (shade, 10, 200)) for shade in shades]


def test_rows_are_those_of_the_encoder_and_what_is_known_is_not_encoded_again():
    plain, counting = ToyEncoder(), CountingEncoder()
    recent = RecentEncoder(counting)
    for shades, encoded in (((1, 2, 1), 2), ((2, 3), 3), ((), 3)):
        assert torch.equal(recent.encode_images(pictures(*shades)), plain.encode_images(pictures(*shades)))
        assert counting.encoded == encoded
    assert torch.equal(recent.encode_texts(["b", "a", "b"]), plain.encode_texts(["b", "a", "b"]))
    assert (recent.identity, recent.width, recent.title) == (plain.identity, plain.width, plain.title)


def test_rows_that_come_with_the_app_are_not_computed_and_stay():
    shipped, counting = {image_key(pictures(1)[0]): np.full(16, 0.25, dtype=np.float32)}, CountingEncoder()
    rows = RecentRows(memory=0, seconds=0.0, shipped=shipped)
    remembering = RememberingEncoder(counting, rows, rows)
    for _ in range(2):
        found = remembering.encode_images(pictures(1, 2))
        assert torch.equal(found[0], torch.full((16,), 0.25))
        assert torch.equal(found[1:], ToyEncoder().encode_images(pictures(2)))
        rows.forget_old()
    assert counting.encoded == 2  # the other one, each time


def test_rows_are_bounded_in_memory_and_age():
    now, row = [0.0], np.ones(4, dtype=np.float32)
    rows = RecentRows(memory=2 * row.nbytes, seconds=10.0, clock=lambda: now[0])
    for key in (b"a", b"b", b"c"):
        rows.add({key: row})
    assert set(rows.get([b"a", b"b", b"c"])) == {b"b", b"c"}
    now[0] = 5.0
    rows.get([b"b"])
    now[0] = 11.0
    rows.forget_old()
    assert set(rows.get([b"b", b"c"])) == {b"b"}
    now[0] = 22.0
    rows.forget_old()
    assert len(rows) == 0
