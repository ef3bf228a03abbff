"""Over which sizes a pass is timed, and a made-up set that is large enough for all of them."""

from dataclasses import dataclass
from itertools import count, islice

import torch
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.data.taught import everyday_names
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError

BATCH_SIZES = (1, 2, 4, 8, 16, 32)
MADE_UP = "random:"
"""What the name of a made-up set begins with; how many classes it has follows."""
MAX_MADE_UP, ROWS_OF_CLASS = 10_000, 16


@dataclass(frozen=True)
class Sizes:
    """batch_sizes: pictures of a pass; classes: how many of a source's classes a pass is asked about, () for all."""

    batch_sizes: tuple[int, ...] = BATCH_SIZES
    classes: tuple[int, ...] = ()


def made_up_set(name: str, encoder: Encoder) -> FewShotSet:
    """Random unit rows as wide as the encoder's under everyday names: enough to time a pass, of which no time depends
    on what is shown. It has no test rows, so that nothing else can be asked of it.

    Raises LluError where the name does not end in a number of classes.
    """
    number = name.removeprefix(MADE_UP)
    if not number.isdecimal() or not 2 <= int(number) <= MAX_MADE_UP:
        raise LluError(f"{name}: give a number of classes from 2 to {MAX_MADE_UP:,}, as in {MADE_UP}1000")
    classes = int(number)
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(classes).repeat_interleave(ROWS_OF_CLASS)
    texts, images = (
        F.normalize(torch.randn(rows, encoder.width, generator=generator), dim=1) for rows in (classes, len(labels))
    )
    return FewShotSet(
        name=name,
        class_names=_names(classes),
        class_embeddings=texts,
        train=LabelledEmbeddings(images, labels, tuple(f"row {row}" for row in range(len(labels)))),
        test=LabelledEmbeddings.empty(encoder.width),
        base_classes=classes,
        logit_scale=encoder.logit_scale,
        encoder_identity=encoder.identity,
    )


def _names(classes: int) -> tuple[str, ...]:
    """Names of everyday things, those that are needed again with a number."""
    names = everyday_names("photo")
    rounds = (name if turn == 1 else f"{name} {turn}" for turn in count(1) for name in names)
    return tuple(islice(rounds, classes))
