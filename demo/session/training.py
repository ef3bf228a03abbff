"""What the page can do: (session, inputs) -> session, or a generator of progress that returns one. No gradio here."""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from demo.session import draft as drafts
from demo.session.projection import Projection, project_umap
from demo.session.session import Session, build_model, map_points
from llu_core.data.embedding import embed_steps
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter, check_mask
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.recipes import Recipe
from llu_core.method.training import train

PRESETS = {
    "Coloured shapes, sketched": "picto:sketched-coloured-shapes",
    "Patterned shapes, sketched": "picto:sketched-patterned-shapes",
    "Patterned shapes, mosaic": "picto:mosaic-patterned-shapes",
    "Coloured shapes, inverted": "picto:negative-coloured-shapes",
    "New words": "picto:new-words",
    "Handwritten digits": "picto:digits",
}


@dataclass(frozen=True)
class Progress:
    """phase: "Reading pictures", "Training" or "Drawing the map"; done of total, detail as a short text."""

    phase: str
    done: int
    total: int
    detail: str = ""


Steps = Generator[Progress, None, Session]


def load_preset(session: Session, title: str) -> Session:
    """Replace the set by one of the built-in ones."""
    if title not in PRESETS:
        raise LluError(f"unknown example {title!r}; choose one of: {', '.join(PRESETS)}")
    source = open_source(PRESETS[title])
    if not isinstance(source, ImageSource):
        raise LluError(f"{title} holds no pictures; choose another example")
    return replace(session, draft=source, features=None, preset=title, history=())


def clear(session: Session) -> Session:
    """Forget the visitor's pictures and everything trained on them."""
    return replace(session, draft=drafts.empty_draft(), features=None, preset=None, model=None, history=())


def set_mask(session: Session, beta: float, gamma: float) -> Session:
    """Remember where the sliders stand, for saving."""
    check_mask(beta, gamma)
    return replace(session, beta=float(beta), gamma=float(gamma))


def train_adapter(session: Session, recipe: Recipe, *, seed: int = 1) -> Steps:
    """Read, train and lay out the set; abandoning the generator leaves the session as it was.

    Queries that were asked before are answered by the new adapter too, where the embeddings are comparable.
    """
    reason = session.why_not_trainable()
    if reason:
        raise LluError(reason)
    shots = session.features or (yield from _embedded(session))
    start, working = time.perf_counter(), 0.0
    steps = train(shots, recipe, seed=seed)
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            adapter = finished.value
            break
        working += time.perf_counter() - start
        yield Progress(
            "Training", step.step, step.steps, f"loss {step.loss:.3f}, {step.accuracy:.0f} % of the shots right"
        )
        start = time.perf_counter()
    seconds = working + time.perf_counter() - start
    yield Progress("Drawing the map", 0, 1)
    trained = TrainedAdapter.of(
        shots, adapter, recipe, seed=seed, model="" if session.features else session.encoder_name
    )
    before = session.model
    comparable = before is not None and before.shots.encoder_identity == shots.encoder_identity != ""
    model = build_model(
        trained,
        shots,
        source=session.source,
        seconds=seconds,
        queries=before.queries if before is not None and comparable else None,
    )
    return replace(session, model=model, beta=recipe.beta, gamma=recipe.gamma)


def _embedded(session: Session) -> Generator[Progress, None, FewShotSet]:
    steps = embed_steps(session.draft, session.encoder)
    while True:
        try:
            done, total = next(steps)
        except StopIteration as finished:
            return finished.value
        yield Progress("Reading pictures", done, total)


def draw_umap(session: Session) -> Session:
    """Replace the map's PCA by UMAP; the model and its id stay."""
    model = session.model
    if model is None or model.projection.name == "UMAP":
        return session
    with _one_map_at_a_time:  # so that visitors of the first example wait for one map instead of drawing it each
        projection = _umap(model.trained.adapter, model.shots.train, model.shots.test)
    return replace(session, model=replace(model, projection=projection))


def _umap(adapter: LocalizedAdapter, train: LabelledEmbeddings, test: LabelledEmbeddings) -> Projection:
    if adapter not in _drawn:
        _drawn[adapter] = project_umap(map_points(adapter, train, test))
    return _drawn[adapter]


# Weak, because a visitor's embeddings must not outlive the session.
_drawn: WeakKeyDictionary[LocalizedAdapter, Projection] = WeakKeyDictionary()
_one_map_at_a_time = threading.Lock()
