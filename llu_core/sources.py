"""SOURCE, the one way to name data: a folder, a zip, a feature bundle or a built-in set, and how it becomes embeddings.

A folder, or a zip of it, holds one folder per class; a single folder around it all is looked through:

    CLASS/PICTURE          training pictures ("train/CLASS/PICTURE" is the same)
    test/CLASS/PICTURE     optional: test pictures of those classes
    new/CLASS/PICTURE      optional: a class without training pictures; its folder may be empty or hold test pictures
    new/classes.txt        optional: names of further classes without pictures, one a line ("new.txt" is the same)

Pictures are decoded one at a time, when they are wanted.
"""

import unicodedata
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from PIL import Image

from llu_core.bundles import load_bundle
from llu_core.errors import LluError
from llu_core.fewshot import FewShotSet, LabelledEmbeddings, Rejected, draw_shots, first_half
from llu_core.pictures import PictureFiles, UnreadablePicture, list_folder, list_zip
from llu_core.prompts import DEFAULT_TEMPLATES, class_embeddings

if TYPE_CHECKING:
    from llu_core.encoder import Encoder

SOURCE_FORMS = "a folder with one folder per class, a .zip of that, a feature bundle (.npz), or picto:NAME"
BUILT_IN = "picto:"
BATCH = 64
BATCH_PIXELS = 50_000_000
"""A batch of large photographs ends here, at about 150 MB, however few they are."""

_SECTIONS = ("train", "test", "new")
_NAME_LISTS = ("new/classes.txt", "new.txt")


