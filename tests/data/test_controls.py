"""Controls: closed problems elsewhere, in folders, bundles and built-in sets; what cannot be one is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from llu_core.data.built_in import open_set, set_names
from llu_core.data.bundles import load_bundle, save_bundle
from llu_core.data.embedding import embed, extract
from llu_core.data.features import Features
from llu_core.data.fewshot import Control, FewShotSet
from llu_core.data.sources import load_source, open_source
from llu_core.encoders.cache import CachedEncoder
from llu_core.errors import LluError
from llu_core.systems.contract import Material
from support.synthetic import problem, rows, unit_rows
from support.toy_encoder import ToyEncoder


def pictures(folder: Path, **classes: int) -> None:
    """So many pictures in a folder for every class."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = np.random.default_rng([number, *name.encode()]).integers(0, 255, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = tmp_path / "pets"
    pictures(root, cat=2, dog=2)
    pictures(root / "elsewhere" / "fruit", apple=2, pear=1)
    pictures(root / "elsewhere" / "tools", saw=1, axe=3, nail=1)
    return root


def embedded(root: Path) -> FewShotSet:
    return load_source(str(root), ToyEncoder(), thumbnails=8)


def test_a_folder_brings_its_controls(pets: Path):
    shots = embedded(pets)
    fruit, tools = shots.controls
    assert shots.class_names == ("cat", "dog")
    assert (fruit.name, fruit.class_names, fruit.pictures.labels.tolist()) == ("fruit", ("apple", "pear"), [0, 0, 1])
    assert (tools.name, tools.class_names) == ("tools", ("axe", "nail", "saw"))
    assert fruit.pictures.names[0] == "elsewhere/fruit/apple/0.png"
    assert fruit.pictures.thumbnails is not None
    assert fruit.pictures.thumbnails.shape == (3, 8, 8, 3)
    expected = ToyEncoder().encode_texts(["a photo of a apple.", "a photo of a pear."])
    torch.testing.assert_close(fruit.class_embeddings, expected)
    assert shots.rejected == ()


def test_a_class_called_elsewhere_is_a_class(tmp_path: Path):
    pictures(tmp_path / "set", elsewhere=2, here=2)
    shots = embedded(tmp_path / "set")
    assert (shots.class_names, shots.controls) == (("elsewhere", "here"), ())


