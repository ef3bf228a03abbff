"""Files that have arrived and wait: what has to be asked before it is known where they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from demo.session import draft as drafts
from demo.session.session import Session
from demo.session.uploads.manner import JOIN, REPLACE
from llu_core.errors import LluError


@dataclass(frozen=True)
class Question:
    """What is asked about files that wait.

    kind: "name" where the class of pictures is missing, "manner" where they may join the set or replace it; text: the
    question; choices: (manner, what it does, in which words it is offered).
    """

    kind: Literal["name", "manner"]
    text: str
    choices: tuple[tuple[str, str, str], ...] = ()


def question_about(session: Session, files: Sequence[str], class_name: str) -> Question | None:
    """What to ask before files go into the set on show, or None where it is plain; nothing is read for it.

    Pictures need a class. They join a class of the set without a question; a new class could begin another set
    as well, and so could a zip where the set is the visitor's own. A feature bundle is a set of its own.
    """
    kinds = [Path(file).suffix.lower() for file in files]
    pictures = sum(kind not in (".zip", ".npz") for kind in kinds)
    if ".npz" in kinds:
        return None
    if pictures:
        fault = _fault_of(session, class_name)
        if fault is not None:
            return Question("name", fault)
    own = session.preset is None
    joins = class_name in session.draft.class_names
    if not session.source.class_names or (joins if pictures else not own):
        return None
    return Question("manner", _which(pictures, len(files) - pictures, class_name), choices(session))


def choices_for_a_recording(session: Session) -> tuple[tuple[str, str, str], ...]:
    """How pictures of a new class may go into the set on show, where that is to be asked before the webcam takes them:
    an example would be replaced otherwise."""
    return choices(session) if session.preset is not None and session.source.class_names else ()


def _fault_of(session: Session, class_name: str) -> str | None:
    if not class_name.strip():
        return "What do these pictures show? Type it; they wait here."
    try:
        drafts.class_called(session.draft, class_name)
    except LluError as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    return None


def _which(pictures: int, zips: int, class_name: str) -> str:
    parts = []
    if pictures:
        parts.append(f"{pictures} {'picture' if pictures == 1 else 'pictures'} of {class_name.strip()}")
    if zips:
        parts.append("the zip" if zips == 1 else f"{zips} zips")
    return f"Where shall {' and '.join(parts)} go?"


def choices(session: Session) -> tuple[tuple[str, str, str], ...]:
    """(manner, what it does, in which words it is offered): how files may go into the set on show."""
    name = session.preset or session.source.name
    count = len(session.source.class_names)
    classes = f"{count} {'class' if count == 1 else 'classes'}"
    join = (JOIN, f"Add to {name}", f"Its {classes} stay.")
    replace = (REPLACE, "Begin another set", f"The {classes} of {name} go; Undo brings them back.")
    return (join, replace) if session.features is None else (replace,)
