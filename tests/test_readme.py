"""README is true: its commands parse, its code runs, its front matter matches what is pinned."""

import re
import shlex
from pathlib import Path

import pytest
import torch

from bench.refresh_readme import BEGIN, END, refreshed
from llu_core.cli.main import build_parser
from llu_core.encoders.model_table import BACKBONES
from llu_core.evaluation.plans import COMPARED_SYSTEMS
from llu_core.systems.registry import SYSTEMS
from support.sample_pictures import picture_bytes, write_zip

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^python -m llu_core (.+)$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_understood(command):
    build_parser().parse_args(shlex.split(command.split("#")[0]))


def test_its_client_code_runs_against_the_running_app(
    app_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    write_zip(tmp_path / "my_pictures.zip")
    (tmp_path / "picture.png").write_bytes(picture_bytes(7))
    names: dict = {}
    exec(CODE[0].replace("http://127.0.0.1:7860/", app_address), names)
    assert names["answer"]["picture"] == "picture.png"
    assert Path(names["adapter_zip"]).stat().st_size > 1000
    names["client"].close()


def test_its_library_code_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(CODE[1], names)
    assert names["logits"].shape == (len(names["shots"].test), len(names["shots"].class_names))
    adapter = names["adapter"]
    exec(CODE[2], names)
    assert len(CODE) == 3
    asked = names["shots"].test.embeddings, names["shots"].class_embeddings
    assert torch.equal(names["adapter"].logits(*asked), adapter.logits(*asked))
    assert names["loss"].requires_grad
    assert (tmp_path / "adapter.onnx").is_file()


def test_it_names_every_model_and_ablation():
    assert all(f"`{name}`" in README for name in [*BACKBONES, *(m for m in SYSTEMS if m != "clip" and m != "llu")])


def test_its_list_of_models_is_the_table():
    rows = re.findall(r"^\| `(\S+)` \| (.+) \| ([\d,]+) \| (\w+) \| (.+) \|$", README, re.MULTILINE)
    table = [(name, b.title, f"{b.megabytes:,}", b.speed, b.licence) for name, b in BACKBONES.items()]
    assert [row for row in rows if row[0] in BACKBONES] == table


def test_the_space_runs_the_pinned_gradio():
    pinned = re.search(r"^gradio==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert f"sdk_version: {pinned[1]}" in README


def test_its_pictures_exist():
    assert all((ROOT / path).is_file() for path in re.findall(r"!\[.*?\]\((.+?)\)", README))


def test_it_shows_the_summary_of_the_built_in_report():
    summary = README.split(BEGIN)[1].split(END)[0]
    assert "built-in picture world" in summary
    assert "`python -m llu_core evaluate all --out report` took" in summary
    rows = [line.split(" | ")[0].removeprefix("| ") for line in summary.splitlines() if line.startswith("| ")]
    assert {SYSTEMS[name].title for name in COMPARED_SYSTEMS} <= set(rows)
    assert refreshed(README, summary) == README
