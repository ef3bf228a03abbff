"""Arrays as the page reads them: base64 of little-endian float32, row-major."""

import base64
from typing import Any

import numpy as np

from llu_core.method.sweep import Sweep


def floats(values: Any) -> str:
    """The numbers of an array or a tensor."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


def scores(sweep: Sweep) -> dict[str, str]:
    """The four matrices of a sweep."""
    return {name: floats(getattr(sweep, name)) for name in ("uu", "vu", "uv", "vv")}
