"""What lies outside a set, for the page: the pictures of its controls as further rows, and everyday names."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from demo.payloads.arrays import floats, scores
from demo.session.model import Model
from llu_core.data.fewshot import Control
from llu_core.method.elsewhere.familiarity import auroc_of_seen
from llu_core.method.elsewhere.names import NamesSweep


def elsewhere_names(controls: Sequence[Control]) -> list[str]:
    """The names of the controls' pictures, in the order of their rows."""
    return [name for control in controls for name in control.pictures.names]


def elsewhere_vectors(model: Model) -> dict[str, np.ndarray]:
    """What every picture of the controls has: nearest, uv, anchor."""
    sweeps = [problem.sweep for problem in model.elsewhere.problems]
    return {
        "nearest": _joined([each.image_nearest for each in sweeps]),
        "uv": _joined([each.image_uv for each in sweeps]),
        "anchor": _joined([each.image_anchor for each in sweeps]),
    }


def _joined(rows: list[torch.Tensor]) -> np.ndarray:
    return torch.cat(rows).numpy() if rows else np.zeros(0, dtype=np.float32)


def elsewhere_payload(model: Model) -> dict[str, Any]:
    """The controls as closed problems, in the order of their rows, and the everyday names or None."""
    problems, everyday = zip(model.controls, model.elsewhere.problems, strict=True), model.everyday
    return {
        "problems": [
            {
                "nearest": floats(problem.sweep.class_nearest),
                "uv": floats(problem.sweep.class_uv),
                "scores": scores(problem.sweep),
            }
            | heading_of(control)
            for control, problem in problems
        ],
        "everyday": None if everyday is None else _everyday(everyday),
    }


def heading_of(control: Control) -> dict[str, Any]:
    """What is told of a control, whatever it is asked."""
    return {"name": control.name, "n": len(control.pictures), "classNames": list(control.class_names)}


def _everyday(names: NamesSweep) -> dict[str, Any]:
    return {
        "names": list(names.names),
        "nearest": floats(names.nearest),
        "uv": floats(names.uv),
        "thresholds": floats(names.thresholds),
    }


def familiarity_payload(model: Model) -> dict[str, float | None]:
    """From which cosine on a picture is familiar, and how well the cosine tells seen from unseen test pictures."""
    labels, start = model.shots.test.labels, len(model.shots.train)
    nearest = model.sweep.image_nearest[start : start + len(labels)]
    seen = torch.isin(labels, torch.tensor(model.trained.trained_classes))
    return {"familiarFrom": model.trained.familiar_from, "auroc": auroc_of_seen(nearest, seen)}
