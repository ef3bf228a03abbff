"""The shots that CoOp and its relatives keep beside the data: split_fewshot/shot_16-seed_1.pkl.

These are pickles, and a pickle is a program. The one reader here, used nowhere else, knows a single class of a single
package, replaces it by an empty one of its own, and refuses every other name before anything is called: Dassl need not
be installed, and a foreign file can do no more than fail to load.
"""

import io
import pickle
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from llu_core.errors import LluError

KNOWN_CLASS = ("dassl.data.datasets.base_dataset", "Datum")
MAX_CACHE_BYTES = 64 * 2**20
"""16 shots of ImageNet are about 3 MB."""


@dataclass(frozen=True)
class CachedPicture:
    """path: as it was on the writer's disk, with "/"; label and class name as the data set has them."""

    path: str
    label: int
    class_name: str


@dataclass(frozen=True)
class CachedShots:
    """What one file holds; validation is empty where it holds none (ImageNet)."""

    train: tuple[CachedPicture, ...]
    validation: tuple[CachedPicture, ...]


def cached_shots_file(folder: Path, shots: int, seed: int) -> Path:
    """Where the draw of `shots` pictures per class with `seed` is kept in a data set's folder."""
    return folder / "split_fewshot" / f"shot_{shots}-seed_{seed}.pkl"


def read_cached_shots(path: Path) -> CachedShots:
    """The pictures in a cached draw. Raises LluError, one line, for a file that holds or asks for anything else."""
    try:
        if path.stat().st_size > MAX_CACHE_BYTES:
            raise LluError(f"{path} is over {MAX_CACHE_BYTES >> 20} MB, too large for a list of shots; delete it")
        data = path.read_bytes()
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None
    try:
        content = _Reader(data).load()
    except _Refused as refused:
        raise LluError(f"{path} asks for {refused}, which a list of shots has no use for; it was not loaded") from None
    except Exception:  # a file that is no pickle fails in as many ways as there are instructions
        raise LluError(f"{path} is damaged or no list of shots; delete it, and the shots are drawn anew") from None
    if not isinstance(content, dict) or not isinstance(content.get("train"), list):
        raise LluError(f"{path} must hold a dict with the list train; delete it, and the shots are drawn anew")
    train, validation = (_pictures(path, part, content.get(part, [])) for part in ("train", "val"))
    return CachedShots(train, validation)


def re_root(path: str, image_folder: Sequence[str], known: Collection[str]) -> str | None:
    """What follows the image folder in a path of another disk, if that is one of the `known` pictures.

    image_folder: the last parts of the image folder's path, such as ("oxford_pets", "images") or only ("images",).
    """
    parts = PurePosixPath(path).parts
    for start in range(len(image_folder), len(parts)):
        rest = "/".join(parts[start:])
        if tuple(parts[start - len(image_folder) : start]) == tuple(image_folder) and rest in known:
            return rest
    return None


class _Refused(Exception):
    """A name that the reader does not know."""


class _Reader(pickle._Unpickler):  # the one written in Python: the one in C can be made to reserve all memory
    """Builds dicts, lists, tuples, texts and numbers, and empty stand-ins for the one known class."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        # one for every file, so that what a file writes into the class itself ends with it
        self.stand_in = type("Datum", (), {})

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) != KNOWN_CLASS:
            raise _Refused(f"{module}.{name}"[:120].encode("unicode_escape").decode())
        return self.stand_in

    def get_extension(self, code: int) -> None:  # names that a process has given numbers to
        raise _Refused(f"extension {code}")


def _pictures(path: Path, part: str, rows: Any) -> tuple[CachedPicture, ...]:
    if not isinstance(rows, list):
        raise LluError(f"{path}: {part} must be a list; delete the file, and the shots are drawn anew")
    return tuple(_picture(path, f"{part}[{number}]", row) for number, row in enumerate(rows))


def _picture(path: Path, where: str, row: Any) -> CachedPicture:
    fields = getattr(row, "__dict__", {})
    match fields.get("_impath"), fields.get("_label"), fields.get("_classname"):
        case [str(picture), int(label), str(class_name)] if type(row).__name__ == "Datum" and type(label) is int:
            return CachedPicture(picture.replace("\\", "/"), label, class_name)
    raise LluError(f"{path}: {where} must be a Datum with _impath, _label and _classname; delete the file")
