"""The notebooks of examples/, each made of the script beside it: python tests/support/notebooks.py"""

from pathlib import Path

import jupytext

EXAMPLES = Path(__file__).parents[2] / "examples"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def scripts() -> list[Path]:
    """Every example, in the order of their names."""
    return sorted(EXAMPLES.glob("*.py"))


def twin(script: Path) -> str:
    """The notebook of a script in jupytext's percent format, the same text every time."""
    notebook = jupytext.reads(script.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = type(notebook.metadata)(kernelspec=KERNEL, language_info={"name": "python"})
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number}"  # which nbformat draws at random
    return jupytext.writes(notebook, fmt="ipynb").rstrip() + "\n"


if __name__ == "__main__":
    for script in scripts():
        script.with_suffix(".ipynb").write_text(twin(script), encoding="utf-8")
