"""Frozen vision-language encoders: images and texts become unit rows of one space."""

import logging
import os
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import torch
from PIL import Image
from torch.nn import functional as F

from llu_core.encoders.download_bar import loaded_with_bar
from llu_core.encoders.forms import FLOAT32, Form, as_it_is, fastest
from llu_core.encoders.framing import InBatches, framed
from llu_core.encoders.hub import LoadingStep
from llu_core.encoders.loading import load_steps
from llu_core.errors import LluError
from llu_core.steps import one_ahead

_log = logging.getLogger(__name__)

Precision = Literal["auto", "fp32", "fp16", "bf16"]
_HALF = {"fp16": torch.float16, "bf16": torch.bfloat16}
PRECISIONS = ("auto", "float32")
"""What a user can ask for: the fastest arithmetic that agrees with float32, or float32 itself."""
MANY = 16
"""After so many pictures, other than one at a time, it is worth to look for a faster form."""


class Encoder(Protocol):
    """What the method needs of a model. Embeddings of equal `identity` may be compared with each other."""

    @property
    def identity(self) -> str: ...  # names weights and preprocessing, not the arithmetic: forms that agree share it
    @property
    def width(self) -> int: ...  # d
    @property
    def logit_scale(self) -> float: ...  # s: class logits are s * cosine
    @property
    def title(self) -> str: ...  # for people
    @property
    def note(self) -> str: ...  # what the model knows, in a sentence

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given; batches inside."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given; batches inside."""
        ...


@dataclass
class Place:
    """Where a model lies now, and how much it takes at once; what about an encoder can change."""

    device: torch.device
    batch_size: int
    form: Form | None = None  # of the image tower on the CPU, once it is chosen
    seen: int = 0  # pictures that came with others
    choosing: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, eq=False)
