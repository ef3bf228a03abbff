"""The explorer's payload: everything the page needs to predict at any (beta, gamma) by itself, as one JSON string.

Arrays travel as base64 of little-endian float32, row-major. Rows are the training images, then the test images.
"""

import base64
import io
import json
import math

import numpy as np
from PIL import Image

from demo.session import Model, Session

TRAIN, TEST = 0, 1
SHEET_COLUMNS = 32


def explorer_payload(session: Session) -> str:
    """The whole state of the map; an empty session says what to do next."""
    model = session.model
    if model is None:
        return json.dumps({"id": "", "message": session.why_not_trainable() or "Press Train to see the map."})
    return json.dumps(
        {
            "id": model.id,
            "version": 1,
            "title": session.preset or model.shots.name,
            "logitScale": model.sweep.logit_scale,
            "beta": session.beta,
            "gamma": "inf" if math.isinf(session.gamma) else session.gamma,
            "projection": model.projection.name,
            "classes": _classes(model) | _places(model)["classes"],
            "images": _images(model) | _places(model)["images"],
            "anchors": _anchors(model) | _places(model)["anchors"],
            "scores": {name: _floats(getattr(model.sweep, name)) for name in ("uu", "vu", "uv", "vv")},
            "thumbnails": _thumbnails(model),
        }
    )


def positions_payload(session: Session) -> str:
    """New coordinates for the model that the page already shows."""
    model = session.model
    if model is None:
        return explorer_payload(session)
    return json.dumps({"update": "positions", "id": model.id, "projection": model.projection.name} | _places(model))


def _floats(values) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


def _labels(model: Model) -> np.ndarray:
    return np.concatenate([model.shots.train.labels.numpy(), model.shots.test.labels.numpy()])


def _classes(model: Model) -> dict:
    trained = set(model.trained.trained_classes)
    return {
        "names": list(model.shots.class_names),
        "seen": [label in trained for label in range(len(model.shots.class_names))],
        "nearest": _floats(model.sweep.class_nearest),
        "uv": _floats(model.sweep.class_uv),
    }


def _images(model: Model) -> dict:
    train, test = model.shots.train, model.shots.test
    return {
        "n": len(train) + len(test),
        "names": [*train.names, *test.names],
        "truth": _labels(model).tolist(),
        "group": [TRAIN] * len(train) + [TEST] * len(test),
        "nearest": _floats(model.sweep.image_nearest),
        "nearestAnchor": model.sweep.image_anchor.tolist(),
        "uv": _floats(model.sweep.image_uv),
    }


def _anchors(model: Model) -> dict:
    rows = {name: row for row, name in enumerate(model.shots.train.names)}
    return {
        "label": model.trained.anchor_labels.tolist(),
        "image": [rows.get(name, -1) for name in model.trained.anchor_names],
    }


def _places(model: Model) -> dict[str, dict]:
    """Coordinates of images, anchors and classes; a class stands amid its pictures, without any it has no place."""
    points, count = model.projection.points, len(model.shots.train) + len(model.shots.test)
    labels = _labels(model)
    classes = np.full((len(model.shots.class_names), 2), np.nan, dtype=np.float32)
    for label in np.unique(labels):
        classes[label] = np.median(points[:count][labels == label], axis=0)
    parts = {"images": points[:count], "anchors": points[count:], "classes": classes}
    return {name: {"x": _floats(xy[:, 0]), "y": _floats(xy[:, 1])} for name, xy in parts.items()}


def _thumbnails(model: Model) -> dict | None:
    """One sprite sheet of all thumbnails, or None where the set has none."""
    parts = [part.thumbnails for part in (model.shots.train, model.shots.test) if len(part)]
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
