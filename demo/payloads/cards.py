"""The class cards of panel 1: a set as names, counts and small pictures, edited in place.

One gradio HTML component holds them. Its value is one JSON string, made here; its events are
rename {old, new}, remove {name}, create {name}, move {picture, to}, discard {picture} and undo {}, where `picture` is
a key of `demo.session.draft.pictures_by_key`. Files chosen or dropped on a card go through the page's own upload field,
"#drop", with the class written into "#drop-class"; a folder is packed into a zip in the browser first.
"""

import json
from collections import defaultdict
from collections.abc import Sequence

from demo.payloads.thumbnails import thumbnail, thumbnail_of_pixels
from demo.session.draft import MAX_NAME_LENGTH, pictures_by_key
from demo.settings import MB, Limits
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, Rejected
from llu_core.data.pictures import ImageSource
from llu_core.files.images import SUFFIXES
from llu_core.files.leftovers import NAMES

MAX_THUMBNAILS = 600
"""A whole set shows so many at most; every one of them costs the page about two kilobytes."""
THUMBNAILS_OF_FEATURES = 6
MAX_LEFT_OUT = 500
"""So many files that were left out are named one by one."""
IMBALANCE = 4
"""From this ratio between the largest and the smallest class on, the cards say that the set is uneven."""


def cards_payload(
    draft: ImageSource,
    *,
    undo: str | None = None,
    changed: bool = False,
    limits: Limits | None = None,
    told: str = "",
    choices: Sequence[tuple[str, str, str]] = (),
) -> str:
    """The draft as JSON, see `_payload`; a class is {name, train, test, count, pictures, more}.

    pictures: [{key, name, part, src}], training pictures first, and `more` that the bound cut off.
    undo: what can be taken back, in words; changed: whether the set is another one than was trained on; told: the first
    of the notes; choices: as a Question has them, for a recording of a new class.
    """
    pictures = defaultdict(list)
    for key, (part, picture) in pictures_by_key(draft).items():
        pictures[picture.label].append((key, part, picture))
    most = _most_shown([len(shown) for shown in pictures.values()])
    classes = []
    for label, name in enumerate(draft.class_names):
        train = sum(part == "train" for _, part, _ in pictures[label])
        shown = [
            {"key": key, "name": picture.name, "part": part, "src": thumbnail(picture.read)}
            for key, part, picture in pictures[label][:most]
        ]
        classes.append(_class(name, train, len(pictures[label]) - train) | _shown(shown, len(pictures[label])))
    told_of = {"undo": undo, "changed": changed, "limits": limits, "told": told, "choices": choices}
    return _payload(classes, draft.rejected, **told_of)


def cards_payload_of_features(
    fewshot: FewShotSet,
    *,
    undo: str | None = None,
    changed: bool = False,
    limits: Limits | None = None,
    told: str = "",
) -> str:
    """A set of embeddings as JSON, to be read, not edited: counts, and pictures where the set has thumbnails."""
    train, test = _rows_by_label(fewshot.train), _rows_by_label(fewshot.test)
    most = min(THUMBNAILS_OF_FEATURES, MAX_THUMBNAILS // len(fewshot.class_names))
    classes = []
    for label, name in enumerate(fewshot.class_names):
        shown = [
            {"key": "", "name": part.names[row], "part": title, "src": thumbnail_of_pixels(part.thumbnails[row])}
            for title, part, rows in (("train", fewshot.train, train[label]), ("test", fewshot.test, test[label]))
            if part.thumbnails is not None
            for row in rows[:most]
        ][:most]
        classes.append(_class(name, len(train[label]), len(test[label])) | _shown(shown, len(shown)))
    return _payload(classes, fewshot.rejected, undo=undo, changed=changed, fixed=True, limits=limits, told=told)


def _payload(
    classes: list[dict],
    rejected: Sequence[Rejected],
    *,
    undo: str | None = None,
    changed: bool = False,
    fixed: bool = False,
    limits: Limits | None = None,
    told: str = "",
    choices: Sequence[tuple[str, str, str]] = (),
) -> str:
    """{"classes", "notes": [sentence], "undo": words or null, "changed", "fixed": no editing, "choices", "limits"}."""
    limits = limits or Limits()
    return json.dumps(
        {
            "classes": classes,
            "notes": [*([told] if told else []), *_notes([one["train"] for one in classes if one["train"]], rejected)],
            "undo": undo,
            "changed": changed,
            "fixed": fixed,
            "choices": choices_told(choices),
            "limits": {
                "bytes": limits.upload_mb * MB,
                "files": limits.files,
                "pictures": limits.pictures,
                "classes": limits.classes,
                "shots": limits.shots,
                "name": MAX_NAME_LENGTH,
                "suffixes": SUFFIXES,
                "leftovers": NAMES,
            },
        }
    )


def choices_told(choices: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    """The choices of a question for the page."""
    return [dict(zip(("manner", "title", "words"), choice, strict=True)) for choice in choices]


def _rows_by_label(part: LabelledEmbeddings) -> dict[int, list[int]]:
    rows = defaultdict(list)
    for row, label in enumerate(part.labels.tolist()):
        rows[label].append(row)
    return rows


def _most_shown(counts: list[int]) -> int:
    """The most pictures per class with which all classes together stay within MAX_THUMBNAILS."""
    most = 0
    while most < max(counts, default=0) and sum(min(count, most + 1) for count in counts) <= MAX_THUMBNAILS:
        most += 1
    return most


def _class(name: str, train: int, test: int) -> dict:
    return {"name": name, "train": train, "test": test, "count": _count(train, test)}


def _shown(pictures: list[dict], count: int) -> dict:
    return {"pictures": pictures, "more": count - len(pictures)}


def _count(train: int, test: int) -> str:
    tested = f", {test} to test" if test else ""
    if train:
        return f"{train} {'picture' if train == 1 else 'pictures'} to learn from{tested}"
    return f"not taught{tested}" if test else "no pictures yet: not taught"


def _notes(counts: list[int], rejected: Sequence[Rejected]) -> list[str]:
    notes = []
    if counts and max(counts) >= IMBALANCE * min(counts):
        notes.append(
            f"Uneven set: between {min(counts)} and {max(counts)} pictures per class. Balance helps the small ones."
        )
    notes += [f"Left out {left.name}: {left.reason}" for left in rejected[:MAX_LEFT_OUT]]
    more = len(rejected) - MAX_LEFT_OUT
    return [*notes, f"Left out {more:,} more files."] if more > 0 else notes
