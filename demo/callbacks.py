"""What the page can do: (session, inputs) -> session, or a generator of progress that returns one. No gradio here."""

import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from demo import draft as drafts
from demo.projection import project_umap
from demo.session import Model, Session, build_model, map_points
from llu_core.adapter import check_mask
from llu_core.checkpoint import TrainedAdapter
from llu_core.errors import LluError
from llu_core.fewshot import FewShotSet, Rejected
from llu_core.pictures import UnreadablePicture, decode
from llu_core.sources import ImageSource, Picture, embed_steps, open_source
from llu_core.training import Recipe, train

MAX_UPLOAD_BYTES = 200 * 2**20
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")

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
    """Replace the draft by one of the built-in sets."""
    if title not in PRESETS:
        raise LluError(f"unknown example {title!r}; choose one of: {', '.join(PRESETS)}")
    source = open_source(PRESETS[title])
    if not isinstance(source, ImageSource):
        raise LluError(f"{title} holds no pictures; choose another example")
    return replace(session, draft=source, preset=title)


def clear(session: Session) -> Session:
    """Forget the visitor's pictures and everything trained on them."""
    return replace(session, draft=drafts.empty_draft(), preset=None, model=None)


def add_files(session: Session, paths: Sequence[str | Path], class_name: str = "") -> Session:
    """Add a zip (one folder per class), or pictures of the class `class_name`, to the visitor's own set.

    An example on the page is replaced, an own set grows. Pictures that cannot be read are named in
    `draft.rejected`; raises LluError if nothing can be used, and then the session is as before.
    """
    files = [Path(path) for path in paths]
    size = sum(path.stat().st_size for path in files)
    if size > MAX_UPLOAD_BYTES:
        raise LluError(f"the files are {size >> 20} MB together; the page takes {MAX_UPLOAD_BYTES >> 20} MB at a time")
    draft = drafts.empty_draft() if session.preset else drafts.with_rejected(session.draft, ())
    pictures = [path for path in files if path.suffix.lower() != ".zip"]
    for path in files:
        if path.suffix.lower() == ".zip":
            draft = drafts.merge(draft, _kept_in_memory(open_source(str(path))))
    if pictures:
        draft = _with_pictures(draft, class_name, pictures)
    return replace(session, draft=draft, preset=None)


def _kept_in_memory(source: ImageSource | FewShotSet) -> ImageSource:
    """The same source with its pictures read, so that the upload can be deleted."""
    if not isinstance(source, ImageSource):
        raise LluError(
            "that file holds embeddings; use it with the command line: python -m llu_core train FILE --out DIR"
        )
    rejected: list[Rejected] = list(source.rejected)

    def keep(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
        kept = []
        for picture in pictures:
            try:
                kept.append(_in_memory(picture))
            except UnreadablePicture as error:
                rejected.append(Rejected(picture.name, str(error)))
        return tuple(kept)

    train, test = keep(source.train), keep(source.test)
    if not train and not test:
        raise LluError(f"no picture could be read; the first reason: {rejected[0].name}: {rejected[0].reason}")
    return replace(source, train=train, test=test, rejected=tuple(rejected))


def _in_memory(picture: Picture) -> Picture:
    return replace(picture, read=drafts.StoredPicture.of(picture.read()), stamp=None)


def _with_pictures(draft: ImageSource, class_name: str, paths: Sequence[Path]) -> ImageSource:
    drafts.clean_name(class_name)
    pictures, rejected = [], list(draft.rejected)
    for path in paths:
        try:
            pictures.append(_in_memory(Picture(path.name, 0, partial(decode, path, path.name))))
        except UnreadablePicture as error:
            rejected.append(Rejected(path.name, str(error)))
    if not pictures:
        raise LluError(f"no picture could be read; the first reason: {rejected[0].name}: {rejected[0].reason}")
    return drafts.with_rejected(drafts.add_pictures(draft, class_name, pictures), rejected)


def rename_class(session: Session, old: str, new: str) -> Session:
    return replace(session, draft=drafts.rename_class(session.draft, old, new))


def delete_class(session: Session, name: str) -> Session:
    return replace(session, draft=drafts.delete_class(session.draft, name))


def set_unseen_classes(session: Session, names: str) -> Session:
    """`names`: separated by commas or line breaks."""
    wanted = [name for name in names.replace("\n", ",").split(",") if name.strip()]
    if wanted == drafts.unseen_without_pictures(session.draft):
        return session
    return replace(session, draft=drafts.set_unseen_classes(session.draft, wanted))


def set_templates(session: Session, templates: str) -> Session:
    """`templates`: one a line, each with {} where the class name goes."""
    draft = drafts.set_templates(session.draft, templates.splitlines())
    return session if draft.templates == session.draft.templates else replace(session, draft=draft)


def set_mask(session: Session, beta: float, gamma: float) -> Session:
    """Remember where the sliders stand, for saving."""
    check_mask(beta, gamma)
    return replace(session, beta=float(beta), gamma=float(gamma))


def train_adapter(session: Session, recipe: Recipe, *, seed: int = 1) -> Steps:
    """Read, train and lay out the draft; abandoning the generator leaves the session as it was."""
    reason = session.why_not_trainable()
    if reason:
        raise LluError(reason)
    shots = yield from _embedded(session)
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
    trained = TrainedAdapter.of(shots, adapter, recipe, seed=seed, model=session.encoder_name)
    model = build_model(trained, shots, draft=session.draft, seconds=seconds)
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
        return replace(session, model=_with_umap(model))


@lru_cache(maxsize=8)
def _with_umap(model: Model) -> Model:
    return replace(model, projection=project_umap(map_points(model.trained, model.shots)))


_one_map_at_a_time = threading.Lock()
