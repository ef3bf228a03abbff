"""The explorer's payload: everything the page needs to predict at any (beta, gamma) by itself, as one JSON string.

Rows are the training images, the test images, the queries, and then the pictures of the controls, which are asked
about the classes of their own problem.
"""

import json
import math
from collections.abc import Sequence

import numpy as np

from demo.payloads.arrays import floats, scores
from demo.payloads.elsewhere import elsewhere_names, elsewhere_payload, elsewhere_vectors, familiarity_payload
from demo.payloads.sheet import sheet_of
from demo.session.comparison import COMPARED, SystemRow
from demo.session.model import Model
from demo.session.presets import PRESETS
from demo.session.queries import sweep_arc
from demo.session.session import Session

TRAIN, TEST, QUERY, ELSEWHERE = 0, 1, 2, 3


def explorer_payload(session: Session, *, select: int | None = None) -> str:
    """The whole state of the map; an empty session says what to do next. select: the row to be selected."""
    model = session.model
    if model is None:
        return json.dumps({"id": "", "message": session.why_not_trainable() or "Press Train to see the map."})
    selected, places = {} if select is None else {"select": select}, _places(model)
    return json.dumps(
        selected
        | {
            "id": model.id,
            "version": 1,
            "title": session.preset or model.shots.name,
            "preset": None if session.changed_since_training else session.preset,
            "logitScale": model.sweep.logit_scale,
            "beta": session.beta,
            "gamma": "inf" if math.isinf(session.gamma) else session.gamma,
            "statistics": session.statistics_told,
            "projection": model.projection.name,
            "classes": _classes(model) | places["classes"],
            "images": _images(model) | places["images"],
            "anchors": _anchors(model),
            "scores": scores(model.sweep),
            "thumbnails": sheet_of(model),
            "elsewhere": elsewhere_payload(model),
            "caption": _caption(session),
        }
        | familiarity_payload(model)
    )


def positions_payload(session: Session) -> str:
    """New coordinates for the model that the page already shows."""
    model = session.model
    if model is None:
        return explorer_payload(session)
    return json.dumps({"update": "positions", "id": model.id, "projection": model.projection.name} | _places(model))


def arc_payload(session: Session, anchor: int, kind: str, index: int) -> str:
    """The points of an arc as if they were pictures, for the same formula; arguments as those of `sweep_arc`."""
    share, sweep = sweep_arc(session, anchor, kind, index)
    return json.dumps(
        {
            "update": "walk",
            "id": session.model.id if session.model else "",
            "anchor": anchor,
            "target": {"kind": kind, "index": index},
            "t": share.tolist(),
            "images": {"nearest": floats(sweep.image_nearest), "uv": floats(sweep.image_uv)},
            "classes": {"nearest": floats(sweep.class_nearest), "uv": floats(sweep.class_uv)},
            "scores": scores(sweep),
        }
    )


def systems_payload(
    session: Session, run: int, rows: Sequence[SystemRow], *, waiting: str = "", message: str = ""
) -> str:
    """The systems compared so far in the page's comparison number `run`.

    waiting: its place in the line, while it has one; message: an error, which ends it.
    """
    return json.dumps(
        {
            "update": "methods",
            "run": run,
            "id": session.model.id if session.model else "",
            "total": len(COMPARED),
            "rows": [row.as_json() | {"answers": row.answers.tolist()} for row in rows],
            "waiting": waiting,
            "message": message,
        }
    )


def _labels(model: Model) -> np.ndarray:
    return np.concatenate([part.labels.numpy() for part in model.parts])


def _classes(model: Model) -> dict:
    trained = set(model.trained.trained_classes)
    return {
        "names": list(model.shots.class_names),
        "seen": [label in trained for label in range(len(model.shots.class_names))],
        "nearest": floats(model.sweep.class_nearest),
        "uv": floats(model.sweep.class_uv),
    }


def _images(model: Model) -> dict:
    names, further = elsewhere_names(model), elsewhere_vectors(model)
    sizes = [*(len(part) for part in model.parts), len(names)]
    return {
        "n": sum(sizes),
        "names": [*model.row_names, *names],
        "truth": [*_labels(model).tolist(), *further["truth"].tolist()],
        "group": np.repeat((TRAIN, TEST, QUERY, ELSEWHERE), sizes).tolist(),
        "nearest": floats(np.concatenate([model.sweep.image_nearest.numpy(), further["nearest"]])),
        "nearestAnchor": [*model.sweep.image_anchor.tolist(), *further["anchor"].tolist()],
        "uv": floats(np.concatenate([model.sweep.image_uv.numpy(), further["uv"]])),
    }


def _caption(session: Session) -> dict | None:
    """What to look for on an example that is as it came; the page fills in the numbers."""
    preset = PRESETS.get(session.preset or "")
    if preset is None or session.changed_since_training:
        return None
    beyond = dict(zip(("beta", "gamma"), preset.beyond, strict=True))
    return {"text": preset.caption, "beta": preset.beta, "gamma": preset.gamma, "beyond": beyond}


def _anchors(model: Model) -> dict:
    """The class of each anchor, and the row of the training picture that it is, or that stands for its cluster."""
    rows = {name: row for row, name in enumerate(model.shots.train.names)}
    return {
        "label": model.trained.anchor_labels.tolist(),
        "image": [rows.get(name, -1) for name in model.trained.anchor_names],
    }


def _places(model: Model) -> dict[str, dict]:
    """Coordinates of images and classes; a class stands amid its pictures, without any it has no place."""
    own, elsewhere = _points(model)
    labels = _labels(model)[: len(own)]
    classes = np.full((len(model.shots.class_names), 2), np.nan, dtype=np.float32)
    for label in np.unique(labels):
        classes[label] = np.median(own[labels == label], axis=0)
    images = np.concatenate([own, model.projection.place(model.queries.embeddings.numpy()), *elsewhere])
    return {
        name: {"x": floats(xy[:, 0]), "y": floats(xy[:, 1])} for name, xy in (("images", images), ("classes", classes))
    }


def _points(model: Model) -> tuple[np.ndarray, list[np.ndarray]]:
    """Where the map has the training and test images, and the pictures of every control that has a say."""
    shots, points = model.shots, model.projection.points
    own = len(shots.train) + len(shots.test)
    ends = own + np.cumsum([len(control.pictures) for control in shots.controls], dtype=int)
    of_each = np.split(points[own:], ends[:-1] - own) if len(ends) else []
    used = {control.name for control in model.controls}
    return points[:own], [rows for rows, control in zip(of_each, shots.controls, strict=True) if control.name in used]
