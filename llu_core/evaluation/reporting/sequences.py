"""Sequences of sets as Markdown tables."""

from collections.abc import Sequence

from llu_core.evaluation.reporting.markdown import markdown_table, number, shots_text
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.evaluation.sequence.scores import SequenceScore, sequence_scores
from llu_core.systems.composed.learners import LEARNERS

MEANT = (
    "Sets are learned one after the other; after each, all are asked, and no system is told which set a picture is "
    "of. As Xu et al. (arXiv 2406.18868) have it, *Transfer* is the accuracy on sets before they are learned, "
    "*Average* that over all steps and sets, *Last* that after the last step: of pictures of taught classes, among the "
    "taught classes of all sets. *Last, new*: of pictures of new classes among the new classes of all sets; *last, "
    "all*: of all pictures among all classes of all sets. *Elsewhere*: on controls without a class of any set, after "
    "the last step."
)
_COLUMNS = ("transfer", "average", "last", "last_new", "last_joint", "elsewhere")
_HEAD = ["system", "Transfer", "Average", "Last", "last, new", "last, all", "elsewhere", "training, s"]


def learner_title(method: str, recipe: str) -> str:
    """ "CLIP", "LLU, composed (fast)"."""
    known = LEARNERS[method].title if method in LEARNERS else method
    return f"{known} ({recipe})" if recipe else known


def sequence_section(rows: Sequence[SequenceRow]) -> str:
    """A table of scores per sequence and shots, and one of every set after the last step."""
    parts = ["## Sets one after the other", MEANT]
    for source, shots in dict.fromkeys((row.source, row.shots) for row in rows):
        chosen = [row for row in rows if (row.source, row.shots) == (source, shots)]
        parts += [f"### {source}, {shots_text(shots)}", score_table(sequence_scores(chosen)), _last_table(chosen)]
    kept = [f"{each.title}: {each.keeps}" for each in LEARNERS.values()]
    return "\n\n".join([*parts, f"What is kept of a set when the next one is learned: {'; '.join(kept)}."])


def score_table(scores: Sequence[SequenceScore]) -> str:
    """A line per system."""
    body = [
        [
            learner_title(score.method, score.recipe),
            *(number(getattr(score, column)) for column in _COLUMNS),
            number(score.train_seconds, digits=2),
        ]
        for score in scores
    ]
    return markdown_table(_HEAD, body)


def _last_table(rows: Sequence[SequenceRow]) -> str:
    """Base and new accuracy on every set after the last step, the mean over seeds."""
    names = list(dict.fromkeys(row.target for row in sorted(rows, key=lambda row: row.position)))
    body = []
    for method, recipe in dict.fromkeys((row.method, row.recipe) for row in rows):
        own = [row for row in rows if (row.method, row.recipe, row.step) == (method, recipe, row.sets)]
        scores = [sequence_scores([row for row in own if row.target == name])[0] for name in names]
        halves = [f"{number(score.last)} / {number(score.last_new)}" for score in scores]
        body.append([learner_title(method, recipe), *halves])
    return "After the last step, base / new of each set:\n\n" + markdown_table(["system", *names], body)
