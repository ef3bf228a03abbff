"""What the name of a backbone means."""

import os
from pathlib import Path
from typing import Any

from llu_core.encoders.model_table import BACKBONES, LOCAL, Backbone
from llu_core.errors import LluError

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
RANDOM = "random:"
_RANDOM_NOTE = "Its weights are random, for timing and tests: its answers mean nothing."
HUB = "hf-hub:"


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


def may_be_one_model(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether embeddings may be of one model that come with these (name, identity), each "" where it is not known.

    Identities decide where both are known, names where either is not.
    """
    (name, identity), (other_name, other_identity) = one, other
    if identity and other_identity:
        return identity == other_identity
    return not (name and other_name) or name == other_name


def _find(name: str) -> Backbone:
    if name in BACKBONES:
        return BACKBONES[name]
    if name.startswith(LOCAL) and len(name) > len(LOCAL):
        return Backbone(name, Path(name[len(LOCAL) :]).resolve().name, name, "", "Loaded from a folder.")
    if name.startswith(RANDOM):
        return _random(name)
    if name.startswith(HUB) and name.count("/") == 1:
        return Backbone(name, name[len(HUB) :], name, "", "Loaded from the Hugging Face hub.")
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
