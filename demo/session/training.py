"""Training and what follows from it: an adapter, its mask, its map."""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from demo.session.everyday import known_everyday_names, read_everyday_names
from demo.session.model import Model, build_model
from demo.session.presets import opening_setting
from demo.session.readers import loading_steps
from demo.session.session import Session
from demo.session.shelf.members import acting
from llu_core.data.embedding import embed_steps
from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.cache import RememberingEncoder
from llu_core.errors import LluError
from llu_core.method.adapter import check_mask
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.elsewhere.names import EverydayNames
from llu_core.method.fitting import Fitting, fit_steps
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.tuning import Tuning, guarded, tune
from llu_core.steps import relay

Step = TypeVar("Step")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """How far the work is. phase: "Loading the model", "Reading pictures", "Training", "Reading names" or "Drawing the
    map".

    detail: a short text.
    """

    phase: str
    done: int
    total: int
    detail: str = ""


Steps = Generator[Progress, None, Session]

LONG_PICTURES = 400
"""To read and train on more pictures than these takes more than a second or two."""


def is_long(session: Session) -> bool:
    """Whether it takes long to train on the set, so that others' shorter work may go first."""
    source = session.source
    return len(source.train) + len(source.test) > LONG_PICTURES


def set_mask(session: Session, beta: float, gamma: float) -> Session:
    """Remember beta and gamma of the set on the page."""
    check_mask(beta, gamma)
    return replace(session, beta=float(beta), gamma=float(gamma))


def set_statistics(session: Session, counted: bool) -> Session:
    """Remember whether class statistics count; raises LluError where the adapter has none."""
    session.require_model()
    if all(each.model.trained.adapter.statistics is None for each in acting(session)):
        raise LluError("this adapter has no class statistics; train with the recipe best to have some")
    return replace(session, statistics=counted)


def choose_mask(session: Session) -> tuple[Session, Tuning]:
    """Beta and gamma from held-out shots and classes of the training set; the adapter stays, only its mask moves.

    Raises LluError where there is no adapter, or none of its training pictures.
    """
    tuning = tuned(session)
    return set_mask(session, *tuning.recipe.mask), tuning


def tuned(session: Session) -> Tuning:
    """The choice of `choose_mask`, guarded by the set's controls; this takes long, and changes nothing."""
    model = session.require_asked()
    recipe = RECIPES.get(str(model.trained.recipe.get("name")), RECIPES["fast"])
    statistics = model.trained.adapter.statistics
    recipe = replace(recipe, statistics=statistics.weight if statistics else 0.0)
    return guarded(tune(model.shots, recipe, lambdas=(1.0,), weights=(recipe.statistics,)), model.elsewhere)


def join_tuning(session: Session, model: Model, tuning: Tuning) -> Session:
    """The session with its mask where it was chosen for `model`; raises LluError if it has another adapter by now."""
    if session.require_model().id != model.id:
        raise LluError("the adapter was replaced while beta and gamma were chosen for it; choose them again")
    return set_mask(session, *tuning.recipe.mask)


def train_adapter(session: Session, recipe: Recipe, *, seed: int = 1) -> Steps:
    """Read, train and lay out the set; abandoning the generator leaves the session as it was.

    Queries that were asked before are answered by the new adapter too, where the embeddings are comparable.
    """
    reason = session.why_not_trainable()
    if reason:
        raise LluError(reason)
    shots = session.features or (yield from _embedded(session))
    shots.require_choice()
    steps = _Timed(fit_steps(shots, recipe, seed=seed))
    adapter = yield from relay(steps, _training_progress)
    everyday = yield from _everyday_names(session, shots)
    yield Progress("Drawing the map", 0, 1)
    name = session.encoder_name if session.features is None else session.features.encoder_name
    trained = TrainedAdapter.of(shots, adapter, recipe, seed=seed, model=name, pictures=True)
    before = session.model
    queries = before.queries if before is not None and _comparable(before, shots) else None
    model = build_model(
        trained, shots, source=session.source, seconds=steps.seconds, queries=queries, everyday=everyday
    )
    own = recipe.mask != (recipe.beta, recipe.gamma)  # the mask that the recipe is asked under is a part of it
    beta, gamma = (None if own else opening_setting(session)) or recipe.mask
    return replace(session, model=model, beta=beta, gamma=gamma, statistics=True)


def join_training(session: Session, before: Session, trained: Session) -> Session:
    """The session with the adapter that was trained on `before`; what the visitor edited or asked meanwhile stays.

    Raises LluError if the set was deleted or replaced, or another model loaded meanwhile.
    """
    session.require_same_set(before)
    if session.encoder is not before.encoder:
        raise LluError("the model was changed during the training; train again")
    model, now = trained.require_model(), session.model
    if now is not None and now is not before.model and _comparable(now, model.shots):
        model = model.with_queries(now.queries)
    kept = session.with_own_mask_kept()
    return replace(kept, model=model, beta=trained.beta, gamma=trained.gamma, statistics=trained.statistics)


def _comparable(model: Model, shots: FewShotSet) -> bool:
    """Whether the queries of a model are rows of the same encoder as `shots`."""
    return model.shots.encoder_identity == shots.encoder_identity != ""


def _embedded(session: Session) -> Generator[Progress, None, FewShotSet]:
    if session.preset is None:  # what an example's model makes of it is known without the model
        yield from relay(loading_steps(session.encoder), lambda step: Progress("Loading the model", 0, 1))
    shelf = session.encoder.images if isinstance(session.encoder, RememberingEncoder) else None
    reading = embed_steps(session.draft, session.encoder, shelf=shelf)
    return (yield from relay(reading, lambda step: Progress("Reading pictures", *step)))


def _everyday_names(session: Session, shots: FewShotSet) -> Generator[Progress, None, EverydayNames | None]:
    """What the set's encoder makes of names of other things; None where it is not the one at hand."""
    if shots.encoder_identity != session.encoder.identity:
        return known_everyday_names(shots.encoder_identity)
    names = read_everyday_names(session.encoder, session.encoder_name)
    return (yield from relay(names, lambda step: Progress("Reading names", *step)))


def _training_progress(told: Fitting) -> Progress:
    loss, accuracy = told.reading()
    return Progress("Training", told.step, told.steps, f"loss {loss:.3f}, {accuracy:.0f} % of the shots right")


class _Timed(Generator[Step, None, Result]):
    """The same steps, and the seconds that they took; what the caller does between two of them does not count."""

    def __init__(self, steps: Generator[Step, None, Result]):
        self._steps, self.seconds = steps, 0.0

    def send(self, value: None) -> Step:
        start = time.perf_counter()
        try:
            return self._steps.send(value)
        finally:
            self.seconds += time.perf_counter() - start

    def throw(self, *error: Any) -> Step:
        return self._steps.throw(*error)


def join_map(session: Session, drawn: Session) -> Session:
    """The session with the map of `drawn`, where it still has the adapter that the map was drawn for."""
    if session.model is None or drawn.model is None or session.model.id != drawn.model.id:
        return session
    if session.model.projection is drawn.model.projection:
        return session
    return replace(session, model=replace(session.model, projection=drawn.model.projection))
