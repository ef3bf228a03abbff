"""All thumbnails of a model, or of several sets, in one picture, a sprite sheet: the page cuts it."""

import base64
import io
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from demo.session.model import Model
from demo.session.shelf.together import Together
from llu_core.data.fewshot import LabelledEmbeddings

SHEET_COLUMNS = 32

# Every visitor who comes is shown the same example. Weak, because pictures must not outlive the session.
_sheets: WeakKeyDictionary[Model | Together, dict | None] = WeakKeyDictionary()


def sheet_of(shown: Model | Together) -> dict | None:
    """{sheet, tile, columns, count}, or None where the set has no thumbnails; it is made once for what is shown.

    The tiles are the rows of the sweep, then the pictures of the controls; these are left out where any has none.
    """
    if shown not in _sheets:
        _sheets[shown] = _make_sheet(shown)
    return _sheets[shown]


def _make_sheet(shown: Model | Together) -> dict | None:
    own = _thumbnails(shown.parts)
    if own is None:
        return None
    elsewhere = _thumbnails([control.pictures for control in shown.controls])
    tiles = own
    if elsewhere is not None and elsewhere.shape[1:] == own.shape[1:]:
        tiles = np.concatenate([own, elsewhere])
    count, tile = len(tiles), tiles.shape[1]
    rows = -(-count // SHEET_COLUMNS)
    sheet = np.zeros((rows * SHEET_COLUMNS, tile, tile, 3), dtype=np.uint8)
    sheet[:count] = tiles
    sheet = (
        sheet.reshape(rows, SHEET_COLUMNS, tile, tile, 3).swapaxes(1, 2).reshape(rows * tile, SHEET_COLUMNS * tile, 3)
    )
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "WEBP", quality=80, method=2)  # half the time for a twentieth more bytes
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return {"sheet": f"data:image/webp;base64,{data}", "tile": tile, "columns": SHEET_COLUMNS, "count": count}


def _thumbnails(parts: Sequence[LabelledEmbeddings]) -> np.ndarray | None:
    """(n, s, s, 3), or None where some picture has none, or there is no picture."""
    found = [part.thumbnails for part in parts if len(part)]
    kept = [each for each in found if each is not None]
    return np.concatenate(kept) if found and len(kept) == len(found) else None