def test_what_cannot_be_a_control_is_left_out_and_said_so(pets: Path):
    pictures(pets / "elsewhere" / "one", thing=2)
    pictures(pets / "elsewhere" / "own", Cat=1, cow=1)
    (pets / "elsewhere" / "nothing" / "bare").mkdir(parents=True)
    (pets / "elsewhere" / "empty").mkdir()
    for name in "ab":
        (pets / "elsewhere" / "torn" / name).mkdir(parents=True)
        (pets / "elsewhere" / "torn" / name / "x.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    shots = embedded(pets)
    assert [control.name for control in shots.controls] == ["fruit", "tools"]
    told = {each.name: each.reason for each in shots.rejected}
    assert told["elsewhere/one"].startswith("has only the class 'thing'")
    assert told["elsewhere/own"].startswith("has class 'Cat', which the set has too")
    assert told["elsewhere/nothing"] == told["elsewhere/empty"]
    assert told["elsewhere/torn"] == told["elsewhere/empty"]
    assert told["elsewhere/empty"].startswith("has no picture that can be read")


def test_a_class_elsewhere_without_a_readable_picture_is_no_choice(pets: Path):
    (pets / "elsewhere" / "tools" / "nail" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    tools = embedded(pets).controls[1]
    assert tools.class_names == ("axe", "saw")
    assert tools.pictures.labels.tolist() == [0, 0, 0, 1]


def test_no_system_is_given_controls(pets: Path):
    shots = embedded(pets)
    assert Material.of(shots).shots.controls == ()
    assert shots.select_classes([1]).controls == shots.controls
    assert [part.problem.controls for part in Features.of(shots).draw(1, 1).split()] == [shots.controls] * 2


@dataclass(frozen=True)
class CountingEncoder(ToyEncoder):
    encoded: list[int] = field(default_factory=list)

    def encode_images(self, images: Any) -> torch.Tensor:
        self.encoded.append(len(images))
        return super().encode_images(images)


def test_the_cache_serves_control_pictures_too(pets: Path, tmp_path: Path):
    source, encoder = open_source(str(pets)), CountingEncoder()
    assert not isinstance(source, FewShotSet)
    first = extract(source, CachedEncoder(encoder, tmp_path / "cache"), folder=tmp_path / "cache")
    assert sum(encoder.encoded) == 4 + 3 + 5
    again = extract(source, CachedEncoder(encoder, tmp_path / "cache"), folder=tmp_path / "cache")
    assert sum(encoder.encoded) == 4 + 3 + 5
    for one, other in zip(first.problem.controls, again.problem.controls, strict=True):
        assert torch.equal(one.pictures.embeddings, other.pictures.embeddings)


def test_targets_of_a_shift_need_no_controls(pets: Path):
    pictures(pets / "test", cat=1)
    source = open_source(str(pets))
    assert not isinstance(source, FewShotSet)
    assert extract(source, ToyEncoder(), draws=()).problem.controls == ()


def with_controls() -> FewShotSet:
    controls = tuple(
        Control(
            name, names, unit_rows(len(names), 32, seed), rows(unit_rows(6, 32, seed + 5), torch.arange(6) % 2, "x")
        )
        for seed, (name, names) in enumerate((("fruit", ("apple", "pear")), ("tools", ("apple", "saw"))))
    )
    return replace(problem(), controls=controls)


def test_a_bundle_brings_its_controls_back(tmp_path: Path):
    shots = with_controls()
    read = load_bundle(save_bundle(tmp_path / "set.npz", shots))
    for control, back in zip(shots.controls, read.controls, strict=True):
        assert (back.name, back.class_names) == (control.name, control.class_names)
        assert torch.equal(back.pictures.labels, control.pictures.labels)
        torch.testing.assert_close(back.pictures.embeddings, control.pictures.embeddings)
        torch.testing.assert_close(back.class_embeddings, control.class_embeddings)


def sound() -> dict[str, Any]:
    return {
        "elsewhere_features": unit_rows(3, 32).numpy(),
        "elsewhere_labels": np.array([0, 1, 1]),
        "elsewhere_text_features": unit_rows(2, 32).numpy(),
        "elsewhere_class_names": np.array(["apple", "pear"]),
        "elsewhere_problems": np.array(["fruit", "fruit"]),
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"elsewhere_labels": None}, "elsewhere_features needs elsewhere_labels beside it"),
        ({"elsewhere_features": np.zeros((0, 32)), "elsewhere_labels": np.zeros(0, int)}, "has no picture"),
        ({"elsewhere_problems": np.array(["fruit", "tools"])}, "'fruit' has only the class 'apple'"),
        ({"elsewhere_features": np.ones((3, 31))}, "elsewhere_features has width 31, text_features has 32"),
        ({"elsewhere_text_features": np.ones((2, 8))}, "elsewhere_text_features has width 8"),
        ({"elsewhere_text_features": np.ones((3, 32))}, "has 3 rows for 2 names"),
        ({"elsewhere_problems": np.array(["fruit"])}, "elsewhere_problems has 1 rows for 2 names"),
        ({"elsewhere_features": np.full((3, 32), np.nan)}, "elsewhere_features has NaN or infinite values"),
        ({"elsewhere_labels": np.array([0, 1, 2])}, "elsewhere_labels runs from 0 to 2"),
        ({"elsewhere_class_names": np.array(["apple", ""])}, "elsewhere_class_names has an empty name"),
        ({"elsewhere_class_names": np.array(["apple", "apple"])}, "has a name twice in 'fruit'"),
        ({"elsewhere_class_names": np.array(["apple", "class 1"])}, "has class 'class 1', which the set has too"),
        ({"elsewhere_class_names": np.array([1, 2])}, "must be (classes,) strings"),
        ({"elsewhere_thumbnails": np.zeros((2, 8, 8, 3), np.uint8)}, "elsewhere_thumbnails has type uint8"),
    ],
)
def test_unsound_controls_of_a_bundle_are_named_by_file_and_key(changes: Mapping[str, Any], said: str, tmp_path: Path):
    with np.load(save_bundle(tmp_path / "set.npz", problem())) as stored:
        arrays = {**stored, **sound(), **changes}
    np.savez(tmp_path / "set.npz", **{key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(LluError) as caught:
        load_bundle(tmp_path / "set.npz")
    assert str(caught.value).startswith("set.npz: ")
    assert said in str(caught.value)


def test_every_built_in_set_brings_controls_of_other_classes():
    for name in set_names():
        source = open_set(name)
        assert 3 <= len(source.controls) <= 4, name
        assert 230 <= sum(len(control.pictures) for control in source.controls) <= 400
        for control in source.controls:
            assert not set(control.class_names) & set(source.class_names)
    assert sum(len(control.pictures) for control in open_set("new-words").controls) == 322


def test_the_controls_of_built_in_sets_have_pictures_of_their_own():
    source = open_set("sketched-shapes")
    (textures,) = [control for control in source.controls if control.name == "textures"]
    plain = {each.read().tobytes() for each in (*open_set("textures").train[:32], *open_set("textures").test[:40])}
    assert not plain & {each.read().tobytes() for each in textures.pictures}
    small = replace(source, train=source.train[:32], test=(), controls=(textures,))
    assert embed(small, ToyEncoder(), thumbnails=0).controls[0].class_names == textures.class_names
