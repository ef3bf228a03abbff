"""Taking a session's results home, and bringing an adapter back."""

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import IO

import torch

from demo.session.draft import StoredPicture, empty_draft
from demo.session.model import UNLABELLED, accuracies
from demo.session.session import Session
from demo.session.shelf.members import answering, switched_on
from demo.session.shelf.shelving import add_to_shelf, brought_along, require_new
from demo.session.shelf.together import together
from demo.session.uploads.adapter import anchors_as_shots, asking, model_of_anchors, read_adapters
from demo.session.uploads.project import ADAPTER_FOLDER, ROWS_FILE, belongs, open_project, packed_rows
from demo.settings import MB
from llu_core.data.forms.project import is_project, write_project
from llu_core.data.pictures import Picture
from llu_core.errors import LluError
from llu_core.files.listing import list_zip
from llu_core.files.writing import folder_beside, write_text, write_whole
from llu_core.method.adapter import interpolation_mask
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.saved import TrainedComposition
from llu_core.method.saved.provenance import ELSEWHERE, Score

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet would compute a cell that begins so."""


def save_adapter(session: Session, folder: Path, *, pictures: bool = False) -> Path:
    """Write the adapter, as it answers at the page's settings, as a zip in `folder`; returns its path.

    pictures: with small pictures of what it was taught with. Where several sets act, all of them are written.
    """
    saved, archive = _acting(session, pictures), folder / "llu-adapter.zip"
    with folder_beside(folder) as made:  # of this call alone: the button may be clicked twice
        saved.save_pretrained(made / archive.stem)

        def pack(file: IO[bytes]) -> None:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                for path in sorted((made / archive.stem).iterdir()):
                    packed.write(path, path.name)

        write_whole(archive, pack)
    return archive


def _acting(session: Session, pictures: bool) -> TrainedAdapter | TrainedComposition:
    """What answers on the page; raises LluError where all sets are switched off."""
    if together(session) is None:
        saved = _told(session)
    elif switched_on(session):
        saved = answering(session)
    else:
        raise LluError("every set is switched off, so that nothing acts that could be saved; switch one on")
    if pictures:
        return saved
    if isinstance(saved, TrainedAdapter):
        return replace(saved, anchor_thumbnails=None)
    return replace(saved, sets=tuple(replace(each, anchor_thumbnails=None) for each in saved.sets))


def _told(session: Session) -> TrainedAdapter:
    """The adapter as it answers, with what it scores on the page's pictures; a reopened one brings what it was saved
    with, for want of test pictures."""
    model, trained = session.require_asked(), session.trained
    answers = (
        model.sweep.predictions(beta=beta, gamma=gamma) for beta, gamma in ((0, 0), (session.beta, session.gamma))
    )
    clip, llu = (accuracies(model, found) for found in answers)
    test = model.shots.test.labels
    seen = int(torch.isin(test, torch.tensor(trained.trained_classes)).sum())
    parts = ("seen", "test pictures of taught classes", seen), ("unseen", "of classes not taught", len(test) - seen)
    scores = tuple(
        Score(part, pictures, before, after)
        for name, part, pictures in parts
        if (before := clip[name]) is not None and (after := llu[name]) is not None
    )
    before, after = (model.elsewhere.accuracy(beta=b, gamma=g) for b, g in ((0, 0), (session.beta, session.gamma)))
    if before is not None and after is not None:
        pictures = sum(len(control.pictures) for control in model.controls)
        scores = (*scores, Score(ELSEWHERE, pictures, before, after))
    if not scores:
        return trained
    return replace(trained, provenance=replace(trained.provenance, scores=scores, command=""))


def save_project(session: Session, folder: Path) -> Path:
    """Write the set with its pictures, and the adapter where it belongs to them, as a zip in `folder`.

    Returns its path. Raises LluError for a set without pictures.
    """
    if session.features is not None:
        raise LluError("this set came as embeddings and has no pictures to save; keep its file, and save the adapter")
    if not session.draft.train:
        raise LluError("there is nothing to save yet; add pictures of a class first")
    path, more = folder / "llu-project.zip", {}
    model = None if session.changed_since_training else session.model
    with folder_beside(folder) as made:
        if model is not None and belongs(model.shots, session.draft):
            _told(session).save_pretrained(made)
            more = {f"{ADAPTER_FOLDER}/{each.name}": each.read_bytes() for each in sorted(made.iterdir())}
            more[ROWS_FILE] = packed_rows(model.shots)
    write_project(path, session.draft, _encoded, more)
    return path


def _encoded(picture: Picture) -> tuple[str, bytes]:
    """The file of a picture: the visitor's as it is kept, a drawn one as PNG."""
    if isinstance(picture.read, StoredPicture):
        data = picture.read.data
        return (".png" if data.startswith(b"\x89PNG") else ".jpg"), data
    file = io.BytesIO()
    picture.read().save(file, "PNG", compress_level=1)
    return ".png", file.getvalue()


