"""The known backbones, in one table, and where the files of a backbone are found."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llu_core.errors import LluError, one_line

EMBEDDED_FOLDER = Path(__file__).parents[2] / "assets" / "picto_clip"
EMBEDDED_NOTE = (
    "The embedded model knows only the picture world it was trained on (drawn shapes, colours, textures, counts). "
    "Photographs want photo, or better vit-b-16."
)
PHOTO = "photo"
_PHOTO_NOTE = (
    "It knows 1,000 kinds of animals, plants and things by sight, and guesses at other words from these. It knows no "
    "actions, colours, counts, scenes or writing; vit-b-16 does."
)
WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
LOCAL, _HUB = "local-dir:", "hf-hub:"
# The names open_clip itself looks for, the safe format first.
_WEIGHT_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
_PHOTOGRAPHS = "Trained on photographs and captions from the web."


class FilesUnavailable(LluError):
    """A configuration or weights that could not be had, as opposed to ones that are wrong."""


@dataclass(frozen=True)
class Backbone:
    """A model that can be loaded: `model` and `pretrained` are what open_clip calls them."""

    name: str
    title: str
    model: str
    pretrained: str
    note: str


_TABLE = (
    Backbone("picto", "Embedded picture-world CLIP", f"{LOCAL}{EMBEDDED_FOLDER}", "", EMBEDDED_NOTE),
    Backbone(PHOTO, "Embedded photograph model", PHOTO, "", _PHOTO_NOTE),
    # OpenAI trained with QuickGELU: the plain architecture loads these weights too and is four points worse.
    Backbone("vit-b-16", "OpenAI CLIP ViT-B/16", "ViT-B-16-quickgelu", "openai", f"{_PHOTOGRAPHS} The paper's model."),
    Backbone("vit-b-32", "OpenAI CLIP ViT-B/32", "ViT-B-32-quickgelu", "openai", _PHOTOGRAPHS),
    Backbone("vit-l-14", "OpenAI CLIP ViT-L/14", "ViT-L-14-quickgelu", "openai", _PHOTOGRAPHS),
    Backbone("rn50", "OpenAI CLIP ResNet-50", "RN50-quickgelu", "openai", _PHOTOGRAPHS),
    Backbone("laion-vit-b-32", "OpenCLIP ViT-B/32 (LAION-2B)", "ViT-B-32", "laion2b_s34b_b79k", _PHOTOGRAPHS),
    Backbone(
        "siglip-vit-b-16",
        "SigLIP ViT-B/16",
        "ViT-B-16-SigLIP",
        "webli",
        f"{_PHOTOGRAPHS} Its logit bias is one constant for all classes, so a softmax over classes does without it.",
    ),
)
BACKBONES: dict[str, Backbone] = {backbone.name: backbone for backbone in _TABLE}


def parse_backbone(name: str, checkpoint: str | Path | None = None) -> tuple[Backbone, Path | None]:
    """The backbone that `name` means, and the weights file to read instead of its own, if any.

    `name` is a name of the table, `hf-hub:ORG/NAME`, `local-dir:PATH`, a pair `MODEL/PRETRAINED` of open_clip, or any
    but the folder followed by `@PATH` of a weights file; `checkpoint` says the same as `@PATH`.
    Raises LluError for a name that means nothing and for a file that is missing or of an unknown kind.
    """
    if not name.startswith(LOCAL) and "@" in name:
        name, _, path = name.partition("@")
        if checkpoint is not None and Path(checkpoint) != Path(path):
            raise LluError(f"Two weights files are named, {path} and {checkpoint}; name one.")
        checkpoint = path
    backbone = _find(name)
    return backbone, None if checkpoint is None else _weights_path(Path(os.path.expanduser(checkpoint)))


def _find(name: str) -> Backbone:
    if name in BACKBONES:
        return BACKBONES[name]
    if name.startswith(LOCAL) and len(name) > len(LOCAL):
        return Backbone(name, Path(name[len(LOCAL) :]).resolve().name, name, "", "Loaded from a folder.")
    if name.startswith(_HUB) and name.count("/") == 1:
        return Backbone(name, name[len(_HUB) :], name, "", "Loaded from the Hugging Face hub.")
    model, _, tag = name.rpartition("/")
    if model and pretrained_config(model, tag):
        return Backbone(name, f"{model} ({tag})", model, tag, "Loaded through open_clip.")
    if name.endswith(WEIGHT_SUFFIXES):
        raise LluError(f"{name} is a weights file without an architecture; write NAME@{name}, NAME one of {_names()}.")
    raise LluError(
        f"There is no backbone {name!r}; choose one of {_names()}, or hf-hub:ORG/NAME, local-dir:PATH, "
        "MODEL/PRETRAINED of open_clip, or NAME@WEIGHTS_FILE."
    )


def _names() -> str:
    return ", ".join(BACKBONES)


def _weights_path(path: Path) -> Path:
    if path.suffix not in WEIGHT_SUFFIXES:
        raise LluError(f"{path} is not a weights file this program reads; give one of {', '.join(WEIGHT_SUFFIXES)}.")
    if not path.is_file():
        raise LluError(f"There is no weights file {path}; check the path.")
    return path


def pretrained_config(model: str, tag: str) -> dict[str, Any]:
    """What open_clip knows of a pretrained tag (hub repository, preprocessing, activation); empty if nothing."""
    from open_clip import get_pretrained_cfg

    return get_pretrained_cfg(model, tag) if tag else {}


def locate_architecture(backbone: Backbone) -> str:
    """The model name to build with: open_clip's own name, or a `local-dir:` that holds the configuration.

    Raises FilesUnavailable, with the reason only, when there is no configuration to be had.
    """
    if backbone.model.startswith(_HUB):
        return f"{LOCAL}{_hub_file(backbone.model[len(_HUB) :], ('open_clip_config.json',)).parent}"
    if backbone.model.startswith(LOCAL):
        folder = Path(backbone.model[len(LOCAL) :])
        if not (folder / "open_clip_config.json").is_file():
            raise FilesUnavailable(f"there is no open_clip_config.json in the folder {folder}")
    return backbone.model


def locate_weights(backbone: Backbone) -> Path:
    """The backbone's own weights file: in its folder, in the hub's cache, or fetched from the hub.

    Raises FilesUnavailable, with the reason only, when it cannot be had.
    """
    if backbone.model.startswith(LOCAL):
        folder = Path(backbone.model[len(LOCAL) :])
        found = sorted(path for path in folder.iterdir() if path.suffix in WEIGHT_SUFFIXES)
        by_name = {path.name: path for path in found}
        preferred = [by_name[name] for name in _WEIGHT_FILES if name in by_name]
        if preferred or len(found) == 1:
            return (preferred or found)[0]
        raise FilesUnavailable(f"there is no {_WEIGHT_FILES[0]} in the folder {folder}")
    if backbone.model.startswith(_HUB):
        return _hub_file(backbone.model[len(_HUB) :], _WEIGHT_FILES)
    repository, _, file = pretrained_config(backbone.model, backbone.pretrained)["hf_hub"].rpartition("/")
    return _hub_file(repository, (str(Path(file).with_suffix(".safetensors")), file) if file else _WEIGHT_FILES)


def _hub_file(repository: str, names: tuple[str, ...]) -> Path:
    """The first of `names` that the repository has: from the hub's cache without any request, else downloaded."""
    from huggingface_hub import constants, hf_hub_download, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError
    from huggingface_hub.file_download import get_hf_file_metadata

    tried = f"tried the cache {constants.HF_HUB_CACHE} and {constants.ENDPOINT}/{repository}"
    try:
        for name in names:
            cached = try_to_load_from_cache(repository, name)
            if isinstance(cached, str):
                return Path(cached)
        if constants.HF_HUB_OFFLINE:
            raise FilesUnavailable(f"tried the cache {constants.HF_HUB_CACHE} only, since HF_HUB_OFFLINE is set")
        for name in names:
            try:
                # One request without retries: hf_hub_download alone takes most of a minute to notice a missing network.
                get_hf_file_metadata(hf_hub_url(repository, name, endpoint=constants.ENDPOINT), timeout=5)
            except EntryNotFoundError:
                continue
            return Path(hf_hub_download(repository, name, endpoint=constants.ENDPOINT))
    except FilesUnavailable:
        raise
    except Exception as error:  # any network or hub trouble: their kinds differ from version to version
        raise FilesUnavailable(f"{tried} ({one_line(error)})") from error
    raise FilesUnavailable(f"{tried}, which has no {' or '.join(names)}")
