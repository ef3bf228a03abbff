"""What accuracy leaves out of one closed problem: the next best answers, small classes, and how sure a system is.

All are percentages, by scikit-learn. Probabilities are the softmax of a system's logits, over the problem's classes.

top5     the true class is among the five largest logits; None where there are no more than five classes
recall   the mean over the classes that have test pictures of the share that is right (balanced accuracy)
ece      the expected calibration error: the largest probabilities fall into BINS bins of equal width from 0 to 1, and
         the distances between a bin's mean probability and its accuracy are averaged, weighted by its pictures
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

BINS = 15
MEASURES = {"top5": "top-5", "recall": "mean per-class recall", "ece": "calibration error"}
"""Column of a row -> what tables call it."""


@dataclass(frozen=True)
class Measures:
    """Percentages, None where a system has no answer; see above."""

    top5: float | None = None
    recall: float | None = None
    ece: float | None = None


def measured(logits: Tensor, labels: Tensor) -> Measures:
    """Of logits (n, C), and the labels (n,) of the same pictures, of which there is at least one."""
    from sklearn.metrics import recall_score, top_k_accuracy_score  # slow to import, and not needed to read a report

    classes, truth = logits.shape[1], labels.numpy()
    answers = logits.argmax(dim=1).numpy()
    top5 = None
    if classes > 5:
        top5 = 100.0 * float(top_k_accuracy_score(truth, logits.double().numpy(), k=5, labels=np.arange(classes)))
    recall = recall_score(truth, answers, labels=np.unique(truth), average="macro")
    probability = logits.double().softmax(dim=1).amax(dim=1).clamp(max=1.0).numpy()
    return Measures(top5, 100.0 * float(recall), calibration_error(answers == truth, probability))


def calibration_error(right: np.ndarray, probability: np.ndarray) -> float:
    """In percent; right: (n,) bool, probability: (n,) of the answers, from 0 to 1."""
    from sklearn.calibration import calibration_curve

    accuracy, mean = calibration_curve(right, probability, n_bins=BINS, strategy="uniform")
    inner_edges = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    pictures = np.bincount(np.searchsorted(inner_edges, probability), minlength=BINS)
    return 100.0 * float(np.average(np.abs(accuracy - mean), weights=pictures[pictures > 0]))
