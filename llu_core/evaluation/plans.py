"""What to run: a Plan names protocols' sources, systems, shots and seeds; `cells` makes the grid of it.

The built-in sets have a preset, sized for two processor cores and half an hour, and the whole grid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from llu_core.data.features import Drawn, Features, without_thumbnails
from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.evaluation.configuration import Setting, configuration, fingerprint, of_draw
from llu_core.evaluation.protocols import Trial, run_trial
from llu_core.evaluation.results import ROW_TYPES
from llu_core.evaluation.runner import Cell, Task
from llu_core.evaluation.sequence.cells import SEQUENCE_SETS, sequence_cells
from llu_core.evaluation.timing.cells import processor, timed_forms, timed_rows
from llu_core.method.recipes import ABLATIONS
from llu_core.systems.composed.learners import LEARNERS
from llu_core.systems.recipes_named import systems_called
from llu_core.systems.registry import SYSTEMS, llu_system, own_system

ALL_SHOTS = (1, 2, 4, 8, 16)
SEEDS = (1, 2, 3)
PAPER_PROTOCOLS = tuple(protocol for protocol in ROW_TYPES if protocol != "few-shot")
ABLATION_SYSTEMS = tuple(llu_system(ablation=ablation).name for ablation in ABLATIONS)
COMPARED_SYSTEMS = (*(name for name in SYSTEMS if not name.startswith("llu-")), "llu-tuned")

TASKS = ("shapes", "textures", "coloured-shapes", "patterned-shapes", "counts")
SHIFTS = ("sketched", "night", "negative", "mosaic")
PLAIN_SETS = (*(f"picto:{task}" for task in TASKS), "picto:new-words", "picto:digits")
DEFAULT_SOURCE = "picto:sketched-shapes"
"""Of the transfer protocols: of the plain sets the model knows all before training, and no table would differ."""
PRESET_SETS = (
    "picto:shapes",
    "picto:sketched-shapes",
    "picto:sketched-textures",
    "picto:mosaic-textures",
    "picto:sketched-counts",
    "picto:new-words",
    "picto:digits",
)
"""What the embedded model finds easy, hard and new. Nearly all of a run goes to the prompt learners, whose steps and
texts grow with the classes: hence no set of more than 18."""


@dataclass(frozen=True)
class Plan:
    """A protocol over sources. The transfer protocols train on each source and test it on all `targets` as well.

    Raises LluError where a transfer protocol has no target.
    """

    protocol: str
    sources: tuple[str, ...]
    systems: tuple[str, ...]
    targets: tuple[str, ...] = ()
    shots: tuple[int, ...] = (16,)
    seeds: tuple[int, ...] = SEEDS

    def __post_init__(self) -> None:
        if self.protocol in ("cross-dataset", "domain-shift") and not self.targets:
            raise LluError(f"{self.protocol} trains on the first source and tests on the others; name at least two")
        if self.protocol == "sequence" and len(self.sources) < 2:
            raise LluError("sequence trains on one source after the other; name at least two")

    @property
    def names(self) -> tuple[str, ...]:
        """Every source and target."""
        return tuple(dict.fromkeys((*self.sources, *self.targets)))

    @property
    def draws(self) -> tuple[tuple[int, int], ...]:
        """(shots, seed) of every draw."""
        return tuple((shots, seed) for shots in self.shots for seed in self.seeds)


def preset() -> list[Plan]:
    """Every protocol and system on some of the built-in sets."""
    return [
        Plan("base-to-new", PRESET_SETS, COMPARED_SYSTEMS, shots=ALL_SHOTS),
        *_rest((DEFAULT_SOURCE,), PRESET_SETS),
    ]


def whole_grid() -> list[Plan]:
    """Every protocol, system, number of shots and seed on every built-in set."""
    every = (*PLAIN_SETS, *(name for plain in PLAIN_SETS for name in shifted_sets(plain)))
    return [Plan("base-to-new", every, COMPARED_SYSTEMS, shots=ALL_SHOTS), *_rest((*PLAIN_SETS, DEFAULT_SOURCE), every)]


def _rest(sources: Sequence[str], ablated: Sequence[str]) -> list[Plan]:
    shifting = [name for name in sources if shifted_sets(name)]
    return [
        *(Plan("cross-dataset", (name,), COMPARED_SYSTEMS, other_sets(name)) for name in sources),
        *(Plan("domain-shift", (name,), COMPARED_SYSTEMS, shifted_sets(name)) for name in shifting),
        Plan("ablation", tuple(ablated), ABLATION_SYSTEMS),
        Plan("sequence", SEQUENCE_SETS, tuple(LEARNERS)),
        Plan("timing", (DEFAULT_SOURCE,), COMPARED_SYSTEMS, seeds=(1,)),
    ]


def other_sets(name: str) -> tuple[str, ...]:
    """The plain built-in sets of other classes than `name`, targets of cross-dataset; none where `name` is not built
    in."""
    own = (name, *shifted_sets(name))
    return tuple(other for other in PLAIN_SETS if other not in own) if name.startswith("picto:") else ()


def shifted_sets(name: str) -> tuple[str, ...]:
    """The other versions of a built-in set of TASKS, with the same classes, the plain one first; none for others."""
    for task in TASKS:
        versions = (f"picto:{task}", *(f"picto:{shift}-{task}" for shift in SHIFTS))
        if name in versions:
            return tuple(version for version in versions if version != name)
    return ()


def cells(plan: Plan, features: Mapping[str, Features], setting: Setting) -> list[Cell]:
    """The grid of a plan over the sources that are in `features`; the others are left out.

    Raises LluError for unknown systems.
    """
    if plan.protocol == "sequence":
        known_sets = [features[name] for name in plan.sources if name in features]
        return sequence_cells(known_sets, plan.systems, plan.draws, setting) if known_sets else []
    systems = systems_called(plan.systems, setting.recipe)
    targets = tuple(without_thumbnails(features[name].problem) for name in plan.targets if name in features)
    fingerprints = {target.name: fingerprint(target) for target in targets}
    made: list[Cell] = []
    for name in (name for name in plan.sources if name in features):
        source = features[name]
        known = {each.name: configuration(plan.protocol, source, fingerprints, each, setting) for each in systems}
        for shots, seed in plan.draws:
            made += _Grid(plan.protocol, features[name], targets, shots, seed, setting).cells(known)
    return made


@dataclass(frozen=True, eq=False)
class _Grid:
    """The cells of one draw."""

    protocol: str
    source: Features
    targets: tuple[FewShotSet, ...]
    shots: int
    seed: int
    setting: Setting

    def cells(self, known: Mapping[str, dict[str, Any]]) -> list[Cell]:
        """known: what decides the rows of every system, whatever is drawn."""
        try:
            drawn = _drawn(self.source, self.shots, self.seed)
        except LluError:
            drawn = None  # the cells say it themselves when they are prepared, each by its name
        ours = of_draw(drawn, self.shots, self.seed)
        if self.protocol == "timing":
            return [cell for system in known for cell in self._timing_cells(system, known[system] | ours)]
        return [Cell(known[system] | ours, partial(self._prepare, system)) for system in known]

    def _trial(self, system: str) -> Trial:
        setting = self.setting
        # a feature bundle brings no model, and says at most by its word which one made it
        problem = self.source.problem
        load_encoder = setting.load_encoder if problem.encoder_identity and not problem.bundle else None
        return Trial(
            protocol=self.protocol,
            system=system,
            shots=self.shots,
            seed=self.seed,
            drawn=_drawn(self.source, self.shots, self.seed),
            targets=self.targets,
            recipe=setting.recipe,
            device=setting.device,
            load_encoder=load_encoder,
            own=own_system(system),
            predictions=setting.predictions,
        )

    def _prepare(self, system: str) -> Task:
        return partial(run_trial, self._trial(system))

    def _timing_cells(self, system: str, known: dict[str, Any]) -> list[Cell]:
        """One for every form, number of classes and batch size."""
        made, sizes = [], self.setting.sizes
        everything = known | {"processor": processor(self.setting.device)}
        for form in timed_forms(system):
            for classes in sizes.classes or (None,):
                for size in sizes.batch_sizes:
                    sized = {"form": form, "classes": classes, "batch_size": size}
                    prepare = partial(self._prepare_timing, system, form, classes, size)
                    made.append(Cell(everything | sized, prepare, alone=True))
        return made

    def _prepare_timing(self, system: str, form: str, classes: int | None, size: int) -> Task:
        return partial(timed_rows, self._trial(system), form, classes, size)


@lru_cache(maxsize=1)
def _drawn(source: Features, shots: int, seed: int) -> Drawn:
    """A draw without thumbnails; the last one is kept, since the cells of a draw follow each other."""
    drawn = source.draw(shots, seed)
    return replace(drawn, problem=without_thumbnails(drawn.problem))
