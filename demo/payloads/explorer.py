"""The explorer's payload: everything the page needs to predict at any (beta, gamma) by itself, as one JSON string.

Rows are the training images, the test images, the queries, and then the pictures of the controls, which are asked
about the classes of their own problem. Of several sets that act together these are the pictures of all.
"""

import json
from collections.abc import Sequence

import numpy as np

from demo.payloads.arrays import floats, scores, told_gamma
from demo.payloads.elsewhere import elsewhere_names, elsewhere_payload, elsewhere_vectors, familiarity_payload
from demo.payloads.sheet import sheet_of
from demo.payloads.shelf import anchors_payload, asked_of_several, sets_payload, statistics_told
from demo.session.comparison import COMPARED, SystemRow
from demo.session.model import Model
from demo.session.presets import PRESETS
from demo.session.queries import sweep_arc
from demo.session.session import Session
from demo.session.shelf.together import Together, together

TRAIN, TEST, QUERY, ELSEWHERE = 0, 1, 2, 3


def explorer_payload(session: Session, *, select: int | None = None) -> str:
    """The whole state of the map; an empty session says what to do next. select: the row to be selected."""
    model = session.model
    if model is None:
        return json.dumps({"id": "", "message": session.why_not_trainable() or "Press Train to see the map."})
    joined = together(session)
    shown = model if joined is None else joined
    places, asked = _places(shown), _asked_of_one(model) if joined is None else asked_of_several(joined)
    told = {} if select is None else {"select": select}
    told |= {
        "id": shown.id,
        "version": 1,
        "title": session.preset or model.shots.name,
        "preset": None if session.changed_since_training else session.preset,
        "logitScale": model.sweep.logit_scale,
        "beta": session.beta,
        "gamma": told_gamma(session.gamma),
        "statistics": statistics_told(session),
        "projection": shown.projection.name,
        "thumbnails": sheet_of(shown),
        "caption": _caption(session) if joined is None else None,
        "shelf": sets_payload(session),
    }
    rows = {"classes": {"names": list(shown.shots.class_names)}, "images": _rows(shown)}
    for name, values in rows.items():
        told[name] = values | places[name] | asked.pop(name)
    return json.dumps(told | asked)


def positions_payload(session: Session) -> str:
    """New coordinates for the model that the page already shows."""
    shown = together(session) or session.model
    if shown is None:
        return explorer_payload(session)
    return json.dumps({"update": "positions", "id": shown.id, "projection": shown.projection.name} | _places(shown))


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


def _labels(shown: Model | Together) -> np.ndarray:
    return np.concatenate([part.labels.numpy() for part in shown.parts])


def _rows(shown: Model | Together) -> dict:
    """What is told of every picture, whatever it is asked."""
    sizes = [*(len(part) for part in shown.parts), sum(len(control.pictures) for control in shown.controls)]
    elsewhere = [label for control in shown.controls for label in control.pictures.labels.tolist()]
    return {
        "n": sum(sizes),
        "names": [*shown.row_names, *elsewhere_names(shown.controls)],
        "truth": [*_labels(shown).tolist(), *elsewhere],
        "group": np.repeat((TRAIN, TEST, QUERY, ELSEWHERE), sizes).tolist(),
    }


def _asked_of_one(model: Model) -> dict:
    """What the page's formula takes, and what it is told of the anchors."""
    trained, further = set(model.trained.trained_classes), elsewhere_vectors(model)
    sweep = model.sweep
    return {
        "classes": {
            "seen": [label in trained for label in range(len(model.shots.class_names))],
            "nearest": floats(sweep.class_nearest),
            "uv": floats(sweep.class_uv),
        },
        "images": {
            "nearest": floats(np.concatenate([sweep.image_nearest.numpy(), further["nearest"]])),
            "nearestAnchor": [*sweep.image_anchor.tolist(), *further["anchor"].tolist()],
            "uv": floats(np.concatenate([sweep.image_uv.numpy(), further["uv"]])),
        },
        "anchors": anchors_payload(model.trained, model.shots.train.names),
        "scores": scores(sweep),
        "elsewhere": elsewhere_payload(model),
    } | familiarity_payload(model)


def _caption(session: Session) -> dict | None:
    """What to look for on an example that is as it came; the page fills in the numbers."""
    preset = PRESETS.get(session.preset or "")
    if preset is None or session.changed_since_training:
        return None
    beyond = dict(zip(("beta", "gamma"), preset.beyond, strict=True))
    return {"text": preset.caption, "beta": preset.beta, "gamma": preset.gamma, "beyond": beyond}


def _places(shown: Model | Together) -> dict[str, dict]:
    """Coordinates of images and classes; a class stands amid its pictures, without any it has no place."""
    own, elsewhere = _points(shown)
    labels = _labels(shown)[: len(own)]
    classes = np.full((len(shown.shots.class_names), 2), np.nan, dtype=np.float32)
    for label in np.unique(labels):
        classes[label] = np.median(own[labels == label], axis=0)
    images = np.concatenate([own, shown.projection.place(shown.queries.embeddings.numpy()), *elsewhere])
    return {
        name: {"x": floats(xy[:, 0]), "y": floats(xy[:, 1])} for name, xy in (("images", images), ("classes", classes))
    }


def _points(shown: Model | Together) -> tuple[np.ndarray, list[np.ndarray]]:
    """Where the map has the training and test images, and the pictures of every control that has a say."""
    shots, points = shown.shots, shown.projection.points
    own = len(shots.train) + len(shots.test)
    ends = own + np.cumsum([len(control.pictures) for control in shots.controls], dtype=int)
    of_each = np.split(points[own:], ends[:-1] - own) if len(ends) else []
    used = {control.name for control in shown.controls}
    return points[:own], [rows for rows, control in zip(of_each, shots.controls, strict=True) if control.name in used]
