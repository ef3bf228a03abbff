"""What a feature bundle may tell besides: validation rows, views, templates, and the model that made it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from llu_core.data.bundles import load_bundle, load_features, save_bundle
from llu_core.data.embedding import extract
from llu_core.data.features import Features
from llu_core.data.folders.source import image_source
from llu_core.data.sources import load_source, open_pools
from llu_core.encoders.backbones import may_be_one_model
from llu_core.errors import LluError
from llu_core.evaluation.configuration import Setting, configuration
from llu_core.evaluation.inputs import SourceFeatures
from llu_core.evaluation.reporting.current import _facts
from llu_core.files.listing import list_zip
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.saved import TrainedComposition
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.systems.composed.saved import saved_system
from llu_core.systems.contract import Material
from llu_core.systems.registry import SYSTEMS
from support.sample_pictures import write_zip
from support.toy_encoder import ToyEncoder

RANDOM = np.random.default_rng(3)
FEATURES = RANDOM.normal(size=(8, 6)).astype(np.float32)
VIEWS = RANDOM.normal(size=(3, 8, 6))
SOUND: dict[str, Any] = {
    "train_features": FEATURES,
    "train_labels": np.arange(8) % 4,
    "test_features": FEATURES[:4],
    "test_labels": np.arange(4),
    "text_features": FEATURES[4:],
    "class_names": np.array(["ant", "bee", "crab", "duck"]),
}
EXTRAS: dict[str, Any] = {
    "val_features": FEATURES[::-1] * 3,
    "val_labels": np.arange(8) % 4,
    "train_views": VIEWS,
    "templates": np.array(["a photo of a {}.", "art of a {}."]),
    "encoder": np.array(["vit-b-16", "ViT-B-16, 0123"]),
}


def written(path: Path, **changes: Any) -> Path:
    np.savez(path, **{key: value for key, value in {**SOUND, **EXTRAS, **changes}.items() if value is not None})
    return path


def same(one: Features, other: Features) -> bool:
    assert one.views is not None
    assert other.views is not None
    rows = [(one.validation.embeddings, other.validation.embeddings), (one.views, other.views)]
    told = [(f.problem.encoder_name, f.problem.encoder_identity, f.problem.templates) for f in (one, other)]
    labels = one.validation.labels.tolist() == other.validation.labels.tolist()
    return labels and told[0] == told[1] and all(torch.allclose(a, b, atol=1e-6) for a, b in rows)


def test_all_of_it_is_read_and_comes_back_from_a_bundle_that_was_written(tmp_path: Path):
    features = load_features(written(tmp_path / "b.npz"))
    assert features.views is not None
    expected = torch.nn.functional.normalize(torch.from_numpy(VIEWS), dim=2).float()
    torch.testing.assert_close(features.views, expected)
    assert features.validation.labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    problem = features.problem
    assert (problem.encoder_name, problem.encoder_identity) == ("vit-b-16", "ViT-B-16, 0123")
    assert problem.templates == ("a photo of a {}.", "art of a {}.")
    assert same(features, load_features(save_bundle(tmp_path / "again.npz", features)))
    assert load_bundle(tmp_path / "again.npz").encoder_name == "vit-b-16"


def test_a_bundle_without_them_is_as_before(tmp_path: Path):
    features = load_features(written(tmp_path / "b.npz", **dict.fromkeys(EXTRAS)))
    problem = features.problem
    assert (len(features.validation), features.views) == (0, None)
    assert (problem.encoder_name, problem.encoder_identity, problem.templates_known) == ("", "", False)
    with np.load(save_bundle(tmp_path / "again.npz", problem)) as stored:
        assert not EXTRAS.keys() & set(stored.files)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("val_features", None, "val_labels needs val_features beside it"),
        ("val_labels", None, "val_features needs val_labels beside it"),
        ("val_features", FEATURES[:, :4], "val_features has width 4, text_features has 6"),
        ("val_features", FEATURES * np.nan, "val_features has NaN or infinite values, first in row 0"),
        ("val_features", FEATURES[0], "val_features has shape (6,), must be (rows, width)"),
        ("val_labels", np.arange(8), "val_labels runs from 0 to 7, must stay in 0..3"),
        ("val_labels", np.arange(8) / 2, "val_labels has type float64, must be whole numbers"),
        ("train_views", VIEWS[0], "train_views has shape (8, 6), must be (views, rows, width)"),
        ("train_views", VIEWS[:, :7], "train_views has shape (3, 7, 6), must be (views, 8, 6)"),
        ("train_views", VIEWS[:0], "train_views has shape (0, 8, 6), must be (views, 8, 6)"),
        ("train_views", VIEWS.transpose(1, 0, 2), "must be (views, 8, 6): so many views of every row"),
        ("train_views", VIEWS * np.inf, "train_views has NaN or infinite values"),
        ("train_views", VIEWS * 0, "train_views has a row of zeros, row 0"),
        ("train_views", VIEWS.astype("U8"), "train_views has type <U8, must be numbers"),
        ("templates", np.array(["a photo"]), "templates has 'a photo' without {}"),
        ("templates", np.arange(2), "templates has type int64 and shape (2,), must be one to 1,000 strings"),
        ("templates", np.array(["{}"] * 1001), "templates has 1,001 templates, over the limit of 1,000"),
        ("encoder", np.array(["a", "b", "c"]), "encoder has 3 strings, over the limit of 2"),
        ("encoder", np.array(["", " "]), "encoder is empty; give the model's name"),
        ("encoder", np.ones(2), "encoder has type float64 and shape (2,), must be one to 2 strings"),
        ("encoder", np.array(["x" * 1_001]), "1,001 characters"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_and_key(tmp_path: Path, key: str, value: Any, says: str):
    with pytest.raises(LluError) as caught:
        load_features(written(tmp_path / "b.npz", **{key: value}))
    assert says in str(caught.value)
    assert str(caught.value).startswith("b.npz: ")
    assert "\n" not in str(caught.value)


def test_tensors_and_a_folder_of_arrays_have_the_same_keys(tmp_path: Path):
    features = load_features(written(tmp_path / "b.npz"))
    everything = SOUND | EXTRAS
    tensors = {k: v.tolist() if v.dtype.kind == "U" else torch.from_numpy(v.copy()) for k, v in everything.items()}
    torch.save(tensors, tmp_path / "b.pt")
    (tmp_path / "folder").mkdir()
    for key, value in everything.items():
        np.save(tmp_path / "folder" / f"{key}.npy", value)
    for name in ("b.npz", "b.pt", "folder"):
        opened = open_pools(str(tmp_path / name))
        assert isinstance(opened, Features)
        assert same(opened, features)
    torch.save(tensors | {"encoder": "vit-b-16"}, tmp_path / "name.pt")
    assert load_source(str(tmp_path / "name.pt"), ToyEncoder).encoder_name == "vit-b-16"


def test_validation_rows_and_views_are_what_systems_get(tmp_path: Path):
    path = str(written(tmp_path / "b.npz"))
    asked = SourceFeatures(lambda: ToyEncoder(), views=2)  # type: ignore[arg-type]
    features = asked.load(path, [(1, 1)])
    drawn = features.draw(1, seed=1)
    assert sorted(drawn.validation.labels.tolist()) == [0, 1, 2, 3]
    assert drawn.views is not None
    assert drawn.views.shape == (2, 4, 6)
    base, _ = drawn.split()
    assert base.views is not None
    assert base.views.shape == (2, 2, 6)
    material = Material.of(drawn.problem, validation=drawn.validation, views=drawn.views)
    assert len(material.all_images()[0]) == 8
    SYSTEMS["tip-adapter"].fit(material, 1, "cpu")
    assert replace(asked, views=0).load(path, []).views is None
    assert any(
        "of 5 views per training picture, the bundle has 3" in r for r in replace(asked, views=5).load(path, []).remarks
    )


def test_extracted_features_are_written_with_all_that_they_have(tmp_path: Path):
    source = image_source(list_zip(write_zip(tmp_path / "mine.zip", shots=3, tests=2)))
    features = extract(replace(source, validation=source.test), ToyEncoder(), views=2)
    again = load_features(save_bundle(tmp_path / "b.npz", features, model="toy"))
    assert same(again, replace(features, problem=replace(features.problem, encoder_name="toy")))
    assert again.problem.encoder_identity == ToyEncoder().identity


def test_a_report_says_what_made_the_bundle(tmp_path: Path):
    def told(**changes: Any) -> str:
        source = load_features(written(tmp_path / "b.npz", **changes))
        return _facts(configuration("few-shot", source, {}, SYSTEMS["clip"], Setting()))

    assert told() == (
        "embedded by ViT-B-16, 0123; templates: 'a photo of a {}.', 'art of a {}.'; views per training picture: none"
    )
    assert told(encoder=np.array(["vit-b-16"]), templates=None).startswith("embedded by vit-b-16; templates: unknown;")
    assert told(encoder=None).startswith("embedded by an unknown model; templates: 'a photo of a {}.'")
    assert told(encoder=None, templates=None).startswith("embedded by an unknown model with unknown templates")


def adapter_of(path: Path, **changes: Any) -> TrainedAdapter:
    shots = load_bundle(written(path, **changes))
    return TrainedAdapter.of(shots, fit(shots, RECIPES["fast"]), RECIPES["fast"])


def test_an_adapter_tells_the_bundles_model_and_refuses_another(tmp_path: Path):
    adapter_of(tmp_path / "b.npz", encoder=np.array(["vit-b-16"])).save_pretrained(tmp_path / "adapter")
    trained = TrainedAdapter.from_pretrained(tmp_path / "adapter")
    assert trained.model == "vit-b-16"
    assert "embeddings of OpenAI CLIP ViT-B/16, near" in (tmp_path / "adapter" / "README.md").read_text()
    trained.require_encoder("anything", 6)
    with pytest.raises(LluError, match=r"another model than rn50; load that one \(vit-b-16\)"):
        trained.require_encoder("", 6, "rn50")
    other = load_bundle(written(tmp_path / "other.npz", encoder=np.array(["rn50"])))
    with pytest.raises(LluError, match="another model than rn50"):
        saved_system(f"saved:{tmp_path / 'adapter'}").fit(Material.of(other), 1, "cpu")
    with pytest.raises(LluError, match="another model"):
        adapter_of(tmp_path / "c.npz").require_encoder("ViT-B-16, 4567", 6)


def test_adapters_of_bundles_by_different_models_are_not_composed(tmp_path: Path):
    one = adapter_of(tmp_path / "a.npz", encoder=np.array(["vit-b-16"]))
    other = adapter_of(tmp_path / "b.npz", encoder=np.array(["rn50"]))
    unknown = adapter_of(tmp_path / "c.npz", encoder=None)
    assert TrainedComposition.of({"one": one, "unknown": unknown, "again": one}).model == "vit-b-16"
    with pytest.raises(LluError, match="'one' and 'other' were trained on different models"):
        TrainedComposition.of({"one": one, "unknown": unknown, "other": other})


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (("a", "1"), ("b", "1"), True),
        (("a", "1"), ("a", "2"), False),
        (("a", ""), ("a", "2"), True),
        (("a", ""), ("b", "2"), False),
        (("", ""), ("b", "2"), True),
        (("", "1"), ("b", ""), True),
    ],
)
def test_identities_decide_where_both_are_known_and_names_otherwise(one, other, may: bool):
    assert may_be_one_model(one, other) is may
    assert may_be_one_model(other, one) is may