@dataclass(frozen=True, eq=False)
class Picture:
    """A labelled picture not yet decoded: `name` is its path in the source, `read()` may raise UnreadablePicture."""

    name: str
    label: int
    read: Callable[[], Image.Image]


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Labelled pictures; label k is class_names[k], and the first `base_classes` classes are the base ones."""

    name: str
    class_names: tuple[str, ...]
    base_classes: int
    train: tuple[Picture, ...]
    test: tuple[Picture, ...] = ()
    templates: tuple[str, ...] = DEFAULT_TEMPLATES
    rejected: tuple[Rejected, ...] = ()

    def sample(self, shots: int, seed: int) -> "ImageSource":
        """The same source with at most `shots` training pictures per class, drawn as `FewShotSet.sample` draws."""
        drawn = draw_shots([picture.label for picture in self.train], shots, seed)
        return replace(self, train=tuple(self.train[position] for position in drawn))


def open_source(text: str, *, templates: Sequence[str] | None = None) -> FewShotSet | ImageSource:
    """What SOURCE `text` names: embeddings where it is a feature bundle, otherwise pictures to be embedded.

    `templates` replace the source's own. Raises LluError, one line, for anything that cannot be used.
    """
    if text.startswith(BUILT_IN):
        from llu_core.pictoworld.sets import open_set  # the renderer is of no use to other sources

        source = open_set(text.removeprefix(BUILT_IN))
    else:
        source = _open_path(text)
    if not templates:
        return source
    if isinstance(source, FewShotSet):
        raise LluError(f"{text}: a feature bundle brings its class names embedded; templates cannot change them")
    return replace(source, templates=tuple(templates))


def _open_path(text: str) -> FewShotSet | ImageSource:
    path = Path(text).expanduser()
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:
        raise LluError(f"{text[:80]!r} cannot be read ({error.strerror or error})") from None
    suffix = path.suffix.lower()
    if text and is_folder:
        return _image_source(list_folder(path))
    if is_file and suffix == ".npz":
        return load_bundle(path)
    if is_file and suffix == ".zip":
        return _image_source(list_zip(path))
    state = "is a file of another kind" if is_file else "does not exist"
    raise LluError(f"{text[:80]!r} {state}; a source is {SOURCE_FORMS}")


def embed_steps(
    source: ImageSource, encoder: "Encoder", *, templates: Sequence[str] | None = None, thumbnails: int = 64
) -> Generator[tuple[int, int], None, FewShotSet]:
    """Embed a source, yielding (pictures done, pictures in all); the generator's return value is the FewShotSet.

    Pictures that cannot be decoded end up in `rejected`, and so does a class that loses all its training pictures.
    thumbnails: side in pixels of the centre crops kept of every picture, 0 for none.
    Raises LluError if no training picture is left or a template is unusable (before anything is encoded).
    """
    templates = tuple(templates or source.templates)
    classes = class_embeddings(encoder, source.class_names, templates)
    pictures = source.train + source.test
    rejected = list(source.rejected)
    kept: list[int] = []
    vectors = [torch.empty(0, encoder.width)]
    crops = [np.empty((0, thumbnails, thumbnails, 3), dtype=np.uint8)]
    yield 0, len(pictures)
    for positions, images in _batches(pictures, rejected):
        kept += positions
        vectors.append(encoder.encode_images(images))
        crops += [_thumbnail(image, thumbnails)[None] for image in images if thumbnails]
        yield positions[-1] + 1, len(pictures)
    rows = LabelledEmbeddings(
        embeddings=torch.cat(vectors),
        labels=torch.tensor([pictures[position].label for position in kept], dtype=torch.int64),
        names=tuple(pictures[position].name for position in kept),
        thumbnails=np.concatenate(crops) if thumbnails else None,
    )
    trained = sum(position < len(source.train) for position in kept)
    if not trained:
        raise _nothing_readable(source.name, rejected)
    fewshot = FewShotSet(
        name=source.name,
        class_names=source.class_names,
        class_embeddings=classes,
        train=rows.select(range(trained)),
        test=rows.select(range(trained, len(rows))),
        base_classes=source.base_classes,
        logit_scale=encoder.logit_scale,
        encoder_identity=encoder.identity,
        templates=templates,
        rejected=tuple(rejected),
    )
    return _without_lost_classes(fewshot, {picture.label for picture in source.train})


def embed(
    source: ImageSource,
    encoder: "Encoder",
    *,
    templates: Sequence[str] | None = None,
    thumbnails: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> FewShotSet:
    """`embed_steps` in one go; `progress` is told (pictures done, pictures in all)."""
    steps = embed_steps(source, encoder, templates=templates, thumbnails=thumbnails)
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            return end.value
        if progress:
            progress(done, total)


def load_source(
    text: str,
    encoder: "Encoder | Callable[[], Encoder]",
    *,
    templates: Sequence[str] | None = None,
    thumbnails: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> FewShotSet:
    """Open SOURCE `text` and `embed` it if it holds pictures.

    encoder: an encoder, or a function that makes one; it is called only for pictures, so a bundle loads no model.
    """
    source = open_source(text, templates=templates)
    if isinstance(source, FewShotSet):
        return source
    is_factory = isinstance(encoder, type) or not hasattr(encoder, "encode_images")
    ready = cast("Callable[[], Encoder]", encoder)() if is_factory else cast("Encoder", encoder)
    return embed(source, ready, thumbnails=thumbnails, progress=progress)


def _batches(pictures: Sequence[Picture], rejected: list[Rejected]) -> Iterator[tuple[list[int], list[Image.Image]]]:
    """Positions and decoded images of up to BATCH pictures at a time; the unreadable ones go to `rejected`."""
    positions: list[int] = []
    images: list[Image.Image] = []
    for position, picture in enumerate(pictures):
        try:
            image = picture.read()
        except UnreadablePicture as error:
            rejected.append(Rejected(picture.name, error.reason))
            continue
        positions.append(position)
        images.append(image)
        if len(images) == BATCH or sum(image.width * image.height for image in images) >= BATCH_PIXELS:
            yield positions, images
            positions, images = [], []
    if images:
        yield positions, images


def _thumbnail(image: Image.Image, side: int) -> np.ndarray:
    """(side, side, 3) uint8, the centre square."""
    size = min(image.size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    square = image.convert("RGB").crop((left, top, left + size, top + size))
    return np.asarray(square.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3))


def _without_lost_classes(fewshot: FewShotSet, trained: set[int]) -> FewShotSet:
    """Leave out the classes of `trained` that have no training row any more, and say so."""
    lost = trained - set(fewshot.seen_classes)
    if not lost:
        return fewshot
    told = tuple(_class_left_out(fewshot.class_names[label]) for label in sorted(lost))
    left = fewshot.select_classes(set(range(len(fewshot.class_names))) - lost)
    return replace(left, rejected=fewshot.rejected + told)


def _class_left_out(name: str) -> Rejected:
    return Rejected(name, "no readable training picture; the class is left out")


def _nothing_readable(name: str, rejected: Sequence[Rejected]) -> LluError:
    first = f"; left out: {rejected[0].name} ({rejected[0].reason})" if rejected else ""
    return LluError(f"{name} has no readable training picture{first}; a source is {SOURCE_FORMS}")


@dataclass
class _Layout:
    """Class folder -> paths of its pictures, by section; names of classes without folder; what lies elsewhere."""

    train: dict[str, list[str]] = field(default_factory=dict)
    test: dict[str, list[str]] = field(default_factory=dict)
    new: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def _image_source(files: PictureFiles) -> ImageSource:
    """Read the layout that the module describes."""
    files, outside = _unwrapped(files)
    layout = _layout(files)
    rejected = [*outside, *layout.rejected]
    rejected += [_class_left_out(_shown(folder)) for folder, pictures in layout.train.items() if not pictures]
    train = {name: pictures for name, pictures in _by_class(layout.train, files.name).items() if pictures}
    if not train:
        raise _nothing_readable(files.name, rejected)
    new = {name: [] for name in layout.names} | _by_class(layout.new, files.name)
    both = next((name for name in new if name in train), None)
    if both is not None:
        raise LluError(f"{files.name}: class '{both}' has training pictures and is under new/ too; remove one of them")
    test = dict(new)
    for name, pictures in _by_class(layout.test, files.name).items():
        if name in train or name in new:
            test[name] = test.get(name, []) + pictures
        else:
            rejected.append(Rejected(f"test/{name}", "its class has no training pictures and is not under new/"))
    class_names = (*sorted(train), *sorted(new))
    return ImageSource(
        name=files.name,
        class_names=class_names,
        base_classes=len(train) if new else first_half(len(train)),
        train=_pictures(files, class_names, train),
        test=_pictures(files, class_names, test),
        rejected=tuple(rejected),
    )


def _pictures(files: PictureFiles, class_names: Sequence[str], paths: dict[str, list[str]]) -> tuple[Picture, ...]:
    return tuple(
        Picture(_shown(path), label, partial(files.decode, path))
        for label, name in enumerate(class_names)
        for path in paths.get(name, [])
    )


def _unwrapped(files: PictureFiles) -> tuple[PictureFiles, list[Rejected]]:
    """Step into folders that only wrap the class folders, as a zip of a folder has one; also what lay beside them."""
    outside: list[Rejected] = []
    while True:
        tops = {path for path in files.folders if "/" not in path}
        top = min(tops, default="")
        inner = files.inside(top)
        if len(tops) != 1 or top.lower() in _SECTIONS or not _holds_classes(inner):
            return files, outside
        outside += [Rejected(_shown(path), _NOT_IN_A_CLASS) for path in sorted(files.sizes) if "/" not in path]
        files = inner


def _holds_classes(folder: PictureFiles) -> bool:
    """Whether class folders lie in `folder`; if not it is a class itself, even one with a folder among its pictures."""
    filled = {path.split("/")[0] for path in folder.sizes if "/" in path}
    pictures = (path for path in folder.sizes if "/" not in path and folder.why_not_a_picture(path) is None)
    return len(filled) > 1 or (bool(folder.folders) and not any(pictures))


def _layout(files: PictureFiles) -> _Layout:
    layout = _Layout()
    inner = {path.lower().split("/")[0] for path in files.folders if "/" in path}
    sections = {"test", "new"} | (inner & {"train"})  # without folders in it, "train" is a class: the vehicle
    for path in sorted(files.folders):
        section, depth = _place(path, sections)
        if depth == 1:
            getattr(layout, section)[path] = []
    for path in sorted(files.sizes):
        section, depth = _place(path, sections)
        if path.lower() in _NAME_LISTS:
            layout.names += _listed_names(files, path, layout.rejected)
        elif depth != 2:
            layout.rejected.append(Rejected(_shown(path), _NOT_IN_A_CLASS if depth < 2 else _TOO_DEEP))
        elif reason := files.why_not_a_picture(path):
            layout.rejected.append(Rejected(_shown(path), reason))
        else:
            getattr(layout, section)[path.rpartition("/")[0]].append(path)
    return layout


_NOT_IN_A_CLASS = "not in the folder of a class"
_TOO_DEEP = "in a folder inside a class folder; put it into the class folder itself"


def _place(path: str, sections: set[str]) -> tuple[str, int]:
    """The section a path belongs to, and how many parts the path has within it (1: a class folder, 2: a picture)."""
    first, *rest = path.split("/")
    return (first.lower(), len(rest)) if first.lower() in sections else ("train", 1 + len(rest))


def _by_class(folders: dict[str, list[str]], source: str) -> dict[str, list[str]]:
    """Class name -> pictures; raises LluError if two folders mean one class."""
    classes: dict[str, str] = {}
    for folder in folders:
        name = _class_name(folder.rpartition("/")[2])
        if name in classes:
            raise LluError(f"{source}: folders '{classes[name]}' and '{folder}' both mean class '{name}'; rename one")
        classes[name] = folder
    return {name: folders[folder] for name, folder in classes.items()}


def _listed_names(files: PictureFiles, path: str, rejected: list[Rejected]) -> list[str]:
    try:
        text = files.read(path, 2**20).decode("utf-8-sig", errors="replace")
    except UnreadablePicture as error:
        rejected.append(Rejected(path, error.reason))
        return []
    return [_class_name(line) for line in text.splitlines() if line.strip()]


def _class_name(text: str) -> str:
    """Underscores are spaces, and a name composed by macOS equals the same name typed elsewhere."""
    return " ".join(unicodedata.normalize("NFC", _shown(text)).replace("_", " ").split()) or _shown(text)


def _shown(path: str) -> str:
    """A path fit for one line of print: file names need not be valid text and may hold line breaks."""
    text = path.encode("utf-8", errors="replace").decode("utf-8")
    return "".join(character if character.isprintable() else " " for character in text)
