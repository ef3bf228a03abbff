"""The visitor's own set: adding files to it and editing it, every step of which can be undone."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec

from demo.session import draft as drafts
from demo.session.queries import add_classes
from demo.session.session import Session
from demo.session.shelf.shelf import Shelf
from demo.session.uploads.bundles import read_bundle
from demo.session.uploads.controls import read_controls
from demo.session.uploads.manner import joins
from demo.settings import MB, Limits
from llu_core.data.fewshot import FewShotSet, Rejected
from llu_core.data.folders.source import image_source
from llu_core.data.left_out import leave_out, validation_left_out
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture, decode
from llu_core.files.leftovers import is_leftover
from llu_core.files.listing import list_zip
from llu_core.steps import Told

Arguments = ParamSpec("Arguments")


def _nobody(done: int, total: int) -> None:
    """Told how far a reading is that nobody follows."""


@dataclass(frozen=True, eq=False)
class Upload:
    """What was read of an upload, on its way into a set: pictures, or a feature bundle; class_name: as it was given.

    recording: the recording of a webcam that the pictures are part of, "" for files; manner: as in `read_upload`.
    """

    pictures: ImageSource | None = None
    bundle: FewShotSet | None = None
    class_name: str = ""
    recording: str = ""
    manner: str = ""


def add_files(session: Session, paths: Sequence[str | Path], class_name: str = "", manner: str = "") -> Session:
    """Add a zip (one folder per class), or pictures of the class `class_name`; or open one feature bundle (.npz).

    manner: as in `read_upload`. Pictures that cannot be read are named in `draft.rejected`. Raises LluError if nothing
    can be used, and then the session is as before.
    """
    return join_upload(session, read_upload(session, paths, class_name, manner))


def read_upload(
    session: Session,
    paths: Sequence[str | Path],
    class_name: str = "",
    manner: str = "",
    told: Told = _nobody,
) -> Upload:
    """Read files for `join_upload`, within what the session has room for; this takes long, and changes nothing.

    manner: as in `manner.joins`, which raises LluError where it cannot be. told: how many pictures were begun, of how
    many.
    """
    given, limits = [Path(path) for path in paths], session.limits
    _require_few(given, limits)
    files = [path for path in given if not is_leftover(path.name)]
    if given and not files:
        raise LluError(f"{given[0].name} is nothing but what systems leave among files; choose pictures or a zip")
    try:
        size = sum(path.stat().st_size for path in files)
    except FileNotFoundError:  # uploads are deleted after a while
        raise LluError("an uploaded file is no longer there; choose it again") from None
    if size > limits.upload_mb * MB:
        raise LluError(f"the files are {size // MB} MB together; the page takes {limits.upload_mb} MB at a time")
    if any(path.suffix.lower() == ".npz" for path in files):
        return Upload(bundle=read_bundle(session, files))
    draft = joined_by(session, class_name, manner)
    reader, added = _Reader(session, draft, told), drafts.empty_draft()
    pictures = [path for path in files if path.suffix.lower() != ".zip"]
    if pictures:
        class_called = drafts.class_called(draft, class_name)
        reader.reserve(len(pictures))
    for path in files:
        if path.suffix.lower() == ".zip":
            added = drafts.merge(added, reader.zip(path))
    if pictures:
        added = _with_pictures(added, class_called, pictures, reader)
    return Upload(pictures=added, class_name=class_name, manner=manner)


def read_zip(session: Session, path: Path) -> ImageSource:
    """The set in a zip, alone and in its own order, in memory, within what a set may be."""
    return _Reader(session, drafts.empty_draft()).zip(path)


def join_upload(session: Session, upload: Upload) -> Session:
    """The session with what was read; another upload may have joined it since the reading began."""
    if upload.bundle is not None:
        return session.with_features(upload.bundle)
    assert upload.pictures is not None
    draft = joined_by(session, upload.class_name, upload.manner)
    anew = not joins(session, upload.class_name, upload.manner)
    label = f"record {upload.class_name}" if upload.recording else "add pictures"
    merged = drafts.merge(draft, upload.pictures)
    return session.edited(label, merged, anew=anew, recording=upload.recording)


def joined_by(session: Session, class_name: str, manner: str = "") -> ImageSource:
    """The draft that an upload joins; an earlier upload's rejections are forgotten."""
    return drafts.with_rejected(session.draft, ()) if joins(session, class_name, manner) else drafts.empty_draft()


def _require_few(files: Sequence[Path], limits: Limits) -> None:
    """Raise LluError, before any is opened, for more files than an upload may have and for one named again."""
    if len(files) > limits.files:
        raise LluError(f"these are {len(files):,} files; the page takes {limits.files:,} at a time")
    pictures = sum(path.suffix.lower() not in (".zip", ".npz") for path in files)
    if pictures > limits.pictures:
        raise LluError(
            f"these are {pictures:,} pictures; the page takes {limits.pictures:,}, the command line takes any number"
        )
    twice = next((path for path, times in Counter(files).items() if times > 1), None)
    if twice is not None:
        raise LluError(f"{twice.name} is named more than once in this call; name every file once")


