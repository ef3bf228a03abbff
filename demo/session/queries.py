"""Asking a trained adapter: about another picture, about another class, along an arc. Nothing is retrained."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from demo.session import draft as drafts
from demo.session.model import UNLABELLED, Model
from demo.session.session import Session
from demo.session.shelf.members import answering
from demo.session.shelf.together import together
from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.data.taught import warning
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.files.images import decode
from llu_core.method.composition.prediction import where_composed
from llu_core.method.composition.saved import TrainedComposition
from llu_core.method.prediction import Prediction, answers, predict_embeddings
from llu_core.method.sweep import Sweep

MAX_QUERIES = 24
ARC_POINTS = 61


def encodable_model(session: Session) -> tuple[Model, Encoder]:
    """The model, and the encoder that its embeddings come from."""
    model = session.require_model()
    return model, session.encoder_of(model)


def add_query(session: Session, path: str | Path, name: str = "") -> Session:
    """Encode a picture file and ask the adapter about it; it becomes the newest query, named after its file."""
    return join_query(session, encode_query(session, path, name))


def encode_query(session: Session, path: str | Path, name: str = "") -> LabelledEmbeddings:
    """A picture file as one row for `join_query`; this takes long, and changes nothing."""
    _require_room(encodable_model(session)[0])
    path = Path(path)
    image = decode(path, path.name, max_pixels=session.limits.picture_pixels)
    return encode_picture(session, image, name or path.name)


def encode_picture(session: Session, image: Image.Image, name: str) -> LabelledEmbeddings:
    """A picture as one row for `join_query`; this takes long, and changes nothing."""
    model, encoder = encodable_model(session)
    _require_room(model)
    side = _thumbnail_side(model)
    return LabelledEmbeddings(
        encoder.encode_images([image]),
        torch.tensor([UNLABELLED]),
        (name,),
        np.asarray(ImageOps.fit(image, (side, side)))[None],
    )


def join_query(session: Session, query: LabelledEmbeddings) -> Session:
    """The session with one more query; raises LluError if its adapter is of another encoder by now."""
    model, _ = encodable_model(session)
    _require_room(model)
    pixels = query.thumbnails
    if query.embeddings.shape[1] != model.shots.width or pixels is None or pixels.shape[1] != _thumbnail_side(model):
        raise LluError("the adapter was replaced meanwhile; ask about the picture again")
    named = replace(query, names=(_free_name(model, query.names[0]),))
    return replace(session, model=model.with_queries(model.queries.concat(named)))


def _require_room(model: Model) -> None:
    if len(model.queries) >= MAX_QUERIES:
        raise LluError(f"there are {MAX_QUERIES} queries on the map; remove one of them first")


def _thumbnail_side(model: Model) -> int:
    return 64 if model.shots.train.thumbnails is None else model.shots.train.thumbnails.shape[1]


def _free_name(model: Model, name: str) -> str:
    """The page tells pictures apart by name; a name that is taken gets a number."""
    taken, number, free = set(model.row_names), 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def remove_query(session: Session, name: str) -> Session:
    model = session.require_model()
    kept = [row for row, other in enumerate(model.queries.names) if other != name]
    return replace(session, model=model.with_queries(model.queries.select(kept)))


def answer(session: Session, row: int) -> Prediction:
    """Both models' answers for a query at the sliders' setting; of sets that act together, among the classes of all."""
    model, asked = session.require_model(), answering(session)
    query, shots = model.queries.select([row]), (together(session) or model).shots
    rows, classes = (query.embeddings, query.names), (shots.class_names, shots.class_embeddings)
    if isinstance(asked, TrainedComposition):
        return answers(asked.adapter, *rows, *classes, where_composed(asked, query.embeddings))[0]
    return predict_embeddings(asked, *rows, *classes)[0]


@dataclass(frozen=True, eq=False)
class NewClasses:
    """Class names with their embeddings (n, d), by these templates and the encoder of this identity."""

    names: tuple[str, ...]
    embeddings: Tensor
    templates: tuple[str, ...]
    encoder_identity: str


def warning_before(session: Session, names: Sequence[str]) -> str:
    """What happens if names become possible answers that the adapter's model was never taught; "" where none is such.

    Nothing is said where there is no adapter, and of names that it knows already.
    """
    if session.model is None:
        return ""
    new = [name for name in names if name not in session.model.shots.class_names]
    return warning(session.reader_of(session.model.trained).name, new)


def add_classes(session: Session, names: Sequence[str]) -> Session:
    """Let further classes join both predictions at once; the set on the left gets them as unseen ones."""
    return join_classes(session, encode_classes(session, names))


def encode_classes(session: Session, names: Sequence[str]) -> NewClasses:
    """Names made ready for `join_classes`; this takes long, and changes nothing.

    Raises LluError before anything is encoded if the classes would be too many, or one is there already.
    """
    model, encoder = encodable_model(session)
    drafts.require_few_classes(len(model.shots.class_names) + len(names), session.limits)
    names = tuple(drafts.clean_name(name) for name in names)
    templates = model.shots.templates
    drafts.require_within(0, (*model.shots.class_names, *names), session.limits, len(templates))
    rows = class_embeddings(encoder, names, templates)
    return NewClasses(names, rows, templates, encoder.identity)


def join_classes(session: Session, new: NewClasses) -> Session:
    """The session with further classes; raises LluError if its adapter is another one by now, or they are too many."""
    model, encoder = encodable_model(session)
    if (model.shots.templates, encoder.identity) != (new.templates, new.encoder_identity):
        raise LluError("the adapter was replaced meanwhile; name the class again")
    drafts.require_few_classes(len(model.shots.class_names) + len(new.names), session.limits)
    unseen = drafts.unseen_without_pictures(session.draft)
    missing = [name for name in new.names if name not in session.draft.class_names]
    known = session.features is not None or not missing  # a set of embeddings is not edited
    draft = session.draft if known else drafts.set_unseen_classes(session.draft, [*unseen, *missing])
    grown = model.with_classes(list(new.names), new.embeddings)
    return session.answering(f"add {', '.join(new.names)}", grown, draft)


def remove_answer(session: Session, name: str) -> Session:
    """The session without a class that was added by its name; every answer is as it was before that.

    Raises LluError where the adapter has no such class.
    """
    fewer = session.require_model().without_class(name)
    unseen = drafts.unseen_without_pictures(session.draft)
    left = [other for other in unseen if other != name]
    draft = session.draft if left == unseen else drafts.set_unseen_classes(session.draft, left)
    return session.answering(f"remove {name}", fewer, draft)


def sweep_arc(session: Session, anchor: int, kind: str, index: int) -> tuple[Tensor, Sweep]:
    """The great arc from an image anchor to an image row or a class text: (t in 0..1, the sweep of its points).

    The paper's Figure 1 with real embeddings. kind: "image" or "class". Raises LluError where several sets act, whose
    anchors and rows have other numbers.
    """
    if together(session) is not None:
        raise LluError("an arc is drawn of one set; take the others off the shelf")
    model = session.require_model()
    shots, anchors = model.shots, model.trained.adapter.image.anchors
    ends = {"image": model.images, "class": shots.class_embeddings}.get(kind)
    if ends is None or not 0 <= anchor < len(anchors) or not 0 <= index < len(ends):
        raise LluError("that walk's ends are no longer on the map; choose them again")
    share = torch.linspace(0, 1, ARC_POINTS)
    points = arc(anchors[anchor], ends[index], share)
    return share, Sweep.of(model.trained.adapter, points, shots.class_embeddings)


def arc(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """(len(share), d) unit rows on the great arc between unit vectors, `share` of its angle from the start."""
    angle = torch.arccos((start @ end).clamp(-1, 1)).item()
    if math.sin(angle) < 1e-6:
        return start.expand(len(share), -1)
    rows = torch.sin((1 - share) * angle)[:, None] * start + torch.sin(share * angle)[:, None] * end
    return torch.nn.functional.normalize(rows, dim=1)


def as_json(prediction: Prediction, *, leading: int = 5) -> dict[str, Any]:
    """A prediction in plain values, with each model's `leading` classes."""

    def top(probabilities: tuple[float, ...]) -> list[dict[str, Any]]:
        order = sorted(range(len(probabilities)), key=lambda k: -probabilities[k])[:leading]
        return [{"class": prediction.class_names[k], "probability": round(probabilities[k], 6)} for k in order]

    return {
        "picture": prediction.name,
        "clip": top(prediction.clip),
        "llu": top(prediction.llu),
        "alpha": prediction.alpha,
        "familiar": prediction.familiar,
        "nearest_anchor": {
            "picture": prediction.anchor_name,
            "class": prediction.anchor_class,
            "cosine": prediction.anchor_similarity,
            "set": prediction.set_name,
        },
    }
