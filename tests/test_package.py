"""The package: what it declares, and that its wheel works by itself in another folder."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import llu_core
from llu_core.cli.main import main
from support.wheel_fixtures import run_elsewhere

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(lines: Iterable[str]) -> dict[str, Requirement]:
    """The requirements by their names; comments and references to other files are left out."""
    texts = (re.sub(r"\s+#.*|^#.*|^-r .*", "", line).strip() for line in lines)
    return {canonicalize_name(each.name): each for each in map(Requirement, filter(None, texts))}


def pinned(file: str) -> dict[str, str]:
    """The version of every package in a file of pins."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {name: next(iter(each.specifier)).version for name, each in requirements(lines).items()}


DECLARED = requirements(PROJECT["dependencies"])
APP = DECLARED | requirements(EXTRAS["app"])
DEVELOPMENT = requirements(
    line
    for extra in ("dask", "onnx", "sources", "dev")
    for line in EXTRAS[extra]
    if not line.startswith(PROJECT["name"])
)


@pytest.mark.parametrize("name", APP)
def test_every_pin_of_the_app_lies_in_the_declared_range(name: str):
    # threadpoolctl and httpx2 are pinned among what the others bring along
    assert APP[name].specifier.contains(pinned("requirements.txt")[name])


@pytest.mark.parametrize("name", DEVELOPMENT)
def test_every_pin_of_the_development_lies_in_the_declared_range(name: str):
    assert DEVELOPMENT[name].specifier.contains(pinned("requirements-dev.txt")[name])


def test_what_is_pinned_by_itself_is_declared():
    direct = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("# What those bring along")[0]
    assert requirements(direct.splitlines()).keys() <= APP.keys()
    assert pinned("requirements-dev.txt").keys() == DEVELOPMENT.keys()


def imported_packages() -> Iterator[str]:
    """The first parts of all that the library imports, anywhere in it."""
    for path in (ROOT / "llu_core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0]


def test_everything_that_the_library_imports_is_declared():
    foreign = set(imported_packages()) - sys.stdlib_module_names - {"llu_core"}
    distributions = packages_distributions()
    known = DECLARED.keys() | requirements([*EXTRAS["dask"], *EXTRAS["onnx"]]).keys()
    undeclared = {
        name for name in foreign if not known & {canonicalize_name(each) for each in distributions.get(name, [name])}
    }
    assert undeclared == set()


def test_the_command_says_its_version(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"llu-explorer {llu_core.__version__}\n"


def test_the_installed_command_trains_in_another_folder(installed: Path, tmp_path: Path):
    assert run_elsewhere([installed / "llu", "--version"], tmp_path) == f"llu-explorer {llu_core.__version__}\n"
    assert run_elsewhere([installed / "llu", "--help"], tmp_path).startswith("usage: llu ")
    program = "import llu_core.encoders.model_table as table; print(table.__file__, table.EMBEDDED_FOLDER, sep='\\n')"
    places = run_elsewhere([installed / "python", "-c", program], tmp_path).split()
    assert all(place.startswith(str(installed.parent)) for place in places)
    told = run_elsewhere([installed / "llu", "train", "picto:shapes", "--shots", "2", "--out", "adapter"], tmp_path)
    assert "adapter saved to adapter" in told
    assert (tmp_path / "adapter" / "adapter.safetensors").is_file()


def test_the_installed_package_reads_photographs(installed: Path, tmp_path: Path):
    program = (
        "from llu_core import OpenClipEncoder; print(*OpenClipEncoder.load('photo').encode_texts(['a lion']).shape)"
    )
    assert run_elsewhere([installed / "python", "-c", program], tmp_path).split() == ["1", "512"]


def test_the_wheel_says_what_it_needs(wheel: Path, installed: Path):
    (metadata,) = installed.parent.glob("lib/python*/site-packages/llu_explorer-*.dist-info/METADATA")
    needs = re.findall(r"^Requires-Dist: (.+)$", metadata.read_text(encoding="utf-8"), re.MULTILINE)
    assert {canonicalize_name(Requirement(each).name) for each in needs} >= APP.keys()
    assert re.findall(r"^Provides-Extra: (.+)$", metadata.read_text(encoding="utf-8"), re.MULTILINE) == sorted(EXTRAS)
    assert wheel.stat().st_size < 20_000_000
