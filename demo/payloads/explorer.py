"""The explorer's payload: everything the page needs to predict at any (beta, gamma) by itself, as one JSON string.

Arrays travel as base64 of little-endian float32, row-major. Rows are the training images, the test images, the queries.
"""

import base64
import io
import json
import math
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from demo.session.comparison import COMPARED, SystemRow
from demo.session.model import Model
from demo.session.queries import sweep_arc
from demo.session.session import Session
from llu_core.method.sweep import Sweep

TRAIN, TEST, QUERY = 0, 1, 2
SHEET_COLUMNS = 32

# Every visitor who comes is shown the same example. Weak, because pictures must not outlive the session.
_sheets: WeakKeyDictionary[Model, dict | None] = WeakKeyDictionary()


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
            "projection": model.projection.name,
            "classes": _classes(model) | places["classes"],
            "images": _images(model) | places["images"],
            "anchors": _anchors(model),
            "scores": _scores(model.sweep),
            "thumbnails": _thumbnails(model),
        }
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
            "scores": _scores(sweep),
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


def _scores(sweep: Sweep) -> dict[str, str]:
    return {name: floats(getattr(sweep, name)) for name in ("uu", "vu", "uv", "vv")}


def floats(values) -> str:
    """Numbers as the page reads them."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


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
    sizes = [len(part) for part in model.parts]
    return {
        "n": sum(sizes),
        "names": model.row_names,
        "truth": _labels(model).tolist(),
        "group": np.repeat((TRAIN, TEST, QUERY), sizes).tolist(),
        "nearest": floats(model.sweep.image_nearest),
        "nearestAnchor": model.sweep.image_anchor.tolist(),
        "uv": floats(model.sweep.image_uv),
    }


def _anchors(model: Model) -> dict:
    """The class of each anchor, and the row of the training picture that it is, or that stands for its cluster."""
    rows = {name: row for row, name in enumerate(model.shots.train.names)}
    return {
        "label": model.trained.anchor_labels.tolist(),
        "image": [rows.get(name, -1) for name in model.trained.anchor_names],
    }


def _places(model: Model) -> dict[str, dict]:
    """Coordinates of images and classes; a class stands amid its pictures, without any it has no place."""
    points = model.projection.points
    labels = _labels(model)[: len(points)]
    classes = np.full((len(model.shots.class_names), 2), np.nan, dtype=np.float32)
    for label in np.unique(labels):
        classes[label] = np.median(points[labels == label], axis=0)
    images = np.concatenate([points, model.projection.place(model.queries.embeddings.numpy())])
    parts = {"images": images, "classes": classes}
    return {name: {"x": floats(xy[:, 0]), "y": floats(xy[:, 1])} for name, xy in parts.items()}


def _thumbnails(model: Model) -> dict | None:
    """One sprite sheet of all thumbnails, or None where the set has none; it is made once for a model."""
    if model not in _sheets:
        _sheets[model] = _make_sheet(model)
    return _sheets[model]


def _make_sheet(model: Model) -> dict | None:
    parts = [part.thumbnails for part in model.parts if len(part)]
    if not parts or any(part is None for part in parts):
        return None
    tiles = np.concatenate([part for part in parts if part is not None])
    count, tile = len(tiles), tiles.shape[1]
    rows = -(-count // SHEET_COLUMNS)
    sheet = np.zeros((rows * SHEET_COLUMNS, tile, tile, 3), dtype=np.uint8)
    sheet[:count] = tiles
    sheet = (
        sheet.reshape(rows, SHEET_COLUMNS, tile, tile, 3).swapaxes(1, 2).reshape(rows * tile, SHEET_COLUMNS * tile, 3)
    )
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "WEBP", quality=80)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return {"sheet": f"data:image/webp;base64,{data}", "tile": tile, "columns": SHEET_COLUMNS}
