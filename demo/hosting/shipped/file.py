"""The file that `python -m demo.hosting.shipped.write` writes: arrays by kind and name, and texts by name."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from llu_core.files.writing import write_whole

FILE = Path(__file__).with_name("examples.safetensors")


def shipped_texts() -> dict[str, str]:
    """The texts by name."""
    with safe_open(FILE, "np") as file:
        return file.metadata()


def shipped_arrays(kind: str) -> dict[str, np.ndarray]:
    """The arrays of one kind by name."""
    with safe_open(FILE, "np") as file:
        names = [name for name in file.keys() if name.startswith(f"{kind}/")]  # noqa: SIM118 - it is no mapping
        return {name.removeprefix(f"{kind}/"): file.get_tensor(name) for name in names}


def write_shipped(kinds: Mapping[str, Mapping[str, np.ndarray]], texts: Mapping[str, str]) -> None:
    """Write the file anew."""
    arrays = {f"{kind}/{name}": array for kind, named in kinds.items() for name, array in named.items()}
    content = save(arrays, dict(texts))
    write_whole(FILE, lambda file: file.write(content))
