"""README and docs/ are true: their links lead somewhere, their commands parse, their snippets run in order."""

import hashlib
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch

from llu_core.cli.main import build_parser, main
from llu_core.encoders.model_table import BACKBONES
from llu_core.systems.registry import SYSTEMS
from support.documents import CARDS, DOCUMENTS, ROOT, anchors, commands, links, read, snippets
from support.sample_pictures import picture_bytes, write_zip

RUN = ("README.md", "docs/command_line.md", "docs/library.md")
"""Whose snippets are run, in this order and in one folder. Those of app.md ask a running app; those of evaluation.md
take minutes or name data sets that are somebody else's."""


@pytest.mark.parametrize("document", [*DOCUMENTS, *CARDS])
def test_its_links_lead_somewhere(document: str):
    for path, anchor in links(document):
        assert path.exists(), path
        assert not anchor or anchor in anchors(path), f"{path.name}#{anchor}"


def test_readme_leads_to_every_document():
    linked = {path.resolve() for path, _ in links("README.md")}
    assert {(ROOT / document).resolve() for document in DOCUMENTS[1:]} <= linked


def test_documents_and_programs_that_are_named_exist():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this copy of the project is no git repository, which lists its files")
    kinds = (".py", ".md", ".js", ".sh", ".toml", ".cff")
    for name in listed.stdout.split():
        if name.endswith(kinds) and (ROOT / name).is_file():
            for path in re.findall(r"\b((?:docs|tests/bench)/\w+\.(?:md|py|sh))\b", read(name)):
                assert (ROOT / path).is_file(), f"{name} names {path}"


COMMANDS = [(document, command) for document in DOCUMENTS for command in commands(document)]


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_its_commands_are_understood(document: str, command: str):
    if command.startswith("evaluate PROTOCOL"):
        command = command.replace("PROTOCOL", "base-to-new")
    build_parser().parse_args(command.split())


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for the pictures that the documents speak of."""
    folder = tmp_path / "workplace"
    folder.mkdir()
    write_zip(tmp_path / "pictures.zip")
    zipfile.ZipFile(tmp_path / "pictures.zip").extractall(folder / "my_pictures")
    (folder / "photo.jpg").write_bytes(picture_bytes(7))
    monkeypatch.setenv("LLU_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    return folder


def digests(folder: Path) -> dict[Path, str]:
    """Every file below a folder, and what is in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run_snippets(document: str, folder: Path) -> dict:
    """Run a document's snippets from top to bottom, each of which may only add files; returns the names that remain."""
    names: dict = {"__name__": "read"}
    for snippet in snippets(document):
        steps = snippet.commands() if snippet.language == "sh" else [snippet.text]
        for step in steps:
            before = digests(folder)
            if isinstance(step, str):
                exec(step, names)
            else:
                assert main(step) == 0, step
            assert before.items() <= digests(folder).items(), f"spoils what was made before it: {step}"
    return names


def test_their_snippets_run_in_order_and_none_spoils_what_an_earlier_one_made(workplace: Path):
    library = [run_snippets(document, workplace) for document in RUN][-1]
    made = {"words-adapter", "words.onnx", "my-adapter", "both", "saved-adapter", "adapter.onnx"}
    assert made <= {path.name for path in workplace.iterdir()}
    shots = library["shots"]
    assert library["logits"].shape == (len(shots.test), len(shots.class_names))
    again = library["adapter"].logits(shots.test.embeddings, shots.class_embeddings)
    assert torch.equal(again, library["logits"])
    assert library["loss"].requires_grad


def test_the_client_code_runs_against_the_running_app(
    app_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    write_zip(tmp_path / "my_pictures.zip")
    (tmp_path / "picture.png").write_bytes(picture_bytes(7))
    (client_code,) = snippets("docs/app.md", "python")
    names: dict = {}
    exec(client_code.text.replace("http://127.0.0.1:7860/", app_address), names)
    assert names["answer"]["picture"] == "picture.png"
    assert Path(names["adapter_zip"]).stat().st_size > 1000
    names["client"].close()


def test_a_system_of_ones_own_joins_the_others(monkeypatch: pytest.MonkeyPatch):
    code = snippets("docs/library.md", "python")[2].text
    names: dict = {"__name__": "read"}
    exec(code, names)
    monkeypatch.setitem(SYSTEMS, "mine", SYSTEMS["clip"])
    monkeypatch.delitem(SYSTEMS, "mine")
    own = names["System"]("mine", "My system", new_classes=True, needs_encoder=False, fit=names["fit"])
    assert names["register"](own) is SYSTEMS["mine"]
    assert 'register(System("mine", "My system", new_classes=True, needs_encoder=False, fit=fit))' in code


def test_every_model_and_system_is_named():
    assert all(f"`{name}`" in read("docs/models.md") for name in BACKBONES)
    assert all(f"`{name}`" in read("docs/evaluation.md") for name in SYSTEMS)


def test_the_list_of_models_is_the_table():
    rows = re.findall(r"^\| `(\S+)` \| (.+) \| ([\d,]+) \| (\w+) \| (.+) \|$", read("docs/models.md"), re.MULTILINE)
    table = [(name, b.title, f"{b.megabytes:,}", b.speed, b.licence) for name, b in BACKBONES.items()]
    assert rows == table
