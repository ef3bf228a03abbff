"""The class cards of panel 1: a draft as names, counts and a few pictures; renaming and deleting in place."""

import base64
import io
import json
from collections import defaultdict
from pathlib import Path

from PIL import ImageOps

from llu_core.pictures import UnreadablePicture
from llu_core.sources import ImageSource, Picture

_HERE = Path(__file__).parent
CARDS_HTML, CARDS_CSS, CARDS_JS = (
    (_HERE / f"cards.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
)

THUMBNAILS_PER_CLASS = 6
MAX_THUMBNAILS = 300
IMBALANCE = 4
"""From this ratio between the largest and the smallest class on, the cards say that the set is uneven."""


def cards_payload(draft: ImageSource) -> str:
    """The draft as JSON: {"classes": [{name, train, count, thumbnails}], "notes": [sentence]}."""
    train, test = defaultdict(list), defaultdict(list)
    for pictures, part in ((draft.train, train), (draft.test, test)):
        for picture in pictures:
            part[picture.label].append(picture)
    room = min(THUMBNAILS_PER_CLASS, MAX_THUMBNAILS // max(1, len(draft.class_names)))
    classes = [
        {
            "name": name,
            "train": len(train[label]),
            "count": _count(len(train[label]), len(test[label])),
            "thumbnails": [_thumbnail(picture) for picture in (train[label] or test[label])[:room]],
        }
        for label, name in enumerate(draft.class_names)
    ]
    return json.dumps(
        {"classes": classes, "notes": _notes(draft, [len(pictures) for pictures in train.values() if pictures])}
    )


def _count(train: int, test: int) -> str:
    tested = f", {test} to test" if test else ""
    if train:
        return f"{train} {'picture' if train == 1 else 'pictures'} to learn from{tested}"
    return f"unseen: not trained{tested}"


def _notes(draft: ImageSource, counts: list[int]) -> list[str]:
    notes = []
    if counts and max(counts) >= IMBALANCE * min(counts):
        notes.append(
            f"Uneven set: between {min(counts)} and {max(counts)} pictures per class. Balance helps the small ones."
        )
    notes += [f"Left out {rejected.name}: {rejected.reason}" for rejected in draft.rejected]
    return notes


def _thumbnail(picture: Picture) -> str:
    """A 64 pixel square as a data address; a picture that cannot be read any more is left to training to report."""
    try:
        image = ImageOps.fit(picture.read(), (64, 64))
    except UnreadablePicture:
        return "data:,"
    file = io.BytesIO()
    image.save(file, "WEBP", quality=70)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
