from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from llu_core.encoders.cache import CachedEncoder, default_cache_folder
from support.toy_encoder import CountingEncoder, ToyEncoder, shards


def pictures(*shades: int) -> list[Image.Image]:
    return [Image.new("RGB", (6, 5), (shade, 10, 200)) for shade in shades]


def test_rows_are_those_of_the_encoder(toy_encoder: ToyEncoder, tmp_path: Path):
    cached, images, texts = CachedEncoder(toy_encoder, tmp_path), pictures(1, 2, 3), ["a", "b"]
    for _ in range(2):
        assert torch.equal(cached.encode_images(images), toy_encoder.encode_images(images))
        assert torch.equal(cached.encode_texts(texts), toy_encoder.encode_texts(texts))


def test_only_what_is_new_is_encoded_and_duplicates_once(tmp_path: Path):
    encoder = CountingEncoder()
    cached = CachedEncoder(encoder, tmp_path)
    rows = cached.encode_images(pictures(1, 2, 1))
    assert encoder.encoded == 2
    assert torch.equal(rows[0], rows[2])
    cached.encode_images(pictures(2, 3))
    assert encoder.encoded == 3
    cached.encode_texts(["x", "x"])
    assert encoder.encoded == 4


def test_another_process_finds_the_rows(toy_encoder: ToyEncoder, tmp_path: Path):
    CachedEncoder(toy_encoder, tmp_path).encode_images(pictures(1, 2))
    encoder = CountingEncoder()
    again = CachedEncoder(encoder, tmp_path).encode_images(pictures(2, 1))
    assert encoder.encoded == 0
    assert torch.equal(again, toy_encoder.encode_images(pictures(2, 1)))


def test_rows_that_appear_later_are_found_too(toy_encoder: ToyEncoder, tmp_path: Path):
    encoder = CountingEncoder()
    early = CachedEncoder(encoder, tmp_path)
    early.encode_texts(["a"])
    CachedEncoder(toy_encoder, tmp_path).encode_texts(["b"])
    early.encode_texts(["a", "b"])
    assert encoder.encoded == 1


def test_models_do_not_share_rows(tmp_path: Path):
    CachedEncoder(CountingEncoder("toy 1"), tmp_path).encode_texts(["a"])
    other = CountingEncoder("toy 2")
    CachedEncoder(other, tmp_path).encode_texts(["a"])
    assert other.encoded == 1


def test_size_mode_and_palette_tell_images_apart(tmp_path: Path):
    encoder = CountingEncoder()
    grey = Image.new("L", (2, 3), 7)
    painted = grey.copy().convert("P")
    repainted = painted.copy()
    repainted.putpalette([255, 0, 0] * 256)
    CachedEncoder(encoder, tmp_path).encode_images([grey, grey.resize((3, 2)), painted, repainted])
    assert encoder.encoded == 4


def test_nothing_gives_no_rows_and_no_file(toy_encoder: ToyEncoder, tmp_path: Path):
    cached = CachedEncoder(toy_encoder, tmp_path)
    assert cached.encode_images([]).shape == cached.encode_texts([]).shape == (0, 16)
    assert not shards(tmp_path)


def test_rows_handed_out_can_be_changed_without_harm(toy_encoder: ToyEncoder, tmp_path: Path):
    cached = CachedEncoder(toy_encoder, tmp_path)
    cached.encode_texts(["a"]).zero_()
    assert torch.equal(cached.encode_texts(["a"]), toy_encoder.encode_texts(["a"]))


def test_the_wrapper_says_what_the_encoder_says(toy_encoder: ToyEncoder, tmp_path: Path):
    cached = CachedEncoder(toy_encoder, tmp_path)
    for name in ("identity", "width", "logit_scale", "title", "note"):
        assert getattr(cached, name) == getattr(toy_encoder, name)


def cut(shard: Path) -> None:
    shard.write_bytes(shard.read_bytes()[:-9])


def scramble(shard: Path) -> None:
    content = load_file(shard)
    save_file(content | {"rows": content["rows"] * 3}, shard)


def narrow(shard: Path) -> None:
    content = load_file(shard)
    save_file(content | {"rows": np.ascontiguousarray(content["rows"][:, :4])}, shard)


def forget(shard: Path) -> None:
    save_file({"rows": load_file(shard)["rows"]}, shard)


@pytest.mark.parametrize("damage", [cut, scramble, narrow, forget])
def test_a_damaged_file_is_reported_recomputed_and_replaced(
    toy_encoder: ToyEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage
):
    CachedEncoder(toy_encoder, tmp_path).encode_texts(["a", "b"])
    damage(shards(tmp_path)[0])
    rows = CachedEncoder(toy_encoder, tmp_path).encode_texts(["a", "b"])
    assert torch.equal(rows, toy_encoder.encode_texts(["a", "b"]))
    assert str(shards(tmp_path)[0]) in caplog.text
    encoder = CountingEncoder()
    CachedEncoder(encoder, tmp_path).encode_texts(["a", "b"])
    assert encoder.encoded == 0


def test_a_folder_that_cannot_be_written_is_reported_and_harmless(
    toy_encoder: ToyEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").touch()
    cached = CachedEncoder(toy_encoder, tmp_path / "file" / "cache")
    assert torch.equal(cached.encode_texts(["a"]), toy_encoder.encode_texts(["a"]))
    assert "cannot be kept" in caplog.text


def test_many_may_write_at_once(toy_encoder: ToyEncoder, tmp_path: Path):
    texts = [f"text {number}" for number in range(20)]

    def work(start: int) -> torch.Tensor:
        return CachedEncoder(toy_encoder, tmp_path).encode_texts(texts[start:] + texts[:start])

    with ThreadPoolExecutor(8) as workers:
        results = list(workers.map(work, range(20)))
    expected = toy_encoder.encode_texts(texts)
    assert all(torch.equal(rows.roll(start, 0), expected) for start, rows in enumerate(results))
    assert not list(tmp_path.rglob("*.partial"))


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LLU_CACHE", str(tmp_path))
    assert default_cache_folder() == tmp_path
    monkeypatch.delenv("LLU_CACHE")
    assert default_cache_folder() == Path.home() / ".cache" / "llu-explorer"
