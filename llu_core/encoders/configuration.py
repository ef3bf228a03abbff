"""The configuration in a model's folder or hub repository, as open_clip reads it: numbers and names, never code.

open_clip hands much of a configuration on to other libraries as it is, and some of those run a repository's own code
when they are told to. So a stranger's configuration may hold known keys with plain values only, and the names in it may
mean nothing but what is meant.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from llu_core.errors import LluError, one_line

CONFIG_FILE = "open_clip_config.json"
MAX_CONFIG_BYTES = 2**16
"""Those of known models have less than 2 KB."""
MAX_NUMBER, MAX_SIDE, MAX_LAYERS, MAX_LIST, MAX_TEXT = 2_000_000, 16_384, 256, 16, 100
"""The largest known vocabulary has 901,629 words, the deepest tower 64 layers; other numbers are far smaller."""
MAX_TOKENIZER_BYTES, MAX_TOKENIZER_JSON_BYTES = 64 * 2**20, 4 * 2**20

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_CODE_KEYS = ("auto_map", "trust_remote_code")
_TEXT_MODELS = frozenset(
    (
        "roberta-base",
        "xlm-roberta-base",
        "xlm-roberta-large",
        "google/mt5-base",
        "google/mt5-xl",
        "facebook/nllb-200-distilled-600M",
        "facebook/nllb-200-distilled-1.3B",
        "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
        "microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract",
    )
)
"""Text towers of transformers: those of open_clip's own configurations, and BiomedCLIP's. Another could bring code."""

_Rule = Callable[[Any], bool]


def _number(value: Any) -> bool:
    whole = isinstance(value, int | float)
    return value is None or isinstance(value, bool) or (whole and math.isfinite(value) and abs(value) <= MAX_NUMBER)


def _size(value: Any) -> bool:
    return _number(value) and abs(value or 0) <= MAX_SIDE


def _sizes(value: Any) -> bool:
    return all(map(_size, value)) if isinstance(value, list) and len(value) <= MAX_LIST else _size(value)


def _layers(value: Any) -> bool:
    return _sizes(value) and max(value if isinstance(value, list) else [value or 0], default=0) <= MAX_LAYERS


def _numbers(value: Any) -> bool:
    return all(map(_number, value)) if isinstance(value, list) and len(value) <= MAX_LIST else _number(value)


def _name(value: Any) -> bool:
    return value in (None, "") or (isinstance(value, str) and len(value) <= MAX_TEXT and _is(_PLAIN_NAME, value))


def _hub_name(value: Any) -> bool:
    return value in (None, "") or (isinstance(value, str) and len(value) <= MAX_TEXT and _is(_HUB_NAME, value))


def _is(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.fullmatch(text) is not None


def _text_model(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value in _TEXT_MODELS)


def _settings(**rules: _Rule) -> _Rule:
    """A dict of no other keys than these, or none."""

    def fits(value: Any) -> bool:
        if value is None:
            return True
        return isinstance(value, dict) and all(key in rules and rules[key](value[key]) for key in value)

    return fits


_BLOCKS: dict[str, _Rule] = {
    **dict.fromkeys(("width", "image_size", "patch_size", "head_width", "heads", "dim_head"), _sizes),
    "layers": _layers,
    **dict.fromkeys(("n_queries", "attn_pooler_heads", "attn_pooler_queries", "context_length"), _size),
    **dict.fromkeys(("mlp_ratio", "ls_init_value", "final_ln_after_pool", "output_tokens", "qk_norm"), _number),
    **dict.fromkeys(("scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"), _number),
    **dict.fromkeys(("pool_type", "block_type"), _name),
    "act_kwargs": _settings(approximate=_name),
    "norm_kwargs": _settings(eps=_number),
}
_TEXT = _BLOCKS | {
    **dict.fromkeys(("vocab_size", "embed_cls", "pad_id", "eos_id", "no_causal_mask", "proj_bias"), _number),
    **dict.fromkeys(("proj_type", "hf_proj_type", "hf_pooler_type", "tokenizer_mode"), _name),
    "hf_model_pretrained": _number,
    "hf_model_name": _text_model,
    "hf_tokenizer_name": _hub_name,
    "tokenizer_kwargs": _settings(clean=_name, strip_sep_token=_number),
}
_VISION = _BLOCKS | {
    **dict.fromkeys(("patch_dropout", "attentional_pool", "no_ln_pre"), _number),
    **dict.fromkeys(("timm_model_pretrained", "timm_proj_bias", "timm_drop", "timm_drop_path"), _number),
    # a plain name: timm would also take one of a repository or of a folder
    **dict.fromkeys(("pos_embed_type", "timm_model_name", "timm_pool", "timm_proj"), _name),
}
_MODEL: dict[str, _Rule] = {
    "embed_dim": _size,
    **dict.fromkeys(("quick_gelu", "custom_text", "init_logit_scale", "init_logit_bias", "pad_id"), _number),
    "nonscalar_logit_scale": _number,
}
_PREPROCESS: dict[str, _Rule] = {
    "size": _sizes,
    **dict.fromkeys(("mode", "interpolation", "resize_mode"), _name),
    **dict.fromkeys(("mean", "std", "fill_color"), _numbers),
}


def read_configuration(folder: Path) -> dict[str, Any]:
    """The "model_cfg" of the configuration in `folder`, which holds known keys and plain values only.

    Raises LluError, with the reason only, for a file that is none, and for one that asks for anything else.
    """
    path = folder / CONFIG_FILE
    content = _read_json(path)
    model = content.get("model_cfg") if isinstance(content, dict) else None
    if not isinstance(model, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= model.keys():
        raise LluError(f"the configuration {path} does not describe an open_clip model")
    sections = {"vision_cfg": _VISION, "text_cfg": _TEXT, "multimodal_cfg": _TEXT}
    plain = {key: value for key, value in model.items() if key not in sections}
    _check(path, "model_cfg", plain, _MODEL)
    for name, rules in sections.items():
        if name in model:
            _check(path, name, model[name], rules)
    _check(path, "preprocess_cfg", content.get("preprocess_cfg", {}), _PREPROCESS)
    return model


def check_tokenizer_files(folder: Path) -> None:
    """Raise LluError if a tokenizer's files in a model's folder are too large, or ask for code of the folder."""
    for path in (each for each in sorted(folder.iterdir()) if each.suffix in (".json", ".txt", ".model")):
        vocabulary = path.suffix != ".json" or path.name == "tokenizer.json"
        most = MAX_TOKENIZER_BYTES if vocabulary else MAX_TOKENIZER_JSON_BYTES
        if path.stat().st_size > most:
            raise LluError(f"{path} is over the limit of {most >> 20} MB for a tokenizer's file")
    path = folder / "tokenizer_config.json"
    if path.is_file():
        settings = _read_json(path, MAX_TOKENIZER_JSON_BYTES)
        asked = next((key for key in _CODE_KEYS if isinstance(settings, dict) and settings.get(key)), None)
        if asked:
            raise LluError(f"{path} asks for {asked}, which would run the folder's own code")


def _read_json(path: Path, most: int = MAX_CONFIG_BYTES) -> Any:
    try:
        if path.stat().st_size > most:
            raise LluError(f"the configuration {path} is over the limit of {most >> 10} KB")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LluError(f"the configuration {path} cannot be read ({one_line(error)})") from error


def _check(path: Path, section: str, values: Any, rules: Mapping[str, _Rule]) -> None:
    if not isinstance(values, dict):
        raise LluError(f"the configuration {path} cannot be read ({section} is no list of settings)")
    for key, value in values.items():
        if key not in rules:
            raise LluError(f"{path} asks for {section}.{key[:60]!r}, which is no setting that this program takes")
        if not rules[key](value):
            raise LluError(
                f"{path} asks for {section}.{key} = {str(value)[:60]!r}; a configuration brings plain numbers and "
                "known names, never code or places"
            )
