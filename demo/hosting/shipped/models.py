"""The embedded models as far as they come with the app: what each tells of itself, and the examples' rows of the first.

They are those of the weights that they were asked of: a model of other files is none of them.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from demo.hosting.shipped.file import shipped_arrays, shipped_texts
from demo.session.readers import Facts
from demo.settings import EMBEDDED
from llu_core.encoders.model_table import ASSETS, BACKBONES, EMBEDDED_FOLDER, PHOTO

_FOLDERS = {EMBEDDED[0]: EMBEDDED_FOLDER, PHOTO: ASSETS / PHOTO}
_FILES = (".json", ".safetensors")


@cache
def shipped_facts(name: str) -> Facts | None:
    """What the embedded model of that name tells of itself; None where its files are others by now."""
    told = json.loads(shipped_texts()[name])
    if told.pop("files") != files_digest(_FOLDERS[name]):
        return None
    return Facts(title=BACKBONES[name].title, note=BACKBONES[name].note, **told)


def told_of(name: str, facts: Facts) -> str:
    """The text from which `shipped_facts` reads them."""
    told = {"identity": facts.identity, "width": facts.width, "logit_scale": facts.logit_scale, "tokens": facts.tokens}
    return json.dumps(told | {"files": files_digest(_FOLDERS[name])})


def files_digest(folder: Path) -> str:
    """Of the names and contents of a model's files."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.iterdir() if each.suffix in _FILES):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def shipped_rows(identity: str) -> Mapping[bytes, np.ndarray]:
    """The rows (d,) float32 of the examples' pictures and texts by their keys, as the model of that identity sees them.

    None of another model than the one that reads the examples. Of texts, those that it sees whole.
    """
    return _rows() if identity == json.loads(shipped_texts()[EMBEDDED[0]])["identity"] else {}


@cache
def _rows() -> Mapping[bytes, np.ndarray]:
    arrays = shipped_arrays("rows")
    return dict(zip(map(bytes, arrays["keys"]), arrays["values"], strict=True))
