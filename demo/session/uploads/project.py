"""A project that a visitor opens again: its pictures, and the adapter with the rows that it was trained and asked on.

The rows lie beside the adapter, so that opening waits for no model; they count only where they fit the pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from safetensors.torch import load, save
from torch import Tensor

from demo.session import draft as drafts
from demo.session.edits import read_zip
from demo.session.session import Session
from demo.session.uploads.adapter import asking, read_adapter
from demo.session.uploads.bundles import THUMBNAIL
from demo.settings import MB
from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError
from llu_core.files.listing import list_zip
from llu_core.method.adapter_files import CONFIG_FILE
from llu_core.method.checkpoint import TrainedAdapter

ADAPTER_FOLDER, ROWS_FILE = "adapter", "rows.safetensors"


def belongs(shots: FewShotSet, draft: ImageSource) -> bool:
    """Whether embeddings are those of a draft's pictures, every one in its place."""
    parts = ((shots.train, draft.train), (shots.test, draft.test))
    names = all(rows.names == tuple(each.name for each in pictures) for rows, pictures in parts)
    controls = [len(each.pictures) for each in shots.controls] == [len(each.pictures) for each in draft.controls]
    return names and controls and set(shots.class_names) == set(draft.class_names)


def packed_rows(shots: FewShotSet) -> bytes:
    """The rows of a set and of its controls, as `open_project` reads them."""
    rows = {"train": shots.train.embeddings, "test": shots.test.embeddings}
    for number, control in enumerate(shots.controls):
        rows |= {f"elsewhere.{number}": control.pictures.embeddings, f"texts.{number}": control.class_embeddings}
    return save({name: tensor.contiguous() for name, tensor in rows.items()})


def open_project(session: Session, path: Path) -> Session:
    """The set of a project with its adapter, where it has one that fits it; raises LluError for what is not sound.

    The adapter's model must be at hand, as for any adapter.
    """
    draft = read_zip(session, path)
    templates = drafts.set_templates(draft, draft.templates).templates
    drafts.require_within(len(draft.train) + len(draft.test), draft.class_names, session.limits, len(templates))
    blank = replace(session, draft=draft, features=None, preset=None, model=None, history=(), given=None)
    files = list_zip(path, max_bytes=session.limits.unpacked_mb * MB)
    if f"{ADAPTER_FOLDER}/{CONFIG_FILE}" not in files.sizes or ROWS_FILE not in files.sizes:
        return blank.for_own_set()
    trained, reader = read_adapter(session, path)
    try:
        shots = _shots(draft, trained, load(files.read(ROWS_FILE, -1)))
    except Exception as error:  # beside its own error, the reader lets slip whatever bytes that lie bring about
        raise LluError(f"{path.name}: {ROWS_FILE} does not fit the pictures ({type(error).__name__})") from None
    return asking(blank, trained, reader, shots, source=draft)


def _shots(draft: ImageSource, trained: TrainedAdapter, rows: Mapping[str, Tensor]) -> FewShotSet:
    """The set as it was embedded; its classes are numbered as the adapter's are."""
    number = {name: label for label, name in enumerate(trained.class_names)}
    labels = [number[name] for name in draft.class_names]
    controls = (
        Control(each.name, each.class_names, rows[f"texts.{at}"], _part(each.pictures, rows[f"elsewhere.{at}"]))
        for at, each in enumerate(draft.controls)
    )
    return FewShotSet(
        name=draft.name,
        class_names=trained.class_names,
        class_embeddings=trained.class_embeddings,
        train=_part(draft.train, rows["train"], labels),
        test=_part(draft.test, rows["test"], labels),
        base_classes=min(draft.base_classes, len(trained.class_names)),
        logit_scale=trained.adapter.logit_scale,
        encoder_identity=trained.encoder_identity,
        templates=draft.templates,
        rejected=draft.rejected,
        controls=tuple(controls),
    )


def _part(pictures: Sequence[Picture], rows: Tensor, labels: Sequence[int] | None = None) -> LabelledEmbeddings:
    """The rows with the pictures that they are of."""
    thumbnails = [np.asarray(ImageOps.fit(each.read(), (THUMBNAIL, THUMBNAIL))) for each in pictures]
    shape = (len(pictures), THUMBNAIL, THUMBNAIL, 3)
    return LabelledEmbeddings(
        rows,
        torch.tensor([labels[each.label] if labels else each.label for each in pictures], dtype=torch.int64),
        tuple(each.name for each in pictures),
        np.array(thumbnails, dtype=np.uint8).reshape(shape),
    )
