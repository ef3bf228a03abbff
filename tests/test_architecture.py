"""Who may import whom, in Python and in the page's script, and what the package promises by name."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import llu_core

ROOT = Path(__file__).parent.parent
CORE, DEMO = ROOT / "llu_core", ROOT / "demo"
CLIENT = DEMO / "client"
SOURCES = sorted([*CORE.rglob("*.py"), *DEMO.rglob("*.py"), ROOT / "app.py"])
SCRIPTS = sorted(CLIENT.rglob("*.js"))

CORE_LAYERS = (
    ("errors",),
    ("steps",),
    ("terminal",),
    ("files",),
    ("encoders",),
    ("pictoworld",),
    ("data",),
    ("method",),
    ("systems", "bridges"),
    ("evaluation",),
    ("bench",),
    ("cli",),
)
DEMO_LAYERS = (("settings", "client"), ("session",), ("payloads", "hosting"), ("page",), ("launch",))
"""From bottom to top: what stands in one place imports from the places below it, and from itself."""


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
        "import sys, demo.session.projection, llu_core; "
        "[getattr(llu_core, name) for name in llu_core.__all__ if name != 'LLUClassifier']; "
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
    assert {name for name in importers("plotly") if name.startswith("llu_core")} <= {
        "llu_core/evaluation/reporting/figures.py"
    }
    top_level = set(imported(list(tree(CORE / "evaluation" / "reporting" / "figures.py").body)))
    assert not any(name.split(".")[0] == "plotly" for name in top_level), "figures are imported when they are drawn"


def test_only_the_grid_imports_what_runs_it():
    assert importers("joblib") | importers("distributed") <= {"llu_core/evaluation/runner.py"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def imported_modules(path: Path) -> set[str]:
    """The project's own modules that a file imports; a package counts where a name is taken from its `__init__`."""
    own = imports(path) & MODULES.keys()
    return own - {module_name(path), "llu_core", "demo"}


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """One way round each circle of a graph of imports."""
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return error.args[1]
    return []


LAYERS = {
    f"{package}.{name}": (package, height)
    for package, layers in (("llu_core", CORE_LAYERS), ("demo", DEMO_LAYERS))
    for height, names in enumerate(layers)
    for name in names
}


def room_of(module: str) -> str:
    """The first two parts of a module's name: the package, or the single module, that the layers speak of."""
    return ".".join(module.split(".")[:2])


def test_every_module_is_in_a_layer():
    outside = {room_of(module) for module in MODULES} - LAYERS.keys()
    assert outside == {"llu_core", "llu_core.__main__", "demo", "app"}


@pytest.mark.parametrize("room", LAYERS)
def test_a_room_imports_only_from_the_rooms_below(room: str):
    inside = {module: path for module, path in MODULES.items() if room_of(module) == room}
    for module, path in inside.items():
        for other in {room_of(name) for name in imported_modules(path)} - {room}:
            package, height = LAYERS[other]
            below = (LAYERS[room][0], package) == ("demo", "llu_core")
            assert below or (package == LAYERS[room][0] and height < LAYERS[room][1]), f"{module} imports {other}"


def test_no_module_imports_itself_by_a_detour():
    assert circles({module: imported_modules(path) for module, path in MODULES.items()}) == []


def test_the_picture_world_is_imported_late():
    late = ("llu_core.pictoworld", "llu_core.data.built_in")
    for path in (path for path in SOURCES if path.parent.name != "pictoworld" and path.stem != "built_in"):
        top_level = set(imported(list(tree(path).body)))
        assert not any(name.startswith(late) for name in top_level), path


def test_files_and_folders_stay_small_enough_to_read():
    code = [*SOURCES, *SCRIPTS]
    for path in code:
        assert path.read_text(encoding="utf-8").count("\n") <= 300, path
    folders = Counter(path.parent for path in code)
    assert max(folders.values()) <= 16
    assert len(list(CORE.glob("*.py"))) <= 5
    assert len(list(DEMO.glob("*.py"))) <= 3


def script_imports(path: Path) -> set[str]:
    """The scripts that a module imports, by their path in demo/client."""
    text = path.read_text(encoding="utf-8")
    return {(path.parent / name).resolve().relative_to(CLIENT).as_posix() for name in re.findall(FROM, text)}


FROM = r"""(?m)^(?:import|export|\}) .*?from "(\.[^"]+)";$"""


def test_every_script_is_a_module_that_imports_what_is_there_and_never_itself():
    names = {path.relative_to(CLIENT).as_posix(): path for path in SCRIPTS}
    graph = {name: script_imports(path) for name, path in names.items()}
    assert set().union(*graph.values()) <= names.keys()
    assert circles(graph) == []
    for name, path in names.items():
        assert re.search(r"(?m)^export ", path.read_text(encoding="utf-8")), name


def code_of(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"/\*[\s\S]*?\*/|(?m:^\s*//.*$)", "", path.read_text(encoding="utf-8"))


def test_the_scripts_model_knows_no_page():
    for path in sorted((CLIENT / "explorer" / "model").rglob("*.js")):
        assert all(name.startswith("explorer/model/") for name in script_imports(path)), path
        assert not re.search(r"\b(document|window|navigator|element|root|addEventListener)\b", code_of(path)), path
    for stateful, others in (("state.js", ("change", "sliders", "tabs/names")), ("sliders.js", ("told",))):
        names = script_imports(CLIENT / "explorer" / stateful)
        assert all(name.startswith(tuple(f"explorer/{part}" for part in ("model/", *others))) for name in names)


def test_one_script_knows_plotly_and_one_name_is_global():
    knowing = {path.name for path in SCRIPTS if re.search(r"\bPlotly\b|\._[a-z]", code_of(path))}
    assert knowing == {"plotly.js"}
    given = {(path.name, name) for path in SCRIPTS for name in re.findall(r"window\.(\w+) = ", code_of(path))}
    assert given == {("index.js", "lluExplorer")}


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
