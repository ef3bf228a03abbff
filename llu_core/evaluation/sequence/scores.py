"""Transfer, Average and Last of a sequence, as Xu et al. (arXiv 2406.18868) have them, averaged over seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llu_core.evaluation.means import groups, mean_of
from llu_core.evaluation.sequence.rows import SequenceRow


@dataclass(frozen=True)
class SequenceScore:
    """A learner on a sequence, in percent, the mean over `runs` draws.

    transfer: a set before it is learned, the mean over those steps and then over all sets but the first; average: over
    all steps and sets; last: after the last step, over all sets; these three of taught classes. last_new, last_joint:
    Last of new classes, and of all pictures among all classes. elsewhere: after the last step. seconds: of the whole
    training.
    """

    protocol: str
    source: str
    method: str
    shots: int
    seed: int | None
    transfer: float | None
    average: float | None
    last: float | None
    last_new: float | None
    last_joint: float | None
    elsewhere: float | None
    train_seconds: float | None
    runs: int
    reason: str = ""
    recipe: str = ""


def sequence_scores(rows: Iterable[SequenceRow]) -> list[SequenceScore]:
    """One per sequence, learner, recipe and shots, in order of first appearance."""
    return [_score(group) for group in groups(rows, ("source", "method", "recipe", "shots"))]


def _score(rows: Sequence[SequenceRow]) -> SequenceScore:
    first = rows[0]
    last = [row for row in rows if row.step == row.sets]
    steps = [row for row in rows if row.position == 1]  # one a step and seed
    seeds = {row.seed for row in rows}
    before = [
        mean_of([row.base for row in rows if row.position == position and row.step < position])
        for position in range(2, first.sets + 1)
    ]
    seconds = mean_of([row.train_seconds for row in steps])
    return SequenceScore(
        protocol=first.protocol,
        source=first.source,
        method=first.method,
        shots=first.shots,
        seed=None,
        transfer=mean_of(before),
        average=mean_of([row.base for row in rows]),
        last=mean_of([row.base for row in last]),
        last_new=mean_of([row.new for row in last]),
        last_joint=mean_of([row.joint for row in last]),
        elsewhere=mean_of([row.elsewhere for row in last]),
        train_seconds=None if seconds is None else seconds * len(steps) / len(seeds),
        runs=len({row.draw for row in rows}),
        recipe=first.recipe,
    )


def curve(rows: Sequence[SequenceRow], column: str) -> list[float | None]:
    """The forgetting curve: after every step, the mean over the sets that were learned until then, and over seeds."""
    return [
        mean_of([getattr(row, column) for row in rows if row.step == step and row.position <= step])
        for step in range(1, rows[0].sets + 1)
    ]