class OpenClipEncoder:
    """A frozen open_clip model. Weights stay float32; half precision on CUDA is the arithmetic's alone.

    On the CPU, many pictures are encoded in the fastest form that agrees with float32 (see `forms`), so that rows of
    all forms may be compared; `exact` keeps to the precision. device: the one that was chosen. When its memory is full,
    batches get smaller, and at last the CPU takes over.
    """

    model: Any
    tokenize: Callable[[list[str]], torch.Tensor]
    preprocess: Callable[[Image.Image], torch.Tensor]
    device: torch.device
    precision: Precision
    batch_size: int
    identity: str
    title: str
    width: int
    logit_scale: float
    about: str = ""
    exact: bool = False
    place: Place = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "place", Place(self.device, self.batch_size))

    @property
    def note(self) -> str:
        """What the model knows, and where it had to go on when its device was full."""
        if self.place.device == self.device:
            return self.about
        return f"{self.about} {self.device} ran out of memory, so it works on the CPU, more slowly."

    @classmethod
    def load(
        cls,
        name: str = "picto",
        *,
        device: str | torch.device | None = None,
        checkpoint: str | Path | None = None,
        batch_size: int = 128,
        precision: Precision | Literal["float32"] = "auto",
    ) -> "OpenClipEncoder":
        """Load a backbone by name (see `backbones.parse_backbone`), on CUDA where there is one unless told otherwise.

        `precision` "auto" is half precision on CUDA and on the CPU what is fastest and agrees with float32;
        LLU_PRECISION in the environment takes its place. A terminal shows the download. Raises LluError, in one
        line, when the weights cannot be had, do not fit the architecture, or the device does not exist.
        """
        steps = cls.load_steps(name, device=device, checkpoint=checkpoint, batch_size=batch_size, precision=precision)
        return loaded_with_bar(steps, name)

    @classmethod
    def load_steps(
        cls,
        name: str,
        *,
        device: str | torch.device | None = None,
        checkpoint: str | Path | None = None,
        batch_size: int = 128,
        precision: Precision | Literal["float32"] = "auto",
    ) -> Generator[LoadingStep, None, "OpenClipEncoder"]:
        """What `load` does, step by step; closing the generator ends a download."""
        where = choose_device(device)
        asked = asked_of_environment() if precision == "auto" else precision
        exact = asked != "auto"
        kinds = {"float32": "fp32", "auto": "fp16" if where.type == "cuda" else "fp32"}
        loaded = yield from load_steps(name, checkpoint)
        return cls(
            # Channels last: convolutions run half as fast again.
            model=loaded.model.to(where, memory_format=torch.channels_last),
            tokenize=loaded.tokenize,
            preprocess=framed(loaded.preprocess),
            device=where,
            precision=cast("Precision", kinds.get(asked, asked)),
            batch_size=batch_size,
            identity=loaded.identity,
            title=loaded.backbone.title,
            about=loaded.backbone.note,
            width=loaded.width,
            logit_scale=loaded.logit_scale,
            exact=exact,
        )

    def on(self, device: str | torch.device) -> "OpenClipEncoder":
        """The same encoder working on `device`, to which the model itself moves; half precision on CUDA."""
        where = choose_device(device)
        self.model.to(where)
        precision: Precision = "fp16" if where.type == "cuda" else "fp32"
        return replace(self, device=where, precision=precision)

    @property
    def image_size(self) -> int:
        """Side in pixels of the squares that the image tower sees."""
        size = self.model.visual.preprocess_cfg["size"]
        return size if isinstance(size, int) else size[0]

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given. Images of any mode and size."""
        if len(images) > 1:
            self.place.seen += len(images)
        return self._in_batches(images, self._pixels, self._encode_pixels)

    @property
    def form(self) -> str:
        """The numbers that pictures are computed with now: float32, or a shorter kind."""
        if self.precision in _HALF:
            return str(_HALF[self.precision]).removeprefix("torch.")
        return self.place.form.numbers if self.place.form else FLOAT32

    @cached_property
    def _whole_batches(self) -> InBatches | None:
        return InBatches.of(self.preprocess)

    def _encode_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        if self._whole_batches is not None:
            pixels = self._whole_batches.numbers(pixels)
        if self.device.type != "cpu" or self.precision != "fp32":
            return self.model.encode_image(pixels)
        plain = as_it_is(self.model)
        if not self.exact and self.place.form is None and self.place.seen >= MANY:
            with self.place.choosing:  # two threads at it would measure each other
                self.place.form = self.place.form or fastest(self.model, pixels, self.title)
        rows = (self.place.form or plain)(pixels)
        return rows if rows.isfinite().all() else plain(pixels)  # a picture may leave the range of short numbers

    def _pixels(self, images: Sequence[Image.Image]) -> torch.Tensor:
        rgb = (image if image.mode == "RGB" else image.convert("RGB") for image in images)  # no copy without need
        if self._whole_batches is not None:
            return self._whole_batches.pixels(rgb)
        return torch.stack([self.preprocess(image) for image in rgb])

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given. What exceeds the context length is cut off."""
        return self._in_batches(texts, lambda batch: self.tokenize(list(batch)), self.model.encode_text)

    @property
    def tokens(self) -> int | None:
        """How many of a text the model reads, None where its tokenizer does not tell."""
        return getattr(self.tokenize, "context_length", None) or None

    def sees_whole(self, texts: Sequence[str]) -> list[bool]:
        """Of each text whether it fits into the context length."""
        room = self.tokens
        doubtful = [not surely_fits(text, room) for text in texts]
        if not room or not any(doubtful):
            return [True] * len(texts)
        longer: Any = self.tokenize  # open_clip's, since it has a context length
        padding, *tokens = longer(["a", *(text for text, may in zip(texts, doubtful, strict=True) if may)], room + 2)
        after = iter(tokens)
        return [not may or bool(next(after)[room] == padding[room]) for may in doubtful]

    def _in_batches(
        self,
        inputs: Sequence[Any],
        prepare: Callable[[Sequence[Any]], torch.Tensor],
        encode: Callable[[torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        # Allocated outside inference mode: a tensor made inside could not take part in training.
        rows = torch.empty(len(inputs), self.width, dtype=torch.float32)
        prepared = (
            prepare(inputs[start : start + self.batch_size]) for start in range(0, len(inputs), self.batch_size)
        )
        if self.place.device.type != "cpu":  # where it would only take the cores from the model
            prepared = one_ahead(prepared)
        done = 0
        for batch in prepared:
            rows[done : done + len(batch)] = self._unit_rows(encode, batch)
            done += len(batch)
        return rows

    def _unit_rows(self, encode: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor) -> torch.Tensor:
        """(n, d), in as many pieces as the device has memory for."""
        rows, pending = [], list(batch.split(self.place.batch_size))
        while pending:
            try:
                rows.append(self._encoded(encode, pending[0]))
            except torch.OutOfMemoryError:
                if len(pending[0]) > 1:
                    self.place.batch_size = len(pending[0]) // 2
                elif not self._moved_to_the_cpu():
                    raise
                pending = list(torch.cat(pending).split(self.place.batch_size))
            else:
                pending = pending[1:]
        return torch.cat(rows)

    def _encoded(self, encode: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor) -> torch.Tensor:
        half = _HALF.get(self.precision) if self.place.device == self.device else None
        with torch.inference_mode(), torch.autocast(self.place.device.type, half, enabled=half is not None):
            embeddings = F.normalize(encode(batch.to(self.place.device)).float(), dim=-1)
            if not embeddings.isfinite().all():
                raise LluError(
                    f"{self.title} gives embeddings that are no numbers: the weights are damaged, "
                    f"or {self.precision} is too coarse for them; try precision fp32 or another model."
                )
            return embeddings.cpu()

    def _moved_to_the_cpu(self) -> bool:
        """Go on there for good, where the device has no room for a single input; whether that is a change."""
        if self.place.device.type == "cpu":
            return False
        _log.warning("%s has no memory left for %s; it goes on with the CPU, which is slower.", self.device, self.title)
        self.place.device, self.place.batch_size = torch.device("cpu"), self.batch_size
        self.model.to(self.place.device)
        return True


def surely_fits(text: str, tokens: int | None) -> bool:
    """Whether so many tokens hold a text, its begin and its end; a byte is one at most. None: any text."""
    return tokens is None or len(text.encode(errors="replace")) <= tokens - 2


def asked_of_environment() -> str:
    """LLU_PRECISION, one of PRECISIONS; raises LluError for anything else."""
    asked = os.environ.get("LLU_PRECISION") or "auto"
    if asked not in PRECISIONS:
        raise LluError(f"LLU_PRECISION is {asked!r}; set it to {' or '.join(PRECISIONS)}, or leave it out.")
    return asked


def choose_device(device: str | torch.device | None) -> torch.device:
    """`device`, or CUDA where there is one and the CPU elsewhere. Raises LluError for one that is not there."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise LluError(f"There is no device {device!r}; choose cpu or cuda.") from error
    cuda, mps = (chosen.index or 0) < torch.cuda.device_count(), torch.backends.mps.is_available()
    if not {"cpu": True, "cuda": cuda, "mps": mps}.get(chosen.type, False):
        raise LluError(f"The device {device} is not available on this machine; choose cpu, or leave the choice open.")
    return chosen
