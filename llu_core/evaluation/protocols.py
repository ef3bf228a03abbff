"""The paper's evaluation protocols; they return rows and print nothing.

A Trial is one training: a system on the shots of one seed, and what it is tested on. Trials hold data and names only,
so that they travel to other processes; `run_trial` carries one out. `timing` has the protocol of Figure 3.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from llu_core.data.features import Drawn, Features
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError
from llu_core.evaluation.means import mean_rows
from llu_core.evaluation.measures import Measures, measured
from llu_core.evaluation.open_world import Score, elsewhere, open_world, score
from llu_core.evaluation.predictions import Predictions
from llu_core.evaluation.results import AnyRow, Row, TransferRow
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import harmonic_mean
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.systems.contract import Device
from llu_core.systems.recipes_named import recipe_name, systems_called
from llu_core.systems.registry import CannotAnswer, Fitted, Material, System

LoadEncoder = Callable[[], Encoder]
"""Makes the encoder behind the embeddings where a trial needs one; it must survive pickling for use in processes."""

NO_ENCODER = "trains through the text tower; embeddings alone are given"


@dataclass(frozen=True, eq=False)
class Trial:
    """One training and its tests.

    drawn: the shots, over all classes; targets: what the transfer protocols test on besides it; predictions: whether
    its rows carry the answer to every picture.
    """

    protocol: str
    system: str
    shots: int
    seed: int
    drawn: Drawn
    targets: tuple[FewShotSet, ...] = ()
    recipe: Recipe = RECIPES["fast"]
    device: Device = "cpu"
    load_encoder: LoadEncoder | None = None
    predictions: bool = False


def run_trial(trial: Trial) -> list[AnyRow]:
    """The rows of a trial. Raises LluError for data that the protocol cannot use."""
    match trial.protocol:
        case "base-to-new" | "ablation":
            return [_base_to_new(trial)]
        case "cross-dataset":
            return [*_transfer(trial, lambda trained, target: target)]
        case "domain-shift":
            return [*_transfer(trial, same_classes)]
    raise ValueError(f"no trial of protocol {trial.protocol!r}")


def base_to_new(
    source: FewShotSet | Features,
    methods: Sequence[str],
    *,
    shots: int = 16,
    seeds: Sequence[int] = (1, 2, 3),
    recipe: Recipe = RECIPES["fast"],
    device: Device = "cpu",
    load_encoder: LoadEncoder | None = None,
) -> Iterator[Row]:
    """Train on the base classes, test base and new as two closed problems; a Row per system and seed, then MeanRows.

    Shots are sampled over all classes, then split (CoOp's order). methods: names of SYSTEMS. Raises LluError if a base
    class has no shots or a half has no test images.
    """
    names = [system.name for system in systems_called(methods, recipe)]
    if not seeds:
        raise LluError("there is no seed; give at least one")
    features = source if isinstance(source, Features) else Features.of(source)
    rows: dict[str, list[Row]] = {name: [] for name in names}
    for seed in seeds:
        drawn = features.draw(shots, seed)
        for name in names:
            trial = Trial("base-to-new", name, shots, seed, drawn, (), recipe, device, load_encoder)
            rows[name].append(row := _base_to_new(trial))
            yield row
    yield from mean_rows([row for same in rows.values() for row in same])


def _base_to_new(trial: Trial) -> Row:
    base, new = trial.drawn.split()
    name = base.problem.name
    base.problem.require_shots()
    base.problem.require_test("base")
    new.problem.require_test("new")
    fitted, seconds, why = _fitted(trial, base)
    base_score, new_score = score(fitted, base.problem), score(fitted, new.problem)
    whole = replace(trial.drawn.problem, train=base.problem.train)
    return Row(
        protocol=trial.protocol,
        source=name,
        method=trial.system,
        shots=trial.shots,
        seed=trial.seed,
        base=base_score.accuracy,
        new=new_score.accuracy,
        h=harmonic_mean(base_score.accuracy, new_score.accuracy),
        train_seconds=seconds,
        distance_to_identity=_distance(fitted, base.problem),
        reason=why or base_score.reason or new_score.reason,
        elsewhere=elsewhere(fitted, base.problem, base.problem.controls),
        **asdict(open_world(fitted, whole, base_score, new_score)),
        **_measures("base_", base.problem, base_score),
        **_measures("new_", new.problem, new_score),
        recipe=recipe_of(trial),
        draw=draw_of(base.problem.train),
        predictions=(
            *_predictions(trial, base.problem, base_score, "base"),
            *_predictions(trial, new.problem, new_score, "new"),
        ),
    )


def _measures(prefix: str, problem: FewShotSet, answer: Score) -> dict[str, float | None]:
    """The columns of `measures`, each with a prefix."""
    found = Measures() if answer.logits is None else measured(answer.logits, problem.test.labels)
    return {f"{prefix}{column}": value for column, value in asdict(found).items()}


def _predictions(trial: Trial, problem: FewShotSet, answer: Score, part: str = "") -> tuple[Predictions, ...]:
    if not trial.predictions or answer.logits is None or answer.classifier is None:
        return ()
    return (Predictions.of(problem, answer.classifier, answer.logits, part),)


def draw_of(train: LabelledEmbeddings) -> str:
    """A fingerprint of the pictures that were drawn, the same whatever their order."""
    rows = sorted(f"{label} {name}" for label, name in zip(train.labels.tolist(), train.names, strict=True))
    return hashlib.blake2b("\0".join(rows).encode(errors="replace"), digest_size=8).hexdigest()


def _transfer(trial: Trial, closed_problem: Callable[[FewShotSet, FewShotSet], FewShotSet]) -> Iterator[TransferRow]:
    """A row for the source's own test pictures, then one per target; trained on every class that has shots."""
    trained = trial.drawn.select_classes(trial.drawn.problem.seen_classes)
    problem = trained.problem
    targets = [problem, *(closed_problem(problem, target) for target in trial.targets)]
    for target in targets:
        problem.require_same_width(target)
        target.require_test()
    fitted, seconds, why = _fitted(trial, trained)
    for target in targets:
        answer = score(fitted, target)
        yield TransferRow(
            protocol=trial.protocol,
            source=problem.name,
            target=target.name,
            method=trial.system,
            shots=trial.shots,
            seed=trial.seed,
            accuracy=answer.accuracy,
            train_seconds=seconds,
            reason=why or answer.reason,
            **_measures("", target, answer),
            recipe=recipe_of(trial),
            draw=draw_of(problem.train),
            predictions=_predictions(trial, target, answer),
        )


def same_classes(trained: FewShotSet, target: FewShotSet) -> FewShotSet:
    """The part of `target` whose class names `trained` has too, in the target's order: a domain shift keeps classes.

    Raises LluError if there is none.
    """
    names = set(trained.class_names)
    shared = [label for label, name in enumerate(target.class_names) if name in names]
    if not shared:
        where = f"{target.bundle}: class_names" if target.bundle else target.name
        raise LluError(f"{where} has no class of {trained.name}; a domain shift needs the same class names")
    return target.select_classes(shared)


def material_for(trial: Trial, drawn: Drawn) -> Material:
    """What a system learns from: the shots without the test rows, and the encoder where the system needs one.

    Raises CannotAnswer where it needs one and there is none.
    """
    system = system_of(trial)
    if system.needs_encoder and trial.load_encoder is None:
        raise CannotAnswer(NO_ENCODER)
    return Material.of(
        drawn.problem,
        validation=drawn.validation,
        views=drawn.views,
        encoder=trial.load_encoder() if system.needs_encoder and trial.load_encoder else None,
    )


def system_of(trial: Trial) -> System:
    """The system a trial trains."""
    (system,) = systems_called([trial.system], trial.recipe)
    return system


def recipe_of(trial: Trial) -> str:
    """What LLU is trained by, before an ablation, "" for other systems."""
    return "" if system_of(trial).recipe is None else recipe_name(trial.system, trial.recipe)


def _fitted(trial: Trial, drawn: Drawn) -> tuple[Fitted | None, float | None, str]:
    """The trained system and its seconds, or why it cannot be trained on this."""
    try:
        material = material_for(trial, drawn)
        return *system_of(trial).timed_fit(material, trial.seed, trial.device), ""
    except CannotAnswer as error:
        return None, None, str(error)


def _distance(fitted: Fitted | None, base: FewShotSet) -> float | None:
    """The sum of eq. 6 without lambda, for the localised adapters of Table 4."""
    try:
        classifier = fitted.on(base) if fitted else None
    except CannotAnswer:
        return None
    return classifier.distance_to_identity() if isinstance(classifier, LocalizedAdapter) else None
