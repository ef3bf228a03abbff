"""Numbers as the page reads them: arrays in base64 of little-endian float32, row-major, and gamma."""

import base64
import math
from typing import Any

import numpy as np

from llu_core.method.sweep import Sweep


def floats(values: Any) -> str:
    """The numbers of an array or a tensor."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


def told_gamma(gamma: float) -> float | str:
    """gamma, or "inf", since JSON has no infinite numbers."""
    return "inf" if math.isinf(gamma) else gamma


def scores(sweep: Sweep) -> dict[str, str]:
    """The four matrices of a sweep, and its class statistics where it has some.

    Statistics are logits; they are told as shares of the logit scale, so that they can be added to a cosine.
    """
    matrices = {name: floats(getattr(sweep, name)) for name in ("uu", "vu", "uv", "vv")}
    if sweep.statistics is not None:
        matrices["statistics"] = floats(sweep.statistics / sweep.logit_scale)
    return matrices
