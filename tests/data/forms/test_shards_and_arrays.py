"""Tar files of samples, torchvision's sets on disk and arrays: read where they are whole, one sentence where not."""

import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from llu_core.data.bundles import save_bundle
from llu_core.data.fewshot import FewShotSet
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.errors import LluError
from support.sample_pictures import picture_bytes
from support.synthetic import problem


def shard(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def test_shards_are_read_with_the_names_of_their_classes(tmp_path: Path):
    (tmp_path / "classnames.txt").write_text("newt\ncat\ndog\n")
    shard(
        tmp_path / "train" / "0.tar",
        {"a.png": picture_bytes(0), "a.cls": b"1", "b.PNG": picture_bytes(1), "b.cls": b"2"},
    )
    shard(tmp_path / "train" / "1.tar", {"x/a.png": picture_bytes(2), "x/a.json": b'{"class": "dog"}'})
    shard(tmp_path / "test" / "0.tar", {"a.png": picture_bytes(3), "a.txt": b"newt", "a.__key__": b"a"})
    source = open_source(str(tmp_path))
    assert isinstance(source, ImageSource)
    assert source.class_names == ("cat", "dog", "newt")
    assert [p.label for p in source.train] == [0, 1, 1]
    assert [p.label for p in source.test] == [2]
    assert all(p.read().size for p in (*source.train, *source.test))
    assert len({p.stamp() for p in source.train if p.stamp}) == 3
    assert open_source(str(tmp_path / "train" / "0.tar")).class_names == ("cat", "dog")


def test_a_class_that_the_list_of_names_lacks_comes_after_those_that_it_has(tmp_path: Path):
    (tmp_path / "classnames.txt").write_text("newt\ncat\n")
    labels = {"a.cls": b"1", "b.cls": b"bird", "c.cls": b"0", "d.cls": b"adder"}
    shard(tmp_path / "s.tar", labels | {f"{name[0]}.png": picture_bytes(at) for at, name in enumerate(labels)})
    source = open_source(str(tmp_path / "s.tar"))
    assert isinstance(source, ImageSource)
    assert source.class_names == ("newt", "cat", "adder", "bird")
    assert [p.label for p in source.train] == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"a.png": b"x", "a.cls": b"0"}, "numbers its classes; name them in classnames.txt"),
        ({"a.png": b"x"}, "a has no class; put a.cls"),
        ({"a.png": b"x", "a.json": b"{}"}, "a.json names no class"),
        ({"a.txt": b"x"}, "no readable training picture"),
    ],
)
def test_what_a_shard_lacks_is_one_sentence(tmp_path: Path, members: dict[str, bytes], says: str):
    with pytest.raises(LluError, match=says):
        open_source(str(shard(tmp_path / "s.tar", members)))


def test_a_damaged_shard_is_one_sentence_and_a_tar_beside_class_folders_changes_nothing(tmp_path: Path):
    (tmp_path / "x.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(LluError, match="no plain tar file"):
        open_source(str(tmp_path / "x.tar"))
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(picture_bytes(0))
    assert open_source(str(tmp_path)).class_names == ("cat",)


def test_a_set_of_torchvision_is_read_from_disk(tmp_path: Path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 6), ("t10k", 3)):
        pixels = np.zeros((count, 28, 28), np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, count, 28, 28) + pixels.tobytes())
        labels = bytes(range(count))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, count) + labels)
    source = open_source(f"torchvision:MNIST:{tmp_path}")
    assert isinstance(source, ImageSource)
    assert source.class_names[0] == "0 - zero"
    assert [len(source.train), len(source.test)] == [6, 3]
    assert source.test[0].read().size == (28, 28)
    with pytest.raises(LluError, match=r"torchvision finds no FashionMNIST in .*nothing is fetched"):
        open_source(f"torchvision:FashionMNIST:{tmp_path}")
    with pytest.raises(LluError, match="write torchvision:NAME:FOLDER"):
        open_source(f"torchvision:CIFAR10:{tmp_path}")


@pytest.fixture
def arrays(tmp_path: Path) -> dict[str, np.ndarray]:
    with np.load(save_bundle(tmp_path / "b.npz", problem())) as stored:
        return dict(stored)


def same(source: object, arrays: dict[str, np.ndarray]) -> bool:
    assert isinstance(source, FewShotSet)
    return torch.allclose(source.train.embeddings, torch.from_numpy(arrays["train_features"]), atol=1e-6)


def test_tensors_and_arrays_by_name_are_a_set(tmp_path: Path, arrays: dict[str, np.ndarray]):
    tensors = {key: torch.from_numpy(value) for key, value in arrays.items() if value.dtype.kind != "U"}
    tensors["train_features"] = tensors["train_features"].double() * 3
    torch.save(tensors | {"class_names": arrays["class_names"].tolist()}, tmp_path / "mine.pt")
    source = open_source(str(tmp_path / "mine.pt"))
    assert same(source, arrays)
    assert isinstance(source, FewShotSet)
    assert (source.name, source.bundle) == ("mine", "mine.pt")
    (tmp_path / "f").mkdir()
    for key, value in arrays.items():
        np.save(tmp_path / "f" / f"{key}.npy", value)
    (tmp_path / "f" / "class_names.npy").unlink()
    (tmp_path / "f" / "class_names.txt").write_text("\n".join(arrays["class_names"]))
    assert same(open_source(str(tmp_path / "f")), arrays)
    assert same(open_source(str(tmp_path / "f" / "train_features.npy")), arrays)


def test_what_is_missing_or_wrong_is_one_line(tmp_path: Path, arrays: dict[str, np.ndarray]):
    np.save(tmp_path / "x.npy", np.zeros((5, 4), np.float32))
    torch.save(torch.zeros(5, 4), tmp_path / "x.pt")
    torch.save({"train_features": torch.zeros(5, 4)}, tmp_path / "some.pt")
    torch.save({key: torch.zeros(2, 2) for key in arrays}, tmp_path / "wrong.pt")
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(print))
    (tmp_path / "evil.npy").write_bytes(b"\x93NUMPY nothing")
    for name, says in [
        ("x.npy", r"holds 5 x 4 numbers, and what is missing is the rest: put train_features\.npy, train_labels\.npy"),
        ("x.pt", r"one tensor of 5 x 4, and what is missing is the rest"),
        ("some.pt", r"holds train_features; what is missing is train_labels, test_features"),
        ("wrong.pt", r"wrong\.pt: "),
        ("evil.pt", r"cannot be read as tensors"),
        ("evil.npy", r"no \.npy of numbers"),
    ]:
        with pytest.raises(LluError, match=says) as caught:
            open_source(str(tmp_path / name))
        assert "\n" not in str(caught.value)
