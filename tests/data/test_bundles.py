"""Feature bundles: what is sound comes back as it was, what is not is named by file and key."""

import contextlib
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llu_core.data import bundles
from llu_core.data.bundles import load_bundle, save_bundle
from llu_core.data.forms.bundle_arrays import REQUIRED_KEYS
from llu_core.errors import LluError

Write = Callable[..., Path]


def arrays(**changes: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    sound = {
        "train_features": random.normal(size=(8, 6)).astype(np.float32),
        "train_labels": np.arange(8) % 5,
        "test_features": random.normal(size=(4, 6)).astype(np.float32),
        "test_labels": np.arange(4),
        "text_features": random.normal(size=(5, 6)).astype(np.float32),
        "class_names": np.array(["ant", "bee", "crab", "duck", "eel"]),
    }
    return {key: array for key, array in {**sound, **changes}.items() if array is not None}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(**changes: Any) -> Path:
        path = tmp_path / "animals.npz"
        np.savez(path, **arrays(**changes))
        return path

    return write


def test_a_sound_bundle_is_read(write: Write):
    fewshot = load_bundle(write())
    assert fewshot.name == "animals"
    assert fewshot.class_names == ("ant", "bee", "crab", "duck", "eel")
    assert fewshot.base_classes == 3
    assert fewshot.logit_scale == 100
    assert fewshot.encoder_identity == ""
    assert fewshot.train.labels.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
    assert fewshot.train.labels.dtype == torch.int64
    assert fewshot.test.names == ("test 0", "test 1", "test 2", "test 3")
    assert fewshot.train.thumbnails is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_rows_become_unit_float32(write: Write, dtype):
    features = np.round(arrays()["train_features"] * 10 + 30)
    fewshot = load_bundle(write(train_features=features.astype(dtype)))
    assert fewshot.train.embeddings.dtype == torch.float32
    expected = torch.nn.functional.normalize(torch.from_numpy(features), dim=1)
    torch.testing.assert_close(fewshot.train.embeddings, expected)


@pytest.mark.parametrize("factor", [1e-30, 1e30, 1e200])
def test_rows_of_any_magnitude_keep_their_direction(write: Write, factor: float):
    plain = arrays()["text_features"]
    scaled = load_bundle(write(text_features=plain.astype(np.float64) * factor)).class_embeddings
    torch.testing.assert_close(scaled, load_bundle(write()).class_embeddings)


def test_optional_keys_are_used(write: Write):
    thumbnails = np.random.default_rng(1).integers(0, 256, (8, 3, 3, 3), dtype=np.uint8)
    fewshot = load_bundle(write(logit_scale=np.float32(14), train_thumbnails=thumbnails, unknown=np.zeros(2)))
    assert fewshot.logit_scale == 14
    assert fewshot.test.thumbnails is None
    np.testing.assert_array_equal(fewshot.train.thumbnails, thumbnails)


def test_a_test_part_without_rows_is_allowed(write: Write):
    fewshot = load_bundle(write(test_features=np.empty((0, 6)), test_labels=np.empty(0, dtype=np.int64)))
    assert len(fewshot.test) == 0


def test_repeated_class_names_are_numbered(write: Write):
    names = np.array(["crane", "crane (2)", "crane", "crane", " eel "])
    assert load_bundle(write(class_names=names)).class_names == ("crane", "crane (2)", "crane (3)", "crane (4)", "eel")


FEATURES = arrays()["train_features"]
HOLED = FEATURES.copy()
HOLED[3, 2] = np.nan
ZERO_ROW = FEATURES.copy()
ZERO_ROW[5] = 0


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        *((key, None, "missing") for key in REQUIRED_KEYS),
        ("class_names", np.array(list("abcde"), dtype=object), "Python objects"),
        ("class_names", np.array(["a", "", "c", "d", "e"]), "empty name for label 1"),
        ("class_names", np.array(["a", " ", "c", "d", "e"]), "empty name for label 1"),
        ("class_names", np.array(["a", "b"]), "2 names for 5 rows"),
        ("class_names", np.arange(5), "strings"),
        ("class_names", np.array("abcde"), "strings"),
        ("train_features", HOLED, "NaN or infinite values, first in row 3"),
        ("train_features", FEATURES * np.inf, "NaN or infinite values, first in row 0"),
        ("train_features", ZERO_ROW, "a row of zeros, row 5"),
        ("train_features", FEATURES[0], "shape"),
        ("train_features", FEATURES[:, :4], "width 4, text_features has 6"),
        ("train_features", FEATURES[:, :0], "shape"),
        ("train_features", FEATURES.astype("U8"), "must be numbers"),
        ("train_features", FEATURES.astype(complex), "must be numbers"),
        ("train_features", FEATURES[:7], "shape"),
        ("text_features", FEATURES[:5, :4], "text_features has 4"),
        ("train_labels", np.arange(8), "from 0 to 7"),
        ("train_labels", np.arange(8) % 5 - 1, "from -1 to 3"),
        ("train_labels", np.full(8, 2**63, dtype=np.uint64), "must stay in 0..4"),
        ("train_labels", np.arange(8) % 5 / 2, "whole numbers"),
        ("train_labels", np.zeros((8, 1), dtype=int), "shape"),
        ("test_labels", np.zeros(3, dtype=int), "must be (4,)"),
        ("logit_scale", np.float32(0), "positive"),
        ("logit_scale", np.float32(np.nan), "positive"),
        ("logit_scale", np.ones(2), "positive"),
        ("test_thumbnails", np.zeros((4, 8, 8, 3)), "must be uint8 (4, size, size, 3)"),
        ("test_thumbnails", np.zeros((4, 8, 9, 3), dtype=np.uint8), "must be uint8"),
        ("test_thumbnails", np.zeros((3, 8, 8, 3), dtype=np.uint8), "must be uint8"),
    ],
)
def test_an_unsound_bundle_is_named_by_file_and_key(write: Write, key: str, value: np.ndarray | None, says: str):
    with pytest.raises(LluError) as caught:
        load_bundle(write(**{key: value}))
    message = str(caught.value)
    assert message.startswith("animals.npz: ")
    assert "\n" not in message
    assert says in message
    assert key.split("_")[0] in message


