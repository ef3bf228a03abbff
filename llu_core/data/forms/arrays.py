"""Embeddings as arrays: one .pt of tensors by name, or the .npy files of a folder; the names are those of a bundle.

A .pt is read with weights_only, a .npy without pickle. What is missing is told in one line.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llu_core.data.bundles import load_features
from llu_core.data.controls import ELSEWHERE_KEYS, ELSEWHERE_THUMBNAILS
from llu_core.data.features import Features
from llu_core.data.forms.bundle_arrays import OPTIONAL_KEYS, REQUIRED_KEYS
from llu_core.data.left_out import AS_BUNDLE
from llu_core.errors import LluError, one_line, shown

SUFFIXES = (".npy", ".pt", ".pth")
MAX_BYTES = 8 * 2**30
NAMES_FILE = "class_names.txt"
_KEYS = (*REQUIRED_KEYS, *OPTIONAL_KEYS, *ELSEWHERE_KEYS, ELSEWHERE_THUMBNAILS)
_TEXTS = ("class_names", "templates", "encoder", "elsewhere_class_names", "elsewhere_problems")


def holds_arrays(folder: Path) -> bool:
    """Whether a folder holds the training rows of a set as .npy."""
    return (folder / "train_features.npy").is_file()


def read_arrays(path: Path) -> Features:
    """The set in a .pt file, in a folder of .npy files, or in the one that a .npy lies in; as `load_features`."""
    folder = path if path.is_dir() else path.parent
    if path.suffix.lower() in SUFFIXES[1:]:
        return _set(path, _tensors(path))
    if not holds_arrays(folder):
        array = _npy(path)
        raise LluError(
            f"{path.name} holds {' x '.join(map(str, array.shape))} numbers, and what is missing is the rest: put "
            f"{', '.join(f'{key}.npy' for key in REQUIRED_KEYS[:-1])} and {NAMES_FILE} into one folder and name that"
        )
    arrays: dict[str, Any] = {key: _npy(folder / f"{key}.npy") for key in _KEYS if (folder / f"{key}.npy").is_file()}
    if (names := folder / NAMES_FILE).is_file():
        lines = names.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        arrays["class_names"] = [line.strip() for line in lines if line.strip()]
    return _set(folder, arrays)


def _npy(path: Path) -> np.ndarray:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LluError(f"{path.name} is over the limit of {MAX_BYTES >> 30} GB")
        return np.load(path, allow_pickle=False)
    except LluError:
        raise
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or one_line(error)})") from None
    except Exception as error:  # on bytes that lie, nearly every type there is
        raise LluError(f"{path.name} is no .npy of numbers ({one_line(error)}); write it with numpy.save") from None


def _tensors(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LluError(f"{path.name} is over the limit of {MAX_BYTES >> 30} GB")
        held = torch.load(path, map_location="cpu", weights_only=True)
    except LluError:
        raise
    except Exception as error:  # as above; weights_only refuses what would have to be unpickled
        raise LluError(f"{path.name} cannot be read as tensors ({one_line(error)}); save a dict of tensors") from None
    if isinstance(held, torch.Tensor):
        size = " x ".join(map(str, held.shape))
        raise LluError(f"{path.name} holds one tensor of {size}, and what is missing is the rest: {AS_BUNDLE}")
    if not isinstance(held, dict):
        raise LluError(f"{path.name} holds a {type(held).__name__}; save a dict of tensors, as in {AS_BUNDLE}")
    return held


def _set(path: Path, held: Mapping[str, Any]) -> Features:
    """By the way of bundles, so that every check is theirs."""
    missing = [key for key in REQUIRED_KEYS if key not in held]
    if missing:
        there = ", ".join(shown(str(key)) for key in list(held)[:10]) or "nothing"
        raise LluError(f"{path.name} holds {there}; what is missing is {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as made:
        bundle = Path(made) / "set.npz"
        try:
            np.savez(bundle, allow_pickle=False, **{key: _array(key, held[key]) for key in _KEYS if key in held})
            features = load_features(bundle)
            named = replace(features.problem, name=shown(path.stem), bundle=shown(path.name))
            return replace(features, problem=named)
        except LluError as error:
            raise LluError(str(error).replace(bundle.name, path.name, 1)) from None
        except (TypeError, ValueError, OSError) as error:
            raise LluError(f"{path.name}: {one_line(error)}") from None


def _array(key: str, value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach()
        return (value.float() if value.is_floating_point() else value).numpy()
    return np.atleast_1d(np.array(value, dtype=np.str_)) if key in _TEXTS else np.asarray(value)
