"""Where the files of a backbone are: in its folder, in the hub's cache, or fetched from the hub, step by step."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

from llu_core.encoders.backbones import HUB, RANDOM, WEIGHT_SUFFIXES, parse_backbone, pretrained_config
from llu_core.encoders.configuration import (
    CONFIG_FILE,
    MAX_CONFIG_BYTES,
    MAX_TOKENIZER_BYTES,
    MAX_TOKENIZER_JSON_BYTES,
    check_tokenizer_files,
)
from llu_core.encoders.hub import LoadingStep, NotThere, cached, fetch_steps
from llu_core.encoders.model_table import LOCAL, PHOTO, Backbone
from llu_core.encoders.transfer import FilesUnavailable

# The names open_clip itself looks for, the safe format first.
_WEIGHT_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
_TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json")
_VOCABULARIES = (
    "tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "spiece.model", "tokenizer.model",
    "sentencepiece.bpe.model",
)  # fmt: skip
"""What transformers reads a tokenizer from; the vocabularies come last, so that where there is one, all is there."""
_FOLDER = "check the path; a model's folder holds its configuration and its weights"


def is_here(name: str, checkpoint: str | Path | None = None) -> bool:
    """Whether the weights that `name` means lie on this machine; raises LluError for a name that means nothing."""
    backbone, weights = parse_backbone(name, checkpoint)
    if weights is not None or backbone.model == PHOTO or backbone.model.startswith((LOCAL, RANDOM)):
        return True
    return cached(*_on_the_hub(backbone)) is not None


def known_width(backbone: Backbone) -> int | None:
    """d of its embeddings, where that is known before anything is fetched."""
    from open_clip import get_model_config

    if backbone.model == PHOTO or backbone.model.startswith((LOCAL, HUB)):
        return None
    return (get_model_config(backbone.model.removeprefix(RANDOM)) or {}).get("embed_dim")


def architecture_steps(backbone: Backbone) -> Generator[LoadingStep, None, str]:
    """The model name to build with: open_clip's own name, or a `local-dir:` that holds the configuration.

    Raises FilesUnavailable, with the reason only, when there is no configuration to be had.
    """
    if backbone.model.startswith(HUB):
        repository = backbone.model.removeprefix(HUB)
        path = yield from fetch_steps(repository, (CONFIG_FILE,), most=MAX_CONFIG_BYTES)
        return f"{LOCAL}{path.parent}"
    if backbone.model.startswith(LOCAL):
        folder = Path(backbone.model.removeprefix(LOCAL))
        if not (folder / CONFIG_FILE).is_file():
            raise FilesUnavailable(f"there is no {CONFIG_FILE} in the folder {folder}", _FOLDER)
    return backbone.model.removeprefix(RANDOM)


def weights_steps(backbone: Backbone) -> Generator[LoadingStep, None, Path]:
    """The backbone's own weights file. Raises FilesUnavailable, with the reason only, when it cannot be had."""
    if not backbone.model.startswith(LOCAL):
        return (yield from fetch_steps(*_on_the_hub(backbone)))
    folder = Path(backbone.model.removeprefix(LOCAL))
    found = sorted(path for path in folder.iterdir() if path.suffix in WEIGHT_SUFFIXES)
    by_name = {path.name: path for path in found}
    preferred = [by_name[name] for name in _WEIGHT_FILES if name in by_name]
    if preferred or len(found) == 1:
        return (preferred or found)[0]
    raise FilesUnavailable(f"there is no {_WEIGHT_FILES[0]} in the folder {folder}", _FOLDER)


def _on_the_hub(backbone: Backbone) -> tuple[str, tuple[str, ...]]:
    """The repository of the weights, and the names that they may have there."""
    if backbone.model.startswith(HUB):
        return backbone.model.removeprefix(HUB), _WEIGHT_FILES
    repository, _, file = pretrained_config(backbone.model, backbone.pretrained)["hf_hub"].rpartition("/")
    return repository, (str(Path(file).with_suffix(".safetensors")), file) if file else _WEIGHT_FILES


def tokenizer_steps(
    backbone: Backbone, architecture: str, text: dict[str, Any]
) -> Generator[LoadingStep, None, Path | None]:
    """The folder of the tokenizer that a text tower's configuration names; None for CLIP's own.

    A folder brings its tokenizer along; a repository may borrow another one's, whose files are fetched within limits.
    Raises LluError, with the reason only, for one that cannot be had and for files that are not taken.
    """
    name = text.get("hf_tokenizer_name")
    if not name:
        return None
    folder = Path(architecture.removeprefix(LOCAL))
    if not backbone.model.startswith(LOCAL):
        folder = yield from _borrowed(name)
    check_tokenizer_files(folder)
    return folder


def _borrowed(repository: str) -> Generator[LoadingStep, None, Path]:
    """The folder of the hub's cache that holds the tokenizer's files."""
    found: list[Path] = []
    for name in (*_TOKENIZER_SETTINGS, *_VOCABULARIES):
        vocabulary = name in _VOCABULARIES
        most = MAX_TOKENIZER_BYTES if vocabulary else MAX_TOKENIZER_JSON_BYTES
        try:
            path = yield from fetch_steps(repository, (name,), most=most)
        except NotThere:
            continue
        except FilesUnavailable:
            known = cached(repository, _VOCABULARIES)
            if known is None:
                raise
            return known.parent  # it was fetched before, and now nobody can be asked for more
        found += [path] * vocabulary
    if not found:
        raise FilesUnavailable(f"{repository}, whose tokenizer it uses, has none")
    return found[0].parent
