"""SOURCE, the one way to name data: a folder, a zip, a feature bundle, a built-in set or what else `forms` reads.

How a folder or zip is laid out is described in `folders.layout`. Pictures are decoded when they are wanted, a batch
while the one before is encoded.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from llu_core.data.bundles import load_features
from llu_core.data.embedding import embed
from llu_core.data.features import Features
from llu_core.data.fewshot import FewShotSet
from llu_core.data.folders.source import image_source
from llu_core.data.forms import arrays, huggingface, manifest, shards, torchvision_sets
from llu_core.data.left_out import ARRAYS, AS_BUNDLE, SOURCE_FORMS
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError
from llu_core.files.listing import list_folder, list_zip

if TYPE_CHECKING:
    from llu_core.encoders.encoder import Encoder

BUILT_IN, TORCHVISION, HUB = "picto:", "torchvision:", "hf:"


def open_source(text: str, *, templates: Sequence[str] | None = None) -> FewShotSet | ImageSource:
    """What SOURCE `text` names: embeddings where it is a feature bundle, otherwise pictures to be embedded.

    `templates` replace the source's own. Raises LluError, one line, for anything that cannot be used.
    """
    source = open_pools(text, templates=templates)
    return source.problem if isinstance(source, Features) else source


def open_pools(text: str, *, templates: Sequence[str] | None = None) -> Features | ImageSource:
    """The same with the validation rows and views that a feature bundle may have."""
    if text.startswith(BUILT_IN):
        from llu_core.data.built_in import open_set  # the renderer is of no use to other sources

        source = open_set(text.removeprefix(BUILT_IN))
    elif text.startswith(TORCHVISION):
        source = torchvision_sets.read_torchvision(text.removeprefix(TORCHVISION))
    elif text.startswith(HUB):
        source = huggingface.read_hub_dataset(text.removeprefix(HUB))
    else:
        source = _open_path(text)
    if not templates:
        return source
    if isinstance(source, Features):
        raise LluError(f"{text}: a feature bundle brings its class names embedded; templates cannot change them")
    return replace(source, templates=tuple(templates))


def _open_path(text: str) -> Features | ImageSource:
    path = Path(os.path.expanduser(text))
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:
        raise LluError(f"{text[:80]!r} cannot be read ({error.strerror or error})") from None
    suffix = path.suffix.lower()
    if text and is_folder:
        return _open_folder(path)
    if is_file and suffix == ".npz":
        return load_features(path)
    if is_file and suffix == ".zip":
        return image_source(list_zip(path))
    if is_file and suffix in manifest.SUFFIXES:
        return manifest.read_manifest(path)
    if is_file and suffix == ".tar":
        return shards.read_shards(path)
    if is_file and suffix in arrays.SUFFIXES:
        return arrays.read_arrays(path)
    if is_file and suffix in ARRAYS:
        raise LluError(f"{text[:80]!r} is an array; {AS_BUNDLE}")
    state = "is a file of another kind" if is_file else "does not exist"
    raise LluError(f"{text[:80]!r} {state}; a source is {SOURCE_FORMS}")


def _open_folder(path: Path) -> Features | ImageSource:
    """What a folder holds that is not one of class folders is told by files that only such a set has."""
    if huggingface.is_saved_dataset(path):
        return huggingface.read_saved_dataset(path)
    if arrays.holds_arrays(path):
        return arrays.read_arrays(path)
    if shards.shards_of(path):
        return shards.read_shards(path)
    return image_source(list_folder(path))


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