def test_a_bundle_without_training_rows_is_refused(write: Write):
    with pytest.raises(LluError, match="train_features has no rows"):
        load_bundle(write(train_features=FEATURES[:0], train_labels=np.arange(0)))


def test_a_base_class_without_shots_is_named_by_file_and_key(write: Write):
    whole = load_bundle(write(train_labels=np.arange(8) % 2))
    with pytest.raises(LluError, match=r"animals\.npz: train_labels has no row of class 'crab', which is a base class"):
        whole.select_classes(whole.halves()[0]).require_shots()


def test_an_empty_class_is_named_by_file_and_key(write: Write):
    whole = load_bundle(write(train_labels=np.arange(8) % 3))
    with pytest.raises(LluError, match=r"animals\.npz: train_labels and test_labels have no row of class 'eel'"):
        whole.require_rows()
    load_bundle(write()).require_rows()


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04 cut off"])
def test_what_is_no_npz_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "b.npz").write_bytes(content)
    with pytest.raises(LluError, match=r"b\.npz is not an \.npz file"):
        load_bundle(tmp_path / "b.npz")


def test_a_single_array_is_refused(tmp_path: Path):
    with (tmp_path / "b.npz").open("wb") as file:
        np.save(file, FEATURES)
    with pytest.raises(LluError, match=r"not an \.npz"):
        load_bundle(tmp_path / "b.npz")


def test_a_zip_of_other_things_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        for key in REQUIRED_KEYS:
            archive.writestr(key, b"text")
    with pytest.raises(LluError, match="train_features is not an array"):
        load_bundle(tmp_path / "b.npz")


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(LluError, match="No such file"):
        load_bundle(tmp_path / "b.npz")


def test_a_bundle_that_unpacks_to_too_much_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bundles, "MAX_BUNDLE_BYTES", 100)
    with pytest.raises(LluError, match="over the limit"):
        load_bundle(write())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_damaged_bytes_give_a_set_or_an_error(write: Write, damage: list[tuple[int, int]], cut: bool):
    path = write()
    data = bytearray(path.read_bytes())
    for position, value in damage:
        data[position % len(data)] = value
    path.write_bytes(data[: damage[0][0] % len(data)] if cut else data)
    with contextlib.suppress(LluError):
        assert len(load_bundle(path).class_names) == 5


def test_saved_is_what_comes_back(write: Write, tmp_path: Path):
    thumbnails = np.random.default_rng(1).integers(0, 256, (4, 3, 3, 3), dtype=np.uint8)
    first = load_bundle(write(logit_scale=np.float32(14), test_thumbnails=thumbnails))
    second = load_bundle(save_bundle(tmp_path / "copy.npz", first))
    assert second.name == "copy"
    assert second.class_names == first.class_names
    assert second.logit_scale == 14
    for one, other in ((first.train, second.train), (first.test, second.test)):
        torch.testing.assert_close(one.embeddings, other.embeddings)
        assert torch.equal(one.labels, other.labels)
    np.testing.assert_array_equal(second.test.thumbnails, thumbnails)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["animals.npz", "copy.npz"]


def test_a_set_without_test_rows_is_saved_too(write: Write, tmp_path: Path):
    whole = load_bundle(write())
    path = save_bundle(tmp_path / "copy.npz", replace(whole, test=whole.test.select([])))
    assert len(load_bundle(path).test) == 0


def test_saving_where_it_cannot_be_is_a_clear_error(write: Write, tmp_path: Path):
    fewshot = load_bundle(write())
    with pytest.raises(LluError, match="cannot be written"):
        save_bundle(tmp_path / "nowhere/copy.npz", fewshot)
    with pytest.raises(LluError, match=r"must end in \.npz"):
        save_bundle(tmp_path / "copy.zip", fewshot)


def test_reading_leaks_no_warning(write: Write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LluError, match="NaN or infinite"):
            load_bundle(write(text_features=np.full((5, 6), np.nan)))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("train_features", np.ones((4, 8193), np.int8), "width 8,193, over the limit of 8,192"),
        ("text_features", np.ones((4, 65_536), np.int8), "width 65,536, over the limit"),
        ("test_features", np.ones((20_000, 1), np.int8), "too large as float32, over the limit of 2 MB"),
        ("class_names", np.array(list("ab")).repeat(60_000), "120,000 classes, over the limit of 100,000"),
        ("class_names", np.array(["x" * 1_001, "b", "c"]), "1,001 characters"),
    ],
    ids=["width", "great width", "rows", "classes", "long name"],
)
def test_a_bundle_over_the_limits_is_refused_by_its_headers(write, monkeypatch, key: str, value: np.ndarray, says: str):
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("an array was made"))
    monkeypatch.setattr(bundles, "MAX_BUNDLE_BYTES", 2 * 2**20)
    path = write(**{key: value})
    with pytest.raises(LluError, match=says):
        load_bundle(path)


def test_a_bundle_takes_less_than_twice_the_memory_of_its_rows(write):
    few, many = np.eye(8, 512, dtype=np.float32), np.ones((20_000, 512), np.float32)
    labels = np.zeros(len(many), int)
    path = write(train_features=few, text_features=few[:5], test_features=many, test_labels=labels)
    tracemalloc.start()
    try:
        load_bundle(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * many.nbytes
