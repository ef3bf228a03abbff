"""What the page is told of a live frame: one row for its own formula, and where the star stands."""

import json

import numpy as np

from demo.payloads.arrays import floats, scores
from demo.session.projection import Projection
from demo.session.uploads.shots import Glance
from demo.settings import Limits


def live_answer(number: int, seen: Glance) -> str:
    """The answer to frame `number` as JSON: the row of the sweep, the nearest anchor, and the place on the map."""
    sweep = seen.sweep
    return json.dumps(
        {
            "number": number,
            "id": seen.model.id,
            "images": {"nearest": floats(sweep.image_nearest), "uv": floats(sweep.image_uv)},
            "anchor": int(sweep.image_anchor[0]),
            "scores": scores(sweep),
            "place": _place(seen.model.projection, seen.embedding.numpy()),
        }
    )


def told(number: int, **facts: object) -> str:
    """Another answer to call `number`: {message} ends what was begun, {busy} asks to come again, {taken} counts."""
    return json.dumps({"number": number, **facts})


def camera_limits(limits: Limits) -> str:
    """What the page's camera has to keep to, as the first value of its component."""
    return json.dumps({"limits": {"calls": limits.calls_per_minute, "frames": limits.live_frames}})


def _place(projection: Projection, embedding: np.ndarray) -> list[float]:
    """Where the map would have it, as the map's own points are told."""
    return [float(value) for value in projection.place(embedding)[0]]
