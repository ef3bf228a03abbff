"""Rows of the protocol `sequence`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SequenceRow:
    """After `step` sets were learned, the last of them `trained`: how much of set `target` is right.

    source: all sets, in their order; position: the target's in it, from 1; sets: how many there are. base, new:
    pictures of taught classes among the taught classes of all sets, pictures of new classes among the new ones of all
    sets; joint: all of its pictures among all classes of all sets; elsewhere: as in Row, on controls that have no
    class of any set, the same for all targets of a step.
    """

    protocol: str
    source: str
    target: str
    trained: str
    step: int
    position: int
    sets: int
    method: str
    shots: int
    seed: int | None
    base: float | None
    new: float | None
    joint: float | None
    elsewhere: float | None
    train_seconds: float | None
    reason: str = ""
    recipe: str = ""
    draw: str = ""
