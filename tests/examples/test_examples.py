"""The examples are true: each runs where the package is installed, prints what it claims, and has its notebook.

A notebook's code is its script's, cell by cell, so that running the script runs the notebook too.
"""

import ast
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.notebooks import EXAMPLES, scripts, twin
from support.wheel_fixtures import run_elsewhere

OF_CLONES = 'sys.path += [".", ".."]'


def numbers(text: str) -> list[float]:
    """The percentages in a text."""
    return [float(number) for number in re.findall(r"([\d.]+) %", text)]


def of_quick_start(printed: str) -> bool:
    words, elsewhere, better, kept = numbers(printed)
    return better > words + 50 and kept > elsewhere - 2 and "LLU says dax" in printed


def of_own_photographs(printed: str) -> bool:
    return numbers(printed)[2] == 100 > numbers(printed)[0] and "china.jpg: my desk" in printed


def of_own_embeddings(printed: str) -> bool:
    alone, updated = numbers(printed)
    return updated > alone + 50 and "it is the same set of 5 classes" in printed and "train_features" in printed


def of_grid_search(printed: str) -> bool:
    return all(number > 75 for number in numbers(printed)) and "Of 16 settings" in printed


def of_backbones(printed: str) -> bool:
    *pairs, random = re.findall(r"CLIP ([\d.]+) %, LLU ([\d.]+) %", printed)
    return all(float(after) > float(before) for before, after in pairs) and len(random) == 2 and "vit-b-16" in printed


def of_table_row(printed: str) -> bool:
    ours, published = printed.split("caltech101")
    return len(numbers(ours)) == 6 and numbers(published)[-2:] == [98.2, 93.9] and "mean of 3 seeds" in ours


def of_own_space(printed: str) -> bool:
    return printed.endswith("100 % right.\n") and "opens on 'Whose colour', read by picto" in printed


CLAIMS: dict[str, Callable[[str], bool]] = {
    "quick_start": of_quick_start, "own_photographs": of_own_photographs, "own_embeddings": of_own_embeddings,
    "grid_search": of_grid_search, "backbones": of_backbones, "table_row": of_table_row, "own_space": of_own_space,
}  # fmt: skip
"""What each script prints, as far as it is told anywhere."""


@pytest.mark.parametrize("name", CLAIMS)
def test_a_script_prints_what_it_claims_where_the_package_is_installed(name: str, installed: Path, tmp_path: Path):
    printed = run_elsewhere([installed / "python", EXAMPLES / f"{name}.py"], tmp_path)
    assert CLAIMS[name](printed), printed


def test_a_clone_needs_no_installation():
    library = [script for script in scripts() if OF_CLONES in script.read_text(encoding="utf-8")]
    assert {script.stem for script in library} == CLAIMS.keys() - {"own_space"}  # which finds the clone to copy it
    assert of_own_embeddings(run_elsewhere([sys.executable, "examples/own_embeddings.py"], EXAMPLES.parent))
    assert of_own_embeddings(run_elsewhere([sys.executable, "-c", code_of("own_embeddings")], EXAMPLES))


def code_of(name: str) -> str:
    """The code of a notebook, from the first cell to the last."""
    cells = json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_every_script_is_tried_and_short():
    assert {script.stem for script in scripts()} == CLAIMS.keys()
    assert {notebook.stem for notebook in EXAMPLES.glob("*.ipynb")} == CLAIMS.keys()
    assert all(script.read_text(encoding="utf-8").count("\n") <= 60 for script in scripts())


@pytest.mark.parametrize("name", CLAIMS)
def test_a_notebook_is_what_its_script_makes_and_runs_the_same_code(name: str):
    script = EXAMPLES / f"{name}.py"
    made = script.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert made == twin(script), "make the notebooks anew: python tests/support/notebooks.py"
    assert ast.dump(ast.parse(code_of(name))) == ast.dump(ast.parse(script.read_text(encoding="utf-8")))
