"""scikit-learn's view of the method: an estimator on embeddings, for pipelines, cross-validation and grids.

classifier = LLUClassifier({"lynx": lynx_text, "corgi": corgi_text}).fit(embeddings, ["lynx", "corgi", ...])
classifier.predict(embeddings)
classifier.predict(embeddings, texts={"lynx": lynx_text, "red panda": red_panda_text})     # new classes
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from llu_core.bridges.memory import Trainings
from llu_core.bridges.module import AdapterModule
from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.rows import unit_rows
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.fitting import fit
from llu_core.method.recipes import Recipe
from llu_core.method.recipes import recipe as recipe_called

_trainings = Trainings()


class LLUClassifier(ClassifierMixin, BaseEstimator):
    """Localized Latent Updates on embeddings (n, d) of pictures; rows of any length but 0.

    texts: the embedding of every class's text, a mapping from labels to rows (d,), or rows (C, d) in the order of
    `classes_`; without it the mean picture of each class stands for its text. recipe: a name of RECIPES, or a Recipe.
    beta, gamma: of the mask under which it answers, None for the recipe's. They are set after training: estimators that
    differ in nothing else and are fitted on the same data in one process share one training, so that a grid over beta
    and gamma costs one per fold. logit_scale: s of the frozen model. random_state: an integer gives the same adapter
    every time. device: where it is trained.

    After `fit`: `classes_`, `class_embeddings_` (C, d), `adapter_` (a LocalizedAdapter), `n_features_in_`.
    """

    def __init__(
        self,
        texts: Any = None,
        *,
        recipe: str | Recipe = "fast",
        beta: float | None = None,
        gamma: float | None = None,
        logit_scale: float = 100.0,
        random_state: Any = 0,
        device: str = "cpu",
    ):
        self.texts = texts
        self.recipe = recipe
        self.beta = beta
        self.gamma = gamma
        self.logit_scale = logit_scale
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> "LLUClassifier":
        """Train on embeddings X (n, d) with labels y (n,); raises ValueError, in a sentence, for what is of no use."""
        X, y = validate_data(self, _array(X), _array(y), dtype=_KINDS)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class alone, '{self.classes_[0]}'; give pictures of a second one")
        with _as_value_errors():
            rows = unit_rows(X, "the rows of X")
            texts = _class_means(rows, labels) if self.texts is None else _rows_of(self.texts, list(self.classes_))
            shots = FewShotSet.of(rows, labels, texts, range(len(self.classes_)), logit_scale=self.logit_scale)
            self.class_embeddings_ = shots.class_embeddings.numpy()
            self.adapter_ = self._trained(shots)
        return self

    def _trained(self, shots: FewShotSet) -> LocalizedAdapter:
        recipe = recipe_called(self.recipe) if isinstance(self.recipe, str) else self.recipe
        asked = recipe.asked_at(self.beta, self.gamma)
        training = replace(recipe, asked_beta=None, asked_gamma=None)
        seed = self.random_state
        seed = int(seed) if isinstance(seed, Integral) else int(check_random_state(seed).randint(2**31 - 1))
        settings = repr((training, seed, str(self.device)))
        adapter = _trainings.of(shots, settings, lambda: fit(shots, training, seed=seed, device=self.device))
        beta, gamma = asked.mask
        return adapter.with_mask(beta=beta, gamma=gamma)

    def decision_function(self, X: Any, texts: Mapping[Any, Any] | None = None) -> np.ndarray:
        """Logits (n, C), or with two classes the second one's minus the first one's, (n,).

        texts: other classes to choose from, as in `predict`; then there is a column for each of them.
        """
        logits = self._logits(X, texts)
        return logits[:, 1] - logits[:, 0] if texts is None and logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any, texts: Mapping[Any, Any] | None = None) -> np.ndarray:
        """Probabilities (n, C) of `classes_`, or of the labels of `texts` in their order."""
        return torch.from_numpy(self._logits(X, texts)).softmax(dim=1).numpy()

    def predict(self, X: Any, texts: Mapping[Any, Any] | None = None) -> np.ndarray:
        """The most probable label of every picture, among `classes_` or the labels of `texts`.

        texts: a mapping from labels, trained or new ones, to the embeddings of their texts (d,).
        """
        best = self._logits(X, texts).argmax(axis=1)
        return (self.classes_ if texts is None else _as_array(_asked(texts)))[best]

    def score(self, X: Any, y: Any, sample_weight: Any = None, texts: Mapping[Any, Any] | None = None) -> float:
        """The share of pictures X whose label is y, chosen from `classes_` or the labels of `texts`."""
        return float(accuracy_score(_array(y), self.predict(X, texts), sample_weight=sample_weight))

    def _logits(self, X: Any, texts: Mapping[Any, Any] | None) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, _array(X), dtype=_KINDS, reset=False)
        with _as_value_errors():
            rows = unit_rows(X, "the rows of X")
            classes = unit_rows(self.class_embeddings_ if texts is None else _rows_of(texts, _asked(texts)), "texts")
            # in float64 the answer for a picture does not depend on who else is asked about
            with torch.no_grad():
                return AdapterModule(self.adapter_).double()(rows, classes).numpy()


_KINDS = (np.float64, np.float32)


def _array(given: Any) -> Any:
    """Tensors as numpy's arrays, of a type that numpy has; anything else as it is."""
    if not isinstance(given, Tensor):
        return given
    given = given.detach().cpu()
    return (given.float() if given.dtype in (torch.bfloat16, torch.float16) else given).numpy()


def _class_means(rows: Tensor, labels: np.ndarray) -> Tensor:
    """(C, d): the mean of each class's rows; where they cancel out, the first of them."""
    targets = torch.from_numpy(labels)
    means = torch.stack([rows[targets == label].mean(dim=0) for label in range(int(targets.max()) + 1)])
    first = torch.stack([rows[targets == label][0] for label in range(len(means))])
    return torch.where(means.norm(dim=1, keepdim=True) > 1e-6, means, first)


def _rows_of(texts: Any, classes: Sequence[Any]) -> Any:
    """The rows (C, d) of these classes."""
    if not isinstance(texts, Mapping):
        if len(texts) != len(classes):
            raise LluError(
                f"texts has {len(texts)} rows for {len(classes)} classes; give a mapping from labels to rows"
            )
        return texts
    missing = next((label for label in classes if label not in texts), None)
    if missing is not None:
        raise LluError(f"texts has no embedding of class '{missing}'; give one for every label")
    rows = [unit_rows(np.atleast_2d(_array(texts[label])), f"the text of '{label}'") for label in classes]
    if len({each.shape for each in rows}) != 1 or len(rows[0]) != 1:
        raise LluError("the embeddings of texts differ in shape; give one row (d,) for every label")
    return torch.cat(rows)


def _asked(texts: Any) -> list[Any]:
    """The labels to choose from at prediction."""
    if not isinstance(texts, Mapping) or not texts:
        raise ValueError(
            "texts are no classes to choose from; give a mapping from labels to the embeddings of their texts"
        )
    return list(texts)


def _as_array(labels: Sequence[Any]) -> np.ndarray:
    """(n,) labels in the type that they share, as objects where there is none."""
    alike = len({type(label) for label in labels}) == 1 and np.isscalar(labels[0])
    return np.asarray(labels) if alike else np.fromiter(labels, dtype=object, count=len(labels))


@contextmanager
def _as_value_errors() -> Iterator[None]:
    """What cannot be used is a ValueError to scikit-learn."""
    try:
        yield
    except LluError as error:
        raise ValueError(str(error)) from None
