"""SOURCE, the one way to name data: a folder, a zip, a feature bundle or a built-in set, and how it becomes embeddings.

How a folder or zip is laid out is described in `layout`. Pictures are decoded when they are wanted, a batch
while the one before is encoded.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from PIL import Image

from llu_core.data.bundles import load_bundle
from llu_core.data.class_folders import (
    SOURCE_FORMS,
    ImageSource,
    Picture,
    class_left_out,
    image_source,
    nothing_readable,
)
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, Rejected
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import list_folder, list_zip
from llu_core.steps import drain, one_ahead

if TYPE_CHECKING:
    from llu_core.encoders.encoder import Encoder

BUILT_IN = "picto:"
BATCH = 64
BATCH_PIXELS = 50_000_000
"""A batch of large photographs ends here, at about 150 MB, however few they are."""


def open_source(text: str, *, templates: Sequence[str] | None = None) -> FewShotSet | ImageSource:
    """What SOURCE `text` names: embeddings where it is a feature bundle, otherwise pictures to be embedded.

    `templates` replace the source's own. Raises LluError, one line, for anything that cannot be used.
    """
    if text.startswith(BUILT_IN):
        from llu_core.data.built_in import open_set  # the renderer is of no use to other sources

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
        return image_source(list_folder(path))
    if is_file and suffix == ".npz":
        return load_bundle(path)
    if is_file and suffix == ".zip":
        return image_source(list_zip(path))
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
    for positions, images in one_ahead(_batches(pictures, rejected)):
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
        raise nothing_readable(source.name, rejected)
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
    return drain(steps, None if progress is None else lambda step: progress(*step))


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
    told = tuple(class_left_out(fewshot.class_names[label]) for label in sorted(lost))
    left = fewshot.select_classes(set(range(len(fewshot.class_names))) - lost)
    return replace(left, rejected=fewshot.rejected + told)
