"""A session in a few plain facts: what the endpoints answer and the status line says."""

import math
from collections import Counter
from typing import Any

from demo.session.model import Model, accuracies
from demo.session.session import Session
from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.data.pictures import Picture


def summary(session: Session) -> dict[str, Any]:
    """JSON-ready: model, classes with counts and, once trained, accuracies in percent at the current beta and gamma."""
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
        "trained": None if session.model is None else _trained(session, session.model),
        "changed_since_training": session.changed_since_training,
    }


def _labels(part: LabelledEmbeddings | tuple[Picture, ...]) -> list[int]:
    if isinstance(part, LabelledEmbeddings):
        return part.labels.tolist()
    return [picture.label for picture in part]


def _trained(session: Session, model: Model) -> dict[str, Any]:
    clip = model.sweep.predictions(beta=0.0, gamma=0.0)
    llu = model.sweep.predictions(beta=session.beta, gamma=session.gamma)
    return {
        "beta": session.beta,
        "gamma": "inf" if math.isinf(session.gamma) else session.gamma,
        "train_seconds": model.seconds,
        "queries": list(model.queries.names),
        "asked_classes": list(model.shots.class_names),
        "clip": accuracies(model, clip),
        "llu": accuracies(model, llu),
    }


def status_line(session: Session) -> str:
    """Markdown under the Train button: why it is disabled, what was trained, whether that is out of date."""
    reason, model = session.why_not_trainable(), session.model
    if reason:
        return reason
    if model is None:
        return "Ready to train."
    if session.changed_since_training:
        return "**Changed since training.** Train again to see it on the map."
    taught = f"{len(model.shots.train)} pictures of {len(model.trained.trained_classes)} classes"
    if model.seconds is None:
        return f"Reopened: taught with {taught}; a saved adapter brings no test pictures."
    return f"Trained on {taught} in **{_seconds(model.seconds)}**."


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
