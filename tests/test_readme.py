"""README is short and true: its header matches what is pinned, its two commands, figures and citation what there is."""

import re

import yaml
from PIL import Image

import llu_core
from bench.refresh_docs import BUILT_IN, SUMMARY, TABLE, TRAINING
from llu_core.evaluation.plans import COMPARED_SYSTEMS
from llu_core.systems.registry import SYSTEMS
from support.documents import ROOT, read

README = read("README.md")


def test_it_is_read_in_a_minute():
    assert README.count("\n") <= 160


def test_the_space_runs_the_pinned_gradio():
    pinned = re.search(r"^gradio==(.+)$", read("requirements.txt"), re.MULTILINE)
    assert pinned is not None
    assert f"sdk_version: {pinned[1]}" in README


def test_its_two_commands_name_what_is_there():
    app, tests = re.findall(r"^    (pip install .+)$", README, re.MULTILINE)
    assert app == "pip install -r requirements.txt && python app.py"
    assert tests == "pip install -r requirements-dev.txt && pytest"
    assert all((ROOT / name).is_file() for name in ("requirements.txt", "requirements-dev.txt", "app.py"))


def test_its_picture_is_wide_and_light_enough():
    (path,) = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert (ROOT / path).stat().st_size <= 200_000
    with Image.open(ROOT / path) as picture:
        assert picture.width == 1440


def cells(first: str) -> list[str]:
    """The cells of a line of the key figures after the first one."""
    (line,) = [line for line in README.splitlines() if line.startswith(f"| {first} |")]
    return line.strip("| ").split(" | ")[1:]


def test_its_key_figures_of_training_are_those_of_the_table():
    rows = [line.strip("| ").split(" | ") for line in read("docs/speed.md").split(TABLE[0])[1].splitlines()]
    for first, what in TRAINING.items():
        of_both = {(row[2].split(" ± ")[0], row[4]) for row in rows if row[1:2] == [what]}
        _, ours, other, _ = cells(first)
        assert (ours, other.split(": ")[1]) in of_both


SHOWN = read("docs/results.md").split(SUMMARY[0])[1].split(SUMMARY[1])[0]
"""The summary of the built-in report."""


def lines_of(text: str) -> dict[str, list[str]]:
    """The first cell of every line of tables -> its others; of two such lines the upper one."""
    rows = [line.strip("| ").split(" | ") for line in reversed(text.splitlines()) if line.startswith("| ")]
    return {row[0].removesuffix(" (fast)"): row[1:] for row in rows}


def test_the_results_show_the_summary_of_the_built_in_report():
    assert "built-in picture world" in SHOWN
    assert "`python -m llu_core evaluate all --out report` took" in SHOWN
    assert {SYSTEMS[name].title for name in COMPARED_SYSTEMS} <= lines_of(SHOWN).keys()


def test_its_key_figures_of_the_built_in_sets_are_those_of_the_summary():
    rows = lines_of(SHOWN)
    clip, ours, other, _ = cells(BUILT_IN)
    name, best = other.split(": ")
    for title, told in (("CLIP", clip), ("LLU", ours), (name, best)):
        assert rows[title][:3] == told.split(" / ")[:3]


def test_its_citation_is_valid():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == llu_core.__version__
    assert citation["license"] == "MIT"
    for paper in (citation["preferred-citation"], *citation["references"]):
        assert {"type", "title", "authors"} <= paper.keys()
        assert all(person.keys() == {"given-names", "family-names"} for person in paper["authors"])
        assert f"*{paper['title']}*" in README.replace("\n", " ")
        assert paper["url"] in README
