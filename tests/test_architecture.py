"""Who may import whom, and what the package promises by name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import llu_core

ROOT = Path(__file__).parent.parent
CORE = ROOT / "llu_core"
SOURCES = sorted([*CORE.rglob("*.py"), *(ROOT / "demo").rglob("*.py"), ROOT / "app.py"])

LAYERS = [
    "errors",
    "backbones",
    "encoder",
    "embedding_cache",
    "prompts",
    "fewshot",
    "bundles",
    "pictures",
    "layout",
    "sources",
    "anchors",
    "adapter",
    "classifier",
    "training",
    "sweep",
    "checkpoint",
    "prediction",
    "evaluation",
    "__main__",
]
"""The core from bottom to top: a module imports only from those before it."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(nodes: list[ast.AST]) -> Iterator[str]:
    """Full names of imported modules; `from a import b` counts as a and a.b."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports(path: Path) -> set[str]:
    return set(imported(list(ast.walk(tree(path)))))


def importers(package: str) -> set[str]:
    """Every file that imports `package`, anywhere in it."""
    found = (path for path in SOURCES if any(name.split(".")[0] == package for name in imports(path)))
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_importing_the_core_brings_in_no_interface_and_no_backbone():
    heavy = ("gradio", "plotly", "umap", "numba", "open_clip", "torchvision", "matplotlib")
    program = f"import sys, llu_core; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_exactly_those_listed():
    names = {name for name, value in vars(llu_core).items() if not name.startswith("_")}
    modules = {name for name in names if isinstance(getattr(llu_core, name), ModuleType)}
    assert set(llu_core.__all__) == names - modules
    assert len(llu_core.__all__) == len(set(llu_core.__all__))


def test_only_the_shell_of_the_demo_imports_gradio():
    assert importers("gradio") <= {"demo/views.py", "demo/wiring.py", "demo/actions.py"}


def test_only_the_projection_imports_umap():
    assert importers("umap") <= {"demo/projection.py"}


def test_the_core_imports_neither_the_demo_nor_a_plotting_library():
    for path in CORE.rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & {"demo", "app", "gradio", "plotly", "umap"}, path


def test_every_core_module_has_its_layer():
    assert {path.stem for path in CORE.glob("*.py")} == {*LAYERS, "__init__"}


@pytest.mark.parametrize("module", LAYERS)
def test_a_core_module_imports_only_from_the_layers_below(module: str):
    # functions may import late what they need late: the picture world, which is itself made of the core
    below = LAYERS[: LAYERS.index(module)]
    names = {name.split(".")[1] for name in imports(CORE / f"{module}.py") if name.startswith("llu_core.")}
    assert names - {"pictoworld"} <= set(below)


def test_the_picture_world_is_imported_late():
    for module in LAYERS:
        top_level = set(imported(list(tree(CORE / f"{module}.py").body)))
        assert not any(name.startswith("llu_core.pictoworld") for name in top_level), module


def test_nothing_is_unpickled():
    # encoder.py catches the error that torch raises when it refuses to unpickle
    for path in SOURCES:
        assert imports(path) & {"pickle", "dill", "cloudpickle", "joblib"} <= (
            {"pickle"} if path.name == "encoder.py" else set()
        )
        names = {name for name in imports(path) if name.startswith("pickle.")}
        assert names <= {"pickle.UnpicklingError"}, path
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            if ast.unparse(call.func) == "torch.load":
                assert ast.unparse(keywords.get("weights_only", ast.Constant(False))) == "True", path
            if ast.unparse(call.func) in ("np.load", "numpy.load"):
                assert ast.unparse(keywords.get("allow_pickle", ast.Constant(False))) == "False", path
