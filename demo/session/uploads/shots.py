"""Pictures of a visitor's webcam: shots that join the set, and frames that are asked about and forgotten."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image
from torch import Tensor

from demo.session import draft as drafts
from demo.session.edits import Upload, join_upload, joined_by
from demo.session.model import Model
from demo.session.queries import encodable_model, encode_picture
from demo.session.session import Session
from demo.session.shelf.together import together
from demo.settings import Limits
from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.data.pictures import ImageSource
from llu_core.encoders.cache import forgetful
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture, decode
from llu_core.method.sweep import Sweep

FRAME_PIXELS = 1_000_000
"""A frame that the page sends has a tenth of them."""
NAME = "webcam"


def read_frame(text: str) -> Image.Image:
    """The picture in the base64 of a file; raises LluError where it holds none."""
    try:
        return decode(base64.b64decode(text, validate=True), "the webcam's picture", max_pixels=FRAME_PIXELS)
    except (ValueError, binascii.Error):
        raise LluError("the webcam's picture did not arrive whole; record it again") from None
    except UnreadablePicture as error:
        raise LluError(f"the webcam's picture cannot be read: {error.reason}; record it again") from None


@dataclass(frozen=True, eq=False)
class Shots:
    """What came of a recording in one call, ready to join: stored pictures of one class.

    recording: its name; begins: whether nothing of it came before; manner: as in `manner.joins`, for what begins.
    """

    class_name: str
    pictures: tuple[drafts.StoredPicture, ...]
    recording: str
    begins: bool
    manner: str = ""


def read_shots(
    session: Session, class_name: str, frames: Sequence[str], recording: str, begins: bool, manner: str = ""
) -> Shots:
    """Decode frames for `join_shots`; raises LluError where they are too many, or one cannot be read."""
    if not recording:
        raise LluError("a recording needs a name, by which its pictures are known as one step for Undo")
    if not frames or len(frames) > session.limits.shots:
        raise LluError(f"a recording brings one to {session.limits.shots:,} pictures at a time, not {len(frames):,}")
    pictures = tuple(drafts.StoredPicture.of(read_frame(frame)) for frame in frames)
    return Shots(class_name, pictures, recording, begins, manner if begins else "")


def join_shots(session: Session, shots: Shots) -> tuple[Session, int]:
    """The session with as many of the shots as its limits leave room for, and how many these are.

    They join by the rule of files that are dropped on the class. Raises LluError where there is no room for any, and
    where the class that an earlier part of the recording went to is gone.
    """
    draft = joined_by(session, shots.class_name, shots.manner)
    name = drafts.class_called(draft, shots.class_name)
    if not shots.begins and name not in session.draft.class_names:
        raise LluError(f"the class {name} was deleted or renamed meanwhile, so its recording has ended")
    room = max(session.limits.pictures - len(draft.train) - len(draft.test), 0)
    taken = shots.pictures[:room]
    if not taken:
        raise full(session.limits)
    first = _next_number(draft)
    pictures = tuple(picture.named(f"{NAME} {first + n}", 0) for n, picture in enumerate(taken))
    one_class = replace(drafts.empty_draft(), class_names=(name,), base_classes=1, train=pictures)
    upload = Upload(one_class, class_name=name, recording=shots.recording, manner=shots.manner)
    return join_upload(session, upload), len(taken)


def full(limits: Limits) -> LluError:
    """What ends a recording when the set takes no more."""
    return LluError(f"the set has {limits.pictures:,} pictures, as many as the page takes; delete some to go on")


def _next_number(draft: ImageSource) -> int:
    """One more than the highest number of a shot in the set: the map tells pictures apart by their names."""
    names = (re.fullmatch(rf"{NAME} (\d{{1,9}})", picture.name) for picture in (*draft.train, *draft.test))
    return 1 + max((int(found[1]) for found in names if found), default=0)


@dataclass(frozen=True, eq=False)
class Glance:
    """A frame as a trained adapter sees it: its embedding (1, d) and one row of a sweep; nothing of it is kept."""

    model: Model
    embedding: Tensor
    sweep: Sweep


def glance(session: Session, frame: str) -> Glance:
    """Ask the adapter about a frame, without remembering it anywhere.

    Raises LluError where there is no adapter or several sets act, where its encoder is unknown, and where the frame is
    no picture.
    """
    if together(session) is not None:
        raise LluError("live prediction asks one set; take the others off the shelf, or ask about a single picture")
    model, encoder = encodable_model(session)
    embedding = forgetful(encoder).encode_images([read_frame(frame)])
    return Glance(model, embedding, Sweep.of(model.trained.adapter, embedding, model.shots.class_embeddings))


def encode_frame(session: Session, frame: str) -> LabelledEmbeddings:
    """A frame that the visitor keeps, as one row for `queries.join_query`."""
    return encode_picture(session, read_frame(frame), NAME)
