"""What an adapter was taught with and how well it answered, kept with it so that its card can tell."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from llu_core.data.fewshot import FewShotSet
from llu_core.method.classifier import Classifier, ZeroShotClassifier, accuracy
from llu_core.method.elsewhere.accuracy import accuracy_elsewhere

MOST_SCORES = 20
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Score:
    """Accuracies in percent on so many pictures, which `part` names: that of CLIP and that of the adapter."""

    part: str
    pictures: int
    clip: float
    llu: float


@dataclass(frozen=True)
class Provenance:
    """source: the name of the set; shots: pictures per trained class, in the order of these; scores: measured when it
    was saved; command: what trains and measures it again, "" where no command does.
    """

    source: str = ""
    shots: tuple[int, ...] = ()
    scores: tuple[Score, ...] = ()
    command: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values, which `from_json` reads."""
        return asdict(self) | {"shots": list(self.shots), "scores": [asdict(score) for score in self.scores]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any] | None) -> "Provenance":
        """What a file says, None in those of early releases; raises ValueError, TypeError or KeyError where it says
        something impossible.
        """
        if saved is None:
            return UNKNOWN
        shots, scores = tuple(map(int, saved["shots"])), tuple(_score(**score) for score in saved["scores"])
        if len(scores) > MOST_SCORES or any(number < 0 for number in shots):
            raise ValueError("what the adapter says of its training is impossible")
        return cls(str(saved["source"]), shots, scores, str(saved["command"]))


UNKNOWN = Provenance()


def _score(part: str, pictures: int, clip: float, llu: float) -> Score:
    score = Score(str(part), int(pictures), float(clip), float(llu))
    if score.pictures < 0 or not all(math.isfinite(value) and 0 <= value <= 100 for value in (score.clip, score.llu)):
        raise ValueError("a score of the adapter is no percentage")
    return score


def scores_of(shots: FewShotSet, adapter: Classifier) -> tuple[Score, ...]:
    """On the set's own test pictures, if it has any, over all its classes at once, and on its controls."""
    frozen, scores = ZeroShotClassifier(shots.logit_scale), []
    if len(shots.test):
        test = (shots.test.embeddings, shots.test.labels, shots.class_embeddings)
        clip, llu = (accuracy(each, *test) for each in (frozen, adapter))
        scores.append(Score("test pictures", len(shots.test), clip, llu))
    if shots.controls:
        clip, llu = (accuracy_elsewhere(each, shots.controls) or 0.0 for each in (frozen, adapter))
        pictures = sum(len(control.pictures) for control in shots.controls)
        scores.append(Score(ELSEWHERE, pictures, clip, llu))
    return tuple(scores)