def save_predictions(session: Session, folder: Path) -> Path:
    """Write `predictions_csv` as a file in `folder`; returns its path."""
    path = folder / "predictions.csv"
    write_text(path, "\ufeff" + predictions_csv(session))  # the mark by which Excel reads UTF-8
    return path


def open_adapter(session: Session, path: Path) -> Session:
    """Reopen a saved zip: a project with its pictures, or an adapter, whose anchors are the set then; of several that
    were saved together, the first is on the page then and the others join the shelf. Raises LluError for one that
    is on the shelf already."""
    if is_project(list_zip(path, max_bytes=session.limits.unpacked_mb * MB)):
        opened = open_project(session, path)
        if opened.model is not None:
            require_new(session.shelf, path.stem, opened.model)
        return opened
    (name, trained, reader), *others = read_adapters(session, path)
    shots = anchors_as_shots(trained, name)
    shown = replace(session, draft=empty_draft(), features=shots, preset=None)
    opened = asking(shown, trained, reader, shots, source=shots)
    require_new(session.shelf, name, opened.require_model())
    for name, trained, _ in others:
        opened = add_to_shelf(opened, name, model_of_anchors(trained, name))
    return replace(opened, history=session.history)  # all of it is one step for Undo


def join_adapter(session: Session, before: Session, opened: Session) -> Session:
    """The session `opened`, begun on `before`; Undo brings back what it replaces, with what was edited meanwhile.

    Raises LluError if everything was deleted, another model loaded or the shelf changed meanwhile.
    """
    session.require_same_set(before)
    if session.encoder is not before.encoder or session.shelf is not before.shelf:
        what = "model" if session.shelf is before.shelf else "shelf"
        raise LluError(f"the {what} was changed meanwhile; reopen the adapter again")
    again = brought_along(replace(opened, lineage=object()), session, opened.shelf)
    return again.replacing(session, f"reopen {opened.source.name}")


_VERDICTS = {True: "yes", False: "no", None: ""}


def predictions_csv(session: Session) -> str:
    """One line per picture: name, part, truth, both answers with their probability, alpha, nearest anchor, verdict."""
    model = session.require_asked()
    sweep, names = model.sweep, model.shots.class_names
    clip = sweep.logits(beta=0.0, gamma=0.0).softmax(dim=1)
    llu = sweep.logits(beta=session.beta, gamma=session.gamma).softmax(dim=1)
    alpha = interpolation_mask(sweep.image_nearest, beta=session.beta, gamma=session.gamma)
    text = io.StringIO()
    table = csv.writer(text)
    columns = ["picture", "part", "truth", "clip", "clip_p", "llu", "llu_p", "alpha", "anchor", "anchor_cosine"]
    table.writerow([*columns, "familiar"])
    parts = zip(("train", "test", "query"), model.parts, strict=True)
    rows = [(part, label) for part, rows in parts for label in rows.labels.tolist()]
    for row, (name, (part, label)) in enumerate(zip(model.row_names, rows, strict=True)):
        first, second = int(clip[row].argmax()), int(llu[row].argmax())
        anchor = model.trained.anchor_names[sweep.image_anchor[row]]
        truth = "" if label == UNLABELLED else names[label]
        words = [_harmless(word) for word in (name, truth, names[first], names[second], anchor)]
        numbers = [
            f"{value:.6f}" for value in (clip[row, first], llu[row, second], alpha[row], sweep.image_nearest[row])
        ]
        told = [words[0], part, words[1], words[2], numbers[0], words[3], *numbers[1:3], words[4], numbers[3]]
        table.writerow([*told, _VERDICTS[model.trained.is_familiar(sweep.image_nearest[row].item())]])
    return text.getvalue()


def _harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
