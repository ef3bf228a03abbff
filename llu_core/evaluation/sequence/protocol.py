"""Sets learned one after the other; after each, all are asked, those still to come too (X-TAIL, arXiv 2406.18868)."""

import hashlib
import time
from dataclasses import dataclass

from llu_core.data.fewshot import FewShotSet
from llu_core.evaluation.protocols import draw_of
from llu_core.evaluation.sequence.problem import SequenceProblem
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.method.elsewhere.accuracy import accuracy_elsewhere
from llu_core.method.fitting import warm_up
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.systems.composed.learners import learners_named
from llu_core.systems.contract import Device
from llu_core.systems.recipes_named import recipe_name


@dataclass(frozen=True, eq=False)
class SequenceTrial:
    """One learner on the shots of one seed. sets: their train rows are the shots, in the order of learning."""

    learner: str
    shots: int
    seed: int
    sets: tuple[FewShotSet, ...]
    recipe: Recipe = RECIPES["fast"]
    device: Device = "cpu"


def source_of(names: tuple[str, ...]) -> str:
    """What a sequence is called."""
    return " + ".join(names)


def run_sequence(trial: SequenceTrial) -> list[SequenceRow]:
    """A row per step and set. Raises LluError for sets that the protocol cannot use."""
    (learner,) = learners_named([trial.learner])
    problem = SequenceProblem.of(trial.sets)
    names = tuple(each.name for each in trial.sets)
    draws = " ".join(draw_of(each.train) for each in problem.taught)
    draw = hashlib.blake2b(draws.encode(), digest_size=8).hexdigest()
    recipe = recipe_name("llu", trial.recipe) if learner.by_recipe else ""
    warm_up(str(trial.device))
    state, rows = None, []
    for step in range(1, len(names) + 1):
        start = time.perf_counter()
        state = learner.learn(state, problem.taught[:step], trial.recipe, trial.seed, trial.device)
        seconds = time.perf_counter() - start
        elsewhere = accuracy_elsewhere(state, problem.controls)
        for index, target in enumerate(names):
            base, new, joint = problem.accuracies(state, index)
            about = names[step - 1], step, index + 1, len(names), trial.learner, trial.shots, trial.seed
            found = base, new, joint, elsewhere, seconds
            rows.append(SequenceRow("sequence", source_of(names), target, *about, *found, recipe=recipe, draw=draw))
    return rows
