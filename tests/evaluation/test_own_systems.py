"""Systems of one's own: registered or found by an entry point, in tables, by other processes and on a Dask cluster."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType

import pytest

from llu_core.cli import evaluate_plans
from llu_core.cli.main import build_parser
from llu_core.data.features import Features
from llu_core.errors import LluError
from llu_core.evaluation.configuration import Setting
from llu_core.evaluation.plans import COMPARED_SYSTEMS, Plan, cells
from llu_core.evaluation.results import TransferRow
from llu_core.evaluation.runner import Outcome, run_grid
from llu_core.method.classifier import ZeroShotClassifier
from llu_core.method.recipes import RECIPES
from llu_core.systems import registry
from llu_core.systems.contract import AnyClasses, Device, Fitted, Material
from llu_core.systems.recipes_named import systems_called, title
from llu_core.systems.registry import SYSTEMS, System, register, systems_named
from support.synthetic import problem

WHOLE = problem(base=6, new=1, shots=4).select_classes(range(6))
FEATURES = {"whole": Features.of(replace(WHOLE, name="whole"))}


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SYSTEMS", SYSTEMS)
    for name in ("upside-down", "mine"):
        monkeypatch.setitem(SYSTEMS, name, SYSTEMS["clip"])
        monkeypatch.delitem(SYSTEMS, name)


def upside_down() -> System:
    """A system whose function no other process can import: it has to be sent."""

    def fit(material: Material, seed: int, device: Device) -> Fitted:
        return AnyClasses(ZeroShotClassifier(-material.shots.logit_scale))

    return System("upside-down", "Upside down", new_classes=True, needs_encoder=False, fit=fit)


def accuracies(outcomes: Iterator[Outcome]) -> list[float | None]:
    return [row.accuracy for outcome in outcomes for row in outcome.rows if isinstance(row, TransferRow)]


def grid(name: str = "upside-down"):
    return cells(Plan("few-shot", ("whole",), ("clip", name), shots=(2,), seeds=(1,)), FEATURES, Setting())


def test_a_registered_system_is_named_trained_and_shown_like_the_others():
    register(upside_down())
    clip, own = accuracies(run_grid(grid()))
    assert clip is not None
    assert own is not None
    assert own < clip
    assert title("upside-down") == "Upside down"


def test_other_processes_get_a_registered_system_sent():
    register(upside_down())
    assert accuracies(run_grid(grid(), jobs=2)) == accuracies(run_grid(grid()))


def test_a_dask_cluster_gets_it_too():
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    register(upside_down())
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        found = accuracies(run_grid(grid(), dask=cluster.scheduler_address))
    assert found == accuracies(run_grid(grid()))


@pytest.mark.parametrize("workers", ["processes", "dask"])
def test_a_system_that_cannot_be_sent_ends_in_one_line(workers: str):
    lock = threading.Lock()

    def fit(material: Material, seed: int, device: Device) -> Fitted:
        with lock:
            return AnyClasses(ZeroShotClassifier())

    register(System("mine", "Mine", new_classes=True, needs_encoder=False, fit=fit))
    with ExitStack() as stack:
        given: dict = {"jobs": 2}
        if workers == "dask":
            distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
            cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
            given = {"dask": stack.enter_context(cluster).scheduler_address}
        with pytest.raises(LluError, match="cannot be sent to other processes; put it into a module"):
            list(run_grid(grid("mine"), **given))


def test_own_systems_join_all_of_them_on_the_command_line():
    register(upside_down())

    def asked(protocol: str, methods: str) -> dict[str, tuple[str, ...]]:
        options = build_parser().parse_args(["evaluate", protocol, "picto:digits", "--methods", methods])
        return {plan.protocol: plan.systems for plan in evaluate_plans.plans_of(options, ())}

    assert asked("few-shot", "all,upside-down") == {"few-shot": (*COMPARED_SYSTEMS, "upside-down")}
    with_recipe = asked("all", "all,llu@paper,upside-down")["base-to-new"]
    assert with_recipe == (*COMPARED_SYSTEMS, "llu@paper", "upside-down")
    in_all = asked("all", "clip,upside-down")
    assert in_all["base-to-new"] == ("clip", "upside-down")
    assert "ablation" not in in_all


@pytest.mark.parametrize("name", ["clip", "llu", "all", "a,b", "", "two words"])
def test_names_of_others_and_names_that_cannot_be_typed_are_refused(name: str):
    with pytest.raises(LluError, match=r"another name|use letters"):
        register(replace(upside_down(), name=name))


def test_a_recipe_is_refused_where_a_system_of_ones_own_would_not_be_trained_by_it():
    register(replace(upside_down(), recipe=RECIPES["fast"]))
    with pytest.raises(LluError, match="unknown method upside-down@paper"):
        systems_called(["upside-down@paper"])


def offer(monkeypatch: pytest.MonkeyPatch, value: str, **attributes: object) -> None:
    """Let an installed package offer `value` as the entry point "mine"."""
    module = ModuleType("offered")
    vars(module).update(attributes)
    monkeypatch.setitem(sys.modules, "offered", module)
    points = EntryPoints([EntryPoint("mine", value, registry.ENTRY_POINTS)])
    monkeypatch.setattr(registry, "entry_points", lambda **chosen: points.select(**chosen))


def test_an_entry_point_is_loaded_when_it_is_named(monkeypatch: pytest.MonkeyPatch):
    offer(monkeypatch, "offered:SYSTEM", SYSTEM=replace(upside_down(), name="mine"))
    assert "mine" not in SYSTEMS
    assert [system.title for system in systems_named(["mine", "clip"])] == ["Upside down", "CLIP"]
    with pytest.raises(LluError, match=r"unknown method other; choose from: clip, .*, mine"):
        systems_named(["other"])


@pytest.mark.parametrize(
    ("value", "attributes", "says"),
    [
        ("offered:SYSTEM", {}, "cannot be loaded"),
        ("nowhere.at.all:SYSTEM", {}, "cannot be loaded"),
        ("offered:SYSTEM", {"SYSTEM": 7}, "must be a System with the name 'mine'"),
        ("offered:SYSTEM", {"SYSTEM": SYSTEMS["clip"]}, "must be a System with the name 'mine'"),
    ],
)
def test_an_entry_point_that_is_no_system_ends_in_one_line(monkeypatch, value: str, attributes: dict, says: str):
    offer(monkeypatch, value, **attributes)
    with pytest.raises(LluError, match=f"^the entry point mine = {value} {says}"):
        systems_named(["mine"])


def test_a_system_of_a_script_runs_with_jobs_from_the_command_line(tmp_path: Path):
    script = tmp_path / "own.py"
    script.write_text(
        "import sys\n"
        "from llu_core.cli.main import main\n"
        "from llu_core.method.classifier import ZeroShotClassifier\n"
        "from llu_core.systems.contract import AnyClasses\n"
        "from llu_core.systems.registry import System, register\n"
        "def fit(material, seed, device):\n"
        "    return AnyClasses(ZeroShotClassifier(2 * material.shots.logit_scale))\n"
        "if __name__ == '__main__':\n"
        "    register(System('mine', 'Mine', new_classes=True, needs_encoder=False, fit=fit))\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    asked = [
        "evaluate",
        "few-shot",
        "picto:digits",
        "--methods",
        "clip,mine",
        "--shots",
        "1",
        "--seeds",
        "1",
        "--jobs",
        "2",
    ]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, script, *asked], cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "mine" in done.stdout