class _Reader:
    """Reads the pictures of one upload into memory, so that it can be deleted, within what is left of the limits."""

    def __init__(self, session: Session, draft: ImageSource, told: Told = _nobody):
        self._told, self._done, self._expected = told, 0, 0
        self._limits, self._files = session.limits, session.limits.files
        self._free = session.limits.pictures - len(draft.train) - len(draft.test)
        self._pixels = session.limits.upload_megapixels * 1_000_000
        self.max_pixels = session.limits.picture_pixels

    def zip(self, path: Path) -> ImageSource:
        """Raises LluError if no training picture in the zip can be read."""
        files = list_zip(path, max_files=self._files, max_pixels=self.max_pixels)
        self._files = max(self._files - len(files.sizes), 0)
        source = image_source(files)
        drafts.require_within(0, source.class_names, self._limits)
        self.reserve(len(source.train) + len(source.test))
        train, unreadable = self.read(source.train, ())
        test, unreadable = self.read(source.test, unreadable)
        controls, unreadable = read_controls(source.controls, self.read, unreadable)
        rejected = (*source.rejected, *validation_left_out(source))
        read = replace(source, train=train, test=test, validation=(), rejected=rejected, controls=controls)
        return leave_out(read, source.seen_classes, unreadable)

    def reserve(self, pictures: int) -> None:
        """Raises LluError, before any is read, if so many pictures are too many."""
        if pictures > self._free:
            raise LluError(
                f"these are {pictures:,} pictures; the page takes {self._limits.pictures:,} and has room for "
                f"{max(self._free, 0):,} more, the command line takes any number"
            )
        self._free -= pictures
        self._expected += pictures

    def read(
        self, pictures: Iterable[Picture], rejected: tuple[Rejected, ...]
    ) -> tuple[tuple[Picture, ...], tuple[Rejected, ...]]:
        """The pictures that can be read, in memory, and `rejected` with the others."""
        kept, left_out = [], list(rejected)
        for picture in pictures:
            self._done += 1
            self._told(self._done, max(self._done, self._expected))  # controls take no room, so that none is expected
            try:
                image = picture.read()
            except UnreadablePicture as error:
                left_out.append(Rejected(picture.name, error.reason))
                continue
            self._pixels -= image.width * image.height
            if self._pixels < 0:
                most = self._limits.upload_megapixels
                raise LluError(f"the pictures have more than {most:,} megapixels together; make them smaller")
            kept.append(drafts.StoredPicture.of(image).named(picture.name, picture.label))
        return tuple(kept), tuple(left_out)


def _with_pictures(added: ImageSource, class_name: str, paths: Sequence[Path], reader: _Reader) -> ImageSource:
    """What was read so far with these training pictures of one class, for which the reader has reserved room."""
    given = (Picture(path.name, 0, partial(decode, path, path.name, max_pixels=reader.max_pixels)) for path in paths)
    pictures, rejected = reader.read(given, added.rejected)
    if not pictures:
        raise LluError(f"no picture could be read; the first reason: {rejected[0].name}: {rejected[0].reason}")
    one_class = replace(drafts.empty_draft(), class_names=(class_name,), base_classes=1, train=pictures)
    return drafts.merge(drafts.with_rejected(added, rejected), one_class)


def edit(
    session: Session,
    label: str,
    change: Callable[Concatenate[ImageSource, Arguments], ImageSource],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Session:
    """The session with `change(draft, *args)` as its draft; `label` says in the Undo button what was done.

    Where nothing changes, there is nothing to undo. Raises LluError if the set came as embeddings, if `change` does,
    and if the set is over the limits then.
    """
    if session.features is not None:
        raise LluError("a set of embeddings cannot be edited; choose an example or add pictures to start another set")
    changed = change(session.draft, *args, **kwargs)
    return session if changed is session.draft else session.edited(label, changed)


def edit_picture(
    session: Session,
    verb: str,
    change: Callable[Concatenate[ImageSource, str, Arguments], ImageSource],
    key: str,
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Session:
    """`edit` of the picture behind a key, labelled with the verb and what the picture is called."""
    class_name, name = drafts.picture_of(session.draft, key)
    return edit(session, f"{verb} {Path(name).name} ({class_name})", change, key, *args, **kwargs)


def set_unseen_classes(session: Session, names: str) -> Session:
    """`names`: separated by commas or line breaks; new ones join the trained adapter's answers at once."""
    joining = classes_that_join(session, names)
    if joining:
        return add_classes(session, joining)
    return change_unseen_classes(session, names)


def classes_that_join(session: Session, names: str) -> list[str]:
    """Which of `names` the trained adapter can be asked about besides, where that is all that they change.

    Raises LluError, before any is encoded, if they are more classes than the limits allow.
    """
    present, wanted = drafts.unseen_without_pictures(session.draft), _listed(session, names)
    if session.model is None or session.changed_since_training or wanted[: len(present)] != present:
        return []
    return wanted[len(present) :]


def change_unseen_classes(session: Session, names: str) -> Session:
    """Make `names` the classes without pictures; the adapter is not asked about them before the next training."""
    present, wanted = drafts.unseen_without_pictures(session.draft), _listed(session, names)
    if wanted == present:
        return session
    return edit(session, "change unseen classes", drafts.set_unseen_classes, wanted)


def _listed(session: Session, names: str) -> list[str]:
    """The names in a text; raises LluError if they are more than a set may have, and looks at none of them then."""
    present = drafts.unseen_without_pictures(session.draft)
    if names == ", ".join(present):  # a name may itself hold a comma
        return present
    wanted = [name.strip() for name in names.replace("\n", ",").split(",") if name.strip()]
    drafts.require_few_classes(len(wanted), session.limits)
    return wanted


def set_templates(session: Session, templates: str) -> Session:
    """`templates`: one a line, each with {} where the class name goes."""
    lines = templates.splitlines()
    if drafts.given_templates(lines) == session.source.templates:
        return session
    return edit(session, "change templates", drafts.set_templates, lines)


def clear(session: Session) -> Session:
    """Forget the visitor's pictures and everything trained on them."""
    empty = replace(session, draft=drafts.empty_draft(), features=None, preset=None, model=None, history=())
    return replace(empty, given=None, lineage=object(), shelf=Shelf(), resting=frozenset(), masks={}).for_own_set()
