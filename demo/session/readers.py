"""Who reads what: a drawn example brings its model along, and visitors' own sets have another one.

Either is loaded when it is first to encode something; what it tells of itself is known before.
"""

import threading
from collections.abc import Callable, Container, Generator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image

from llu_core.encoders.cache import text_key
from llu_core.encoders.encoder import Encoder, OpenClipEncoder, surely_fits
from llu_core.encoders.hub import BEAT_SECONDS, LoadingStep
from llu_core.steps import counted, relay


@dataclass(frozen=True, eq=False)
class Reader:
    """A model that reads pictures, by its name."""

    name: str
    encoder: Encoder


@dataclass(frozen=True, eq=False)
class Readers:
    """The models that read what nobody has chosen a model for: the drawn examples, and visitors' own sets."""

    examples: Reader
    own: Reader


@dataclass(frozen=True)
class Facts:
    """What a model tells of itself, as `Encoder` names it; tokens: of a text, None where it does not count them."""

    identity: str
    title: str
    note: str
    width: int
    logit_scale: float
    tokens: int | None

    @classmethod
    def of(cls, encoder: OpenClipEncoder) -> "Facts":
        told = encoder.identity, encoder.title, encoder.about, encoder.width, encoder.logit_scale
        return cls(*told, encoder.tokens)


class LaterEncoder:
    """An encoder that is loaded, once, when it is first to encode something.

    whole: the keys of texts that it is known to see whole.
    """

    def __init__(self, facts: Facts, load: Callable[[], OpenClipEncoder], whole: Container[bytes] = ()):
        self._facts, self._load, self._whole, self._lock = facts, load, whole, threading.Lock()
        self._loaded: OpenClipEncoder | None = None
        self.identity, self.title = facts.identity, facts.title
        self.width, self.logit_scale = facts.width, facts.logit_scale

    @property
    def note(self) -> str:
        """What the model knows, and once it is loaded, where it had to go on."""
        return self._facts.note if self._loaded is None else self._loaded.note

    @property
    def is_loaded(self) -> bool:
        return self._loaded is not None

    def loaded(self) -> OpenClipEncoder:
        """The model itself; whoever asks while it is being loaded waits. Raises LluError where it cannot be had."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given."""
        return self.loaded().encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given."""
        return self.loaded().encode_texts(texts)

    def sees_whole(self, texts: Sequence[str]) -> list[bool]:
        """Of each text whether it fits into the context length; of short and of known ones without the model."""
        if all(surely_fits(text, self._facts.tokens) or text_key(text) in self._whole for text in texts):
            return [True] * len(texts)
        return self.loaded().sees_whole(texts)


def loading_steps(encoder: Encoder) -> Generator[LoadingStep, None, None]:
    """Load the encoder, or what remembers for it, where that was left for later; no step where it is there."""
    later = getattr(encoder, "encoder", encoder)
    if isinstance(later, LaterEncoder) and not later.is_loaded:
        beats = counted(lambda told: later.loaded(), BEAT_SECONDS)
        yield from relay(beats, lambda beat: LoadingStep("Loading"))
