"""A session in a few plain facts: what the endpoints answer and the status line says."""

from collections import Counter
from typing import Any

from demo.payloads.arrays import told_gamma
from demo.payloads.shelf import shelf_summary
from demo.session.model import Model, accuracies
from demo.session.session import Session
from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.data.pictures import Picture
from llu_core.data.remarks import remarks
from llu_core.errors import as_written
from llu_core.method.elsewhere.names import NamesSweep


def summary(session: Session) -> dict[str, Any]:
    """JSON-ready: model, classes with counts and, once trained, accuracies in percent at the current beta and gamma: of
    the set on the page alone, and of every set on the shelf where that has others."""
    source = session.source
    train, test = Counter(_labels(source.train)), Counter(_labels(source.test))
    classes = [
        {"name": name, "train": train[label], "test": test[label]} for label, name in enumerate(source.class_names)
    ]
    return {
        "model": session.encoder_name,
        "set": session.preset or source.name,
        "classes": classes,
        "templates": list(source.templates),
        "rejected": [{"name": r.name, "reason": r.reason} for r in source.rejected],
        "can_undo": [edit.label for edit in reversed(session.history)],
        "trained": None if session.model is None else _trained(session, session.require_asked()),
        "shelf": shelf_summary(session),
        "changed_since_training": session.changed_since_training,
        "remarks": list(told(session)),
    }


def _labels(part: LabelledEmbeddings | tuple[Picture, ...]) -> list[int]:
    if isinstance(part, LabelledEmbeddings):
        return part.labels.tolist()
    return [picture.label for picture in part]


def _trained(session: Session, model: Model) -> dict[str, Any]:
    clip = model.sweep.predictions(beta=0.0, gamma=0.0)
    llu = model.sweep.predictions(beta=session.beta, gamma=session.gamma)
    everyday = model.everyday
    return {
        "beta": session.beta,
        "gamma": told_gamma(session.gamma),
        "statistics": session.statistics_told,
        "train_seconds": model.seconds,
        "queries": list(model.queries.names),
        "asked_classes": list(model.shots.class_names),
        "clip": accuracies(model, clip),
        "llu": accuracies(model, llu),
        "elsewhere": {
            "clip": model.elsewhere.accuracy(beta=0.0, gamma=0.0),
            "llu": model.elsewhere.accuracy(beta=session.beta, gamma=session.gamma),
        },
        "names_moved": None if everyday is None else _names_moved(session, everyday),
        "familiar_from": model.trained.familiar_from,
    }


def _names_moved(session: Session, everyday: NamesSweep) -> dict[str, int]:
    return {"moved": everyday.count(beta=session.beta, gamma=session.gamma), "of": len(everyday.names)}


def told(session: Session) -> tuple[str, ...]:
    """Sentences about what the adapter was trained on, or about a set of embeddings: what is odd about it."""
    model = session.model
    if model is None:
        return remarks(session.features) if session.features else ()
    reader = session.reader_of(model.trained)
    known = model.shots.encoder_identity and reader.encoder.identity == model.shots.encoder_identity
    return remarks(model.shots, encoder=reader.encoder if known else None)


def status_line(session: Session) -> str:
    """Markdown under the Train button: why it is disabled, what was trained, what is odd about it."""
    return "\n\n".join((_state(session), *(as_written(sentence) for sentence in told(session))))


_NO_TEST = "; a saved adapter brings no test pictures."


def _state(session: Session) -> str:
    reason, model = session.why_not_trainable(), session.model
    if reason:
        return reason
    if model is None:
        return "Ready to train."
    if session.changed_since_training:
        return "**Changed since training.** Train again to see it on the map."
    taught = f"{len(model.shots.train)} pictures of {len(model.trained.trained_classes)} classes"
    if model.seconds is None:
        return f"Reopened: taught with {taught}" + ("." * bool(len(model.shots.test)) or _NO_TEST)
    return f"Trained on {taught} in **{_seconds(model.seconds)}**."


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
