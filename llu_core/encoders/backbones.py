"""What the name of a backbone means, and where the files of a backbone are found."""

import os
from pathlib import Path
from typing import Any

from llu_core.encoders.model_table import BACKBONES, LOCAL, Backbone
from llu_core.errors import LluError, one_line

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
RANDOM = "random:"
_RANDOM_NOTE = "Its weights are random, for timing and tests: its answers mean nothing."
_HUB = "hf-hub:"
# The names open_clip itself looks for, the safe format first.
_WEIGHT_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")


class FilesUnavailable(LluError):
    """A configuration or weights that could not be had, as opposed to ones that are wrong."""


def parse_backbone(name: str, checkpoint: str | Path | None = None) -> tuple[Backbone, Path | None]:
    """The backbone that `name` means, and the weights file to read instead of its own, if any.

    `name` is a name of the table, `hf-hub:ORG/NAME`, `local-dir:PATH`, a pair `MODEL/PRETRAINED` of open_clip, or any
    but the folder followed by `@PATH` of a weights file; `checkpoint` says the same as `@PATH`. `random:ARCHITECTURE`
    is an architecture of open_clip with random weights, always the same, for timing and tests.
    Raises LluError for a name that means nothing and for a file that is missing or of an unknown kind.
    """
    if not name.startswith(LOCAL) and "@" in name:
        name, _, path = name.partition("@")
        if checkpoint is not None and Path(checkpoint) != Path(path):
            raise LluError(f"Two weights files are named, {path} and {checkpoint}; name one.")
        checkpoint = path
    backbone = _find(name)
    return backbone, None if checkpoint is None else _weights_path(Path(os.path.expanduser(checkpoint)))


def absolute_name(name: str) -> str:
    """The same model by a name that means it from any folder: the path of a folder or a weights file made absolute."""
    if name.startswith(LOCAL):
        return LOCAL + os.path.abspath(os.path.expanduser(name[len(LOCAL) :]))
    model, at, path = name.partition("@")
    return model + at + os.path.abspath(os.path.expanduser(path)) if at else name


def _find(name: str) -> Backbone:
    if name in BACKBONES:
        return BACKBONES[name]
    if name.startswith(LOCAL) and len(name) > len(LOCAL):
        return Backbone(name, Path(name[len(LOCAL) :]).resolve().name, name, "", "Loaded from a folder.")
    if name.startswith(RANDOM):
        return _random(name)
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


def _random(name: str) -> Backbone:
    from open_clip import list_models

    architecture = name[len(RANDOM) :]
    if architecture not in list_models():  # whose names alone are meant: open_clip would also build from a repository
        raise LluError(
            f"open_clip knows no architecture {architecture!r}; open_clip.list_models() names those it knows."
        )
    return Backbone(name, f"{architecture} with random weights", name, "", _RANDOM_NOTE)


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
    return backbone.model.removeprefix(RANDOM)


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
