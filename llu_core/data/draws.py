"""Which pictures are the shots: drawn as CoOp draws them (Zhou et al., arXiv 2109.01134), because the tables of the
field rest on exactly those draws.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from llu_core.errors import LluError

VALIDATION_SHOTS = 4
"""CoOp validates on this many pictures per class, or on as many as it trains on where those are fewer."""


@dataclass(frozen=True)
class Draw:
    """Which samples were drawn, as positions in the training pool and in the validation pool."""

    train: tuple[int, ...]
    validation: tuple[int, ...] = ()


def draw_shots(labels: Sequence[int], shots: int, seed: int) -> list[int]:
    """CoOp's draw: the positions of at most `shots` samples of every class.

    Classes take their turn in order of first appearance and share one generator, `random.Random(seed)`; a class with
    fewer than `shots` samples gives all of them and leaves the generator untouched. Drawn over ALL classes, before any
    halving, so that the base classes get the shots they have in the published tables.
    Raises LluError if shots < 1.
    """
    return _draw(labels, shots, random.Random(seed))


def draw_with_validation(labels: Sequence[int], validation_labels: Sequence[int], shots: int, seed: int) -> Draw:
    """`draw_shots`, then at most min(shots, 4) validation samples of every class by the same generator, as CoOp does.

    Raises LluError if shots < 1.
    """
    generator = random.Random(seed)
    train = _draw(labels, shots, generator)
    return Draw(tuple(train), tuple(_draw(validation_labels, min(shots, VALIDATION_SHOTS), generator)))


def _draw(labels: Sequence[int], shots: int, generator: random.Random) -> list[int]:
    if shots < 1:
        raise LluError(f"{shots} shots per class cannot be drawn; ask for 1 or more")
    positions: dict[int, list[int]] = {}
    for position, label in enumerate(labels):
        positions.setdefault(label, []).append(position)
    drawn: list[int] = []
    for of_class in positions.values():
        drawn += of_class if len(of_class) < shots else generator.sample(of_class, shots)
    return drawn
