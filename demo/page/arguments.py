"""What a call brings to an action: values of the types that the action names, texts fit for print, or a sentence."""

import inspect
import types
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, get_args, get_type_hints

import gradio as gr
from pydantic import TypeAdapter, ValidationError

from llu_core.errors import LluError, shown

_WORDS = {str: "a text", float: "a number", int: "a whole number", bool: "true or false"}


def received(action: Callable, args: Sequence[Any]) -> list[Any]:
    """The arguments as `action` may have them; raises LluError, which does not quote them, where one is of no use."""
    kinds = _kinds(action)
    if len(args) > len(kinds):
        raise LluError(f"{action.__name__} takes {len(kinds)} values; look at its description")
    return [
        arg if isinstance(arg, gr.Request | gr.EventData) else _printable(_of_kind(kind, name, arg))
        for (name, kind), arg in zip(kinds.items(), args, strict=False)
    ]


@lru_cache(maxsize=256)
def _kinds(action: Callable) -> dict[str, Any]:
    """The parameters of an action and their types."""
    hints = get_type_hints(action)
    return {name: hints.get(name, Any) for name in inspect.signature(action).parameters}


@lru_cache(maxsize=64)
def _reader(kind: Any) -> TypeAdapter:
    return TypeAdapter(kind)


def _of_kind(kind: Any, name: str, value: Any) -> Any:
    if kind is Any:
        return value
    try:
        return _reader(kind).validate_python(value)
    except (ValidationError, RecursionError, OverflowError):
        raise LluError(f"{name} must be {_in_words(kind)}") from None


def _in_words(kind: Any) -> str:
    kinds = get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return " or ".join(_WORDS.get(one, "a list of texts") for one in kinds if one is not types.NoneType)


def _printable(value: Any) -> Any:
    """The value with every line of every text in it fit for print."""
    match value:
        case str():
            return "\n".join(map(shown, value.split("\n")))
        case list():
            return [_printable(each) for each in value]
        case dict():
            return {key: _printable(each) for key, each in value.items()}
    return value


def mask_of(beta: Any, gamma: Any) -> tuple[float, float]:
    """Beta and gamma as numbers; gamma may be a text, "inf" among them."""
    try:
        return float(beta), float(gamma)
    except (TypeError, ValueError, OverflowError):
        raise LluError(f"beta {beta!r} and gamma {gamma!r} must be numbers; gamma may be inf") from None


def file_path(payload: Any) -> str | None:
    """A file as it came; gradio's own checks would answer with a bare "Error", and print what they refused."""
    return None if payload is None else payload.path


def file_paths(payload: Any) -> list[str] | None:
    """Several, as `file_path`."""
    return None if payload is None else [file.path for file in payload.root]
