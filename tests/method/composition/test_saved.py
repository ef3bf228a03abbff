import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter, load_adapter
from llu_core.method.composition.prediction import where_composed
from llu_core.method.composition.saved import TrainedComposition, load_saved
from llu_core.method.fitting import fit
from llu_core.method.prediction import where_applied
from llu_core.method.recipes import RECIPES
from support.synthetic import halves, problem


def trained(seed: int, *, width: int = 32, encoder: str = "toy", recipe: str = "fast") -> TrainedAdapter:
    base, _ = halves(problem(seed=seed, width=width))
    base = replace(base, class_names=tuple(f"{name} of {seed}" for name in base.class_names), encoder_identity=encoder)
    return TrainedAdapter.of(base, fit(base, RECIPES[recipe]), RECIPES[recipe], model="picto")


@pytest.fixture(scope="module")
def composed() -> TrainedComposition:
    return TrainedComposition.of({"first": trained(5), "second": trained(50, recipe="best")}, max_anchors=30)


def asked(composed: TrainedComposition):
    return halves(problem(seed=5))[0].test.embeddings, composed.class_embeddings


def test_a_saved_composition_answers_alike(composed: TrainedComposition, tmp_path: Path):
    composed.save_pretrained(tmp_path / "both")
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == [
        "README.md",
        "adapter.safetensors",
        "config.json",
    ]
    again = TrainedComposition.from_pretrained(tmp_path / "both")
    assert torch.equal(again.adapter.logits(*asked(again)), composed.adapter.logits(*asked(composed)))
    assert (again.names, again.max_anchors, again.model) == (("first", "second"), 30, "picto")
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path / "both")
    assert isinstance(load_saved(zipped), TrainedComposition)


def test_taking_a_set_out_of_a_saved_one_restores_what_was_there(composed: TrainedComposition, tmp_path: Path):
    composed.save_pretrained(tmp_path)
    left = TrainedComposition.from_pretrained(tmp_path).without("second")
    rows = asked(left)
    assert torch.equal(left.adapter.logits(*rows), composed.sets[0].adapter.logits(*rows))
    with pytest.raises(LluError, match="no set 'third'"):
        composed.without("third")
    with pytest.raises(LluError, match="at least one"):
        left.without("first")


def test_it_is_pushed_as_one_set_of_files(composed: TrainedComposition, tmp_path: Path, monkeypatch):
    pushed: dict[str, list[str]] = {}

    def push(self, repo_id, **options):
        pushed[repo_id] = []
        return "address"

    monkeypatch.setattr(TrainedComposition, "push_to_hub", push)
    composed.save_pretrained(tmp_path / "both", push_to_hub=True, repo_id="me/both")
    assert list(pushed) == ["me/both"]


def test_one_adapter_is_a_composition_of_one(tmp_path: Path):
    trained(5).save_pretrained(tmp_path / "alone")
    assert isinstance(load_saved(tmp_path / "alone"), TrainedAdapter)
    assert TrainedComposition.from_pretrained(tmp_path / "alone").names == ("alone",)


def test_an_adapter_is_asked_for_where_there_are_several(composed: TrainedComposition, tmp_path: Path):
    composed.save_pretrained(tmp_path)
    with pytest.raises(LluError, match="holds several adapters"):
        load_adapter(tmp_path)


def test_only_sets_of_one_backbone_are_composed():
    with pytest.raises(LluError, match="different models"):
        TrainedComposition.of({"a": trained(5), "b": trained(6, encoder="other")})
    with pytest.raises(LluError, match="32 and 16 wide"):
        TrainedComposition.of({"a": trained(5), "b": trained(6, width=16)})
    with pytest.raises(LluError, match="called 'a'"):
        TrainedComposition((trained(5), trained(6)), ("a", "a"))
    TrainedComposition.of({"a": trained(5), "b": trained(6, encoder="")}).require_encoder("toy", 32)
    with pytest.raises(LluError, match="another model"):
        TrainedComposition.of({"a": trained(5, encoder=""), "b": trained(6)}).require_encoder("other", 32)


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["first"]},
        {"names": "ab"},
        {"names": [1, 2]},
        {"sets": {}},
        {"sets": [{}, {}]},
        {"max_anchors": "many"},
        {"max_anchors": 0},
        {"max_anchors": 1},
        {"names": ["same", "same"]},
        {"format_version": 2},
    ],
)
def test_a_damaged_composition_is_refused_in_a_sentence(composed: TrainedComposition, tmp_path: Path, change: dict):
    composed.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(LluError):
        load_saved(tmp_path)


def test_a_lost_or_foreign_tensor_is_refused(composed: TrainedComposition, tmp_path: Path):
    composed.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "adapter.safetensors")
    save_file(tensors | {"1/image.bias": torch.zeros(32)}, tmp_path / "adapter.safetensors")
    with pytest.raises(LluError, match="not written together"):
        load_saved(tmp_path)
    del tensors["1/image.bias"]
    save_file(tensors, tmp_path / "adapter.safetensors")
    with pytest.raises(LluError, match="set 'second', is a damaged adapter"):
        load_saved(tmp_path)


def test_a_picture_is_told_by_the_set_it_is_nearest_to(composed: TrainedComposition):
    pictures = torch.cat([each.adapter.image.anchors[:3] for each in composed.sets])
    told = where_composed(composed, pictures)
    assert [each.set_name for each in told] == ["first"] * 3 + ["second"] * 3
    assert [each.anchor_name for each in told[:3]] == list(composed.sets[0].anchor_names[:3])
    alone = where_applied(composed.sets[0], pictures[:3])
    assert [each.alpha for each in told[:3]] == pytest.approx([each.alpha for each in alone], abs=0.02)
    assert where_composed(composed, pictures[:0]) == []


def test_its_card_tells_the_sets_the_model_and_how_to_load_it(composed: TrainedComposition, tmp_path: Path):
    composed.save_pretrained(tmp_path / "both")
    card = (tmp_path / "both" / "README.md").read_text(encoding="utf-8")
    for name, each in zip(composed.names, composed.sets, strict=True):
        assert f"| {name} | {len(each.trained_classes)} |" in card
    assert "Embedded picture-world CLIP" in card
    assert "load_saved(" in card
    assert "pushed to the Hub" not in card
    assert "More Information Needed" not in card
