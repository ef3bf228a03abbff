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
    "files",
    "steps",
    "encoders",
    "data",
    "method",
    "systems",
    "evaluation",
    "bench",
    "cli",
]
"""The core from bottom to top: a module imports only from those before it; the files of a package are one layer."""


def files_of(layer: str) -> list[Path]:
    """The file of a module, or all files of a package."""
    return sorted((CORE / layer).rglob("*.py")) or [CORE / f"{layer}.py"]


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
    program = f"import sys; from llu_core import *; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_core_or_the_map_waits_for_no_statistics_package():
    program = (
        "import sys, demo.session.projection; from llu_core import *; "
        "print([name for name in ('sklearn', 'scipy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_alone_is_there_at_once():
    program = "import sys, llu_core; print([name for name in ('torch', 'numpy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_exactly_those_listed():
    stub = tree(CORE / "__init__.pyi")
    (listed,) = [ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign)]
    assert sorted(listed) == sorted(llu_core.__all__)
    assert len(listed) == len(set(listed))
    assert not any(isinstance(getattr(llu_core, name), ModuleType) for name in listed)


def test_only_the_shell_of_the_demo_imports_gradio():
    assert all(path.startswith("demo/page/") for path in importers("gradio"))


def test_only_the_projection_imports_umap():
    assert importers("umap") <= {"demo/session/projection.py"}


def test_the_core_imports_neither_the_demo_nor_a_plotting_library():
    for path in CORE.rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & {"demo", "app", "gradio", "umap"}, path
    assert {name for name in importers("plotly") if name.startswith("llu_core")} <= {"llu_core/evaluation/report.py"}
    top_level = set(imported(list(tree(CORE / "evaluation" / "report.py").body)))
    assert not any(name.split(".")[0] == "plotly" for name in top_level), "figures are imported when they are drawn"


def test_only_the_grid_imports_what_runs_it():
    assert importers("joblib") | importers("distributed") <= {"llu_core/evaluation/runner.py"}


def test_every_core_module_has_its_layer():
    modules = {path.stem for path in CORE.glob("*.py")} | {path.parent.name for path in CORE.glob("*/__init__.py")}
    assert modules == {*LAYERS, "__init__", "__main__", "pictoworld"}


@pytest.mark.parametrize("module", LAYERS)
def test_a_core_module_imports_only_from_the_layers_below(module: str):
    # functions may import late what they need late: the picture world, which is itself made of the core
    files, below = files_of(module), LAYERS[: LAYERS.index(module)]
    names = {name.split(".")[1] for path in files for name in imports(path) if name.startswith("llu_core.")}
    assert names - {"pictoworld"} - ({module} if (CORE / module).is_dir() else set()) <= set(below)


def test_the_picture_world_is_imported_late():
    for module in LAYERS:
        for path in files_of(module):
            top_level = set(imported(list(tree(path).body)))
            late = ("llu_core.pictoworld", "llu_core.data.built_in")
            assert path.stem == "built_in" or not any(name.startswith(late) for name in top_level), path


def test_nothing_is_unpickled():
    # loading.py catches the error that torch raises when it refuses to unpickle; cached_shots.py reads the one
    # format that is a pickle, with a reader that knows one name (tests/data/test_cached_shots.py)
    may_import = {"loading.py": {"pickle.UnpicklingError"}, "cached_shots.py": set()}
    for path in SOURCES:
        assert imports(path) & {"pickle", "dill", "cloudpickle"} <= ({"pickle"} if path.name in may_import else set())
        names = {name for name in imports(path) if name.startswith("pickle.")}
        assert names <= may_import.get(path.name, set()), path
        used = {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
        assert {name for name in used if name.startswith("pickle.")} <= {"pickle._Unpickler"}, path
        assert not {"joblib.load", "joblib.dump"} & (used | imports(path)), path
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            if ast.unparse(call.func) == "torch.load":
                assert ast.unparse(keywords.get("weights_only", ast.Constant(False))) == "True", path
            if ast.unparse(call.func) in ("np.load", "numpy.load"):
                assert ast.unparse(keywords.get("allow_pickle", ast.Constant(False))) == "False", path
