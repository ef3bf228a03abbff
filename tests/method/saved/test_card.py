"""The card of a saved adapter: what it says is true, and what somebody wrote into it stays."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from llu_core.cli.main import main
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.saved.provenance import Provenance, Score
from support.adapters import trained
from support.sample_pictures import write_zip

PICTO = "picto:sketched-coloured-shapes"


def card(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_the_card_tells_model_classes_shots_and_how_to_load(tmp_path: Path):
    trained(model="vit-b-16").save_pretrained(tmp_path)
    text = card(tmp_path)
    assert "More Information Needed" not in text
    assert "pushed to the Hub" not in text
    assert "OpenAI CLIP ViT-B/16" in text
    assert "OpenClipEncoder.load('vit-b-16')" in text
    assert "| class 0 | 4 |" in text.replace("\\", "")
    assert "are under: MIT" in text
    assert "and no pictures" in text
    assert "license:" not in text.split("---")[1]


def test_its_scores_stand_with_the_command_that_repeats_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = str(tmp_path / "my adapter")
    assert main(["train", PICTO, "--shots", "2", "--out", out]) == 0
    printed, text = capsys.readouterr().out, card(tmp_path / "my adapter").replace("\\", "")
    assert f"    python -m llu_core train {PICTO} --shots 2 --out '{out}'" in text
    (score,) = [s for s in TrainedAdapter.from_pretrained(out).provenance.scores if s.part == "test pictures"]
    assert f"| test pictures | {score.pictures} | {score.clip:.1f} | {score.llu:.1f} |" in text
    assert f"CLIP {score.clip:.1f} %, LLU {score.llu:.1f} %" in printed


def test_what_it_tells_survives_loading_and_saving_again(tmp_path: Path):
    told = Provenance("mine", (4, 4, 4, 4), (Score("test pictures", 9, 50.0, 75.0),), "python -m llu_core train x")
    replace(trained(), provenance=told).save_pretrained(tmp_path / "a")
    again = TrainedAdapter.from_pretrained(tmp_path / "a")
    assert again.provenance == told
    again.save_pretrained(tmp_path / "b")
    assert card(tmp_path / "b") == card(tmp_path / "a")


def test_names_are_text_and_never_markup(tmp_path: Path):
    evil = "<img src=x>|a` [b](c)"
    replace(trained(), class_names=(evil, "b", "c", "d", "e", "f"), model="").save_pretrained(tmp_path)
    assert "| \\<img src\\=x\\>\\|a\\` \\[b\\]\\(c\\) |" in card(tmp_path)


def test_a_card_that_nobody_touched_follows_the_adapter_and_one_written_by_hand_stays(tmp_path: Path):
    trained(beta=0.25).save_pretrained(tmp_path)
    trained(beta=0.75).save_pretrained(tmp_path)
    assert "beta is 0.75" in card(tmp_path)
    mine = card(tmp_path).replace("## The method", "## My remarks")
    (tmp_path / "README.md").write_text(mine, encoding="utf-8")
    trained(beta=0.5).save_pretrained(tmp_path)
    assert card(tmp_path) == mine


def test_the_card_of_an_early_release_is_written_anew(tmp_path: Path):
    earlier = "---\ntags: []\n---\n\nThis model has been pushed to the Hub using the [PytorchModelHubMixin](x).\n"
    (tmp_path / "README.md").write_text(earlier)
    trained().save_pretrained(tmp_path)
    assert "pushed" not in card(tmp_path)


def test_its_maker_names_the_licence(tmp_path: Path):
    trained().save_pretrained(tmp_path, model_card_kwargs={"license": "cc0-1.0"})
    assert "license: cc0-1.0" in card(tmp_path).split("---")[1]


@pytest.mark.parametrize(
    "wrong", [{"shots": [-1]}, {"scores": [{"part": "x", "pictures": 1, "clip": 1e9, "llu": 0}]}, {"shots": "many"}]
)
def test_impossible_facts_are_a_damaged_adapter(tmp_path: Path, wrong: dict):
    trained().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["provenance"] |= wrong
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(LluError, match="damaged adapter"):
        TrainedAdapter.from_pretrained(tmp_path)


def test_an_adapter_of_an_early_release_has_nothing_to_tell(tmp_path: Path):
    trained().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["provenance"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert TrainedAdapter.from_pretrained(tmp_path).provenance == Provenance()


def test_pictures_of_the_shots_are_kept_only_when_asked_for(tmp_path: Path):
    source = str(write_zip(tmp_path / "mine.zip"))
    for folder, options in (("without", []), ("with", ["--pictures"])):
        assert main(["train", source, "--model", "picto", "--out", str(tmp_path / folder), *options]) == 0
    plain, pictured = (TrainedAdapter.from_pretrained(tmp_path / name) for name in ("without", "with"))
    assert plain.anchor_thumbnails is None
    assert pictured.anchor_thumbnails is not None
    assert "and small pictures of the shots" in card(tmp_path / "with")
    sizes = [(tmp_path / name / "adapter.safetensors").stat().st_size for name in ("without", "with")]
    assert sizes[0] + pictured.anchor_thumbnails.numel() <= sizes[1] + 200
