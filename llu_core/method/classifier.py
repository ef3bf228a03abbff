"""What every compared system is: a map from image and class embeddings to logits."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class Classifier(Protocol):
    """Classes are given at prediction time, so new ones can come after training."""

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and class texts (C, d), unit rows."""
        ...


@dataclass(frozen=True)
class ZeroShotClassifier:
    """Plain CLIP: logit_scale * cosine (eq. 1)."""

    logit_scale: float = 100.0

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and class texts (C, d), unit rows."""
        return self.logit_scale * (image_embeddings @ class_embeddings.T)


def accuracy(classifier: Classifier, image_embeddings: Tensor, labels: Tensor, class_embeddings: Tensor) -> float:
    """Share of images (n, d) whose largest logit is their label (n,), in percent; n must be at least 1."""
    guess = classifier.logits(image_embeddings, class_embeddings).argmax(dim=1)
    return 100.0 * (guess == labels).float().mean().item()


def harmonic_mean(base: float | None, new: float | None) -> float | None:
    """2ab / (a + b), 0 if both are 0, None where one is missing."""
    if base is None or new is None:
        return None
    return 2 * base * new / (base + new) if base + new else 0.0
