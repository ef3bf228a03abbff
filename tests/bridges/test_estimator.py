"""The estimator: scikit-learn's own checks, and that it is the method."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer
from sklearn.utils.estimator_checks import parametrize_with_checks

from llu_core.bridges import estimator, memory
from llu_core.bridges.estimator import LLUClassifier
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.synthetic import halves, problem, unit_rows

SHOTS = problem(base=4, new=3, shots=8, tests=20, width=24)
BASE, NEW = halves(SHOTS)
LABELS = np.array(["bat", "cat", "dog", "emu"])
X, Y = BASE.train.embeddings.numpy(), LABELS[BASE.train.labels.numpy()]
TEXTS = dict(zip(LABELS.tolist(), BASE.class_embeddings.numpy(), strict=True))
ASKED, TRUE = BASE.test.embeddings.numpy(), LABELS[BASE.test.labels.numpy()]
NEW_LABELS = ["fox", "gnu", "hen"]
NEW_TEXTS = dict(zip(NEW_LABELS, NEW.class_embeddings, strict=True))


def excepted(_: BaseEstimator) -> dict[str, str]:
    return {"check_estimators_dtypes": "it gives rows of zeros, which have no direction"}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [LLUClassifier(), LLUClassifier(recipe="best", beta=0.7, gamma=3)], expected_failed_checks=excepted
)
def test_it_passes_the_checks_of_scikit_learn(estimator: BaseEstimator, check: Callable):
    check(estimator)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets an entry with every training; none was done before."""
    done: list[str] = []

    def counted(shots: Any, recipe: Any, **more: Any) -> Any:
        done.append(recipe.name)
        return fit(shots, recipe, **more)

    monkeypatch.setattr(estimator, "fit", counted)
    monkeypatch.setattr(estimator, "_trainings", memory.Trainings())
    return done


@pytest.mark.parametrize("name", ["fast", "best"])
def test_it_is_the_method(name: str):
    classifier = LLUClassifier(TEXTS, recipe=name).fit(X, Y)
    adapter = fit(BASE, RECIPES[name])
    expected = adapter.logits(BASE.test.embeddings, BASE.class_embeddings)
    np.testing.assert_allclose(classifier.decision_function(ASKED), expected.numpy(), atol=1e-3)
    np.testing.assert_allclose(classifier.predict_proba(ASKED), expected.softmax(dim=1).numpy(), atol=1e-4)
    assert classifier.predict(ASKED).tolist() == LABELS[expected.argmax(dim=1).numpy()].tolist()
    assert classifier.score(ASKED, TRUE) == (classifier.predict(ASKED) == TRUE).mean() > 0.5
    assert classifier.classes_.tolist() == LABELS.tolist()
    assert (classifier.adapter_.beta, classifier.adapter_.gamma) == RECIPES[name].mask


def test_new_classes_are_given_at_prediction():
    classifier = LLUClassifier(TEXTS).fit(X, Y)
    asked = NEW.test.embeddings.numpy()
    expected = fit(BASE).logits(NEW.test.embeddings, NEW.class_embeddings)
    np.testing.assert_allclose(classifier.decision_function(asked, NEW_TEXTS), expected.numpy(), atol=1e-3)
    assert classifier.predict_proba(asked, NEW_TEXTS).shape == (len(asked), 3)
    true = np.array(NEW_LABELS)[NEW.test.labels.numpy()]
    assert classifier.score(asked, true, texts=NEW_TEXTS) == (classifier.predict(asked, NEW_TEXTS) == true).mean()
    both = classifier.predict(asked, TEXTS | NEW_TEXTS)
    assert set(both) <= {*LABELS, *NEW_LABELS}
    assert classifier.classes_.tolist() == LABELS.tolist()


def test_labels_of_any_kind_come_back_as_they_are():
    classifier = LLUClassifier(TEXTS).fit(X, Y)
    for labels in ([3, 1, 2], ["z", 1, None], [("a", 1), ("a", 2), ("b", 1)]):
        predicted = classifier.predict(ASKED, dict(zip(labels, NEW.class_embeddings, strict=True)))
        assert predicted.shape == (len(ASKED),)
        assert set(predicted.tolist()) <= set(labels)


def test_two_classes_have_one_decision_and_two_probabilities():
    two = np.isin(Y, ["bat", "cat"])
    classifier = LLUClassifier(TEXTS).fit(X[two], Y[two])
    decision, probabilities = classifier.decision_function(ASKED), classifier.predict_proba(ASKED)
    assert decision.shape == (len(ASKED),)
    np.testing.assert_allclose(1 / (1 + np.exp(-decision)), probabilities[:, 1], atol=1e-9)
    assert classifier.decision_function(ASKED, TEXTS).shape == (len(ASKED), 4)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_tensors_are_taken_too(kind: torch.dtype):
    texts = {label: torch.from_numpy(row).to(kind) for label, row in TEXTS.items()}
    classifier = LLUClassifier(BASE.class_embeddings.to(kind))
    classifier.fit(BASE.train.embeddings.to(kind).requires_grad_(), BASE.train.labels)
    predicted = classifier.predict(BASE.test.embeddings.to(kind))
    named = LLUClassifier(texts).fit(X, Y).predict(ASKED)
    assert (LABELS[predicted] == named).mean() > 0.95


def test_it_works_in_a_pipeline_and_under_cross_validation():
    pipeline = make_pipeline(FunctionTransformer(), Normalizer(), LLUClassifier(TEXTS))
    scores = cross_val_score(pipeline, X * 5, Y, cv=4)
    assert scores.shape == (4,)
    assert scores.mean() > 0.7
    alone = cross_val_score(LLUClassifier(TEXTS), X, Y, cv=4)
    np.testing.assert_allclose(scores, alone)


def test_folds_run_in_other_processes():
    alone = cross_val_score(LLUClassifier(TEXTS), X, Y, cv=2)
    np.testing.assert_allclose(cross_val_score(LLUClassifier(TEXTS), X, Y, cv=2, n_jobs=2), alone)


def test_a_grid_over_the_mask_costs_one_training_per_fold(trainings: list[str]):
    grid: dict[str, list[float]] = {"beta": [0.0, 0.2, 0.5, 1.0], "gamma": [0.0, 5.0, 20.0, np.inf]}
    search = GridSearchCV(LLUClassifier(TEXTS), grid, cv=5).fit(X, Y)
    assert len(trainings) == 5 + 1  # and one on all shots, for the best
    masks: list[dict[str, Any]] = [{"beta": 0.2, "gamma": 5.0}, search.best_params_]
    for mask in masks:
        expected = cross_val_score(LLUClassifier(TEXTS, **mask), X, Y, cv=5)
        at = search.cv_results_["params"].index(mask)
        np.testing.assert_allclose([search.cv_results_[f"split{fold}_test_score"][at] for fold in range(5)], expected)
    assert len(trainings) == 6


def test_what_changes_the_training_trains_anew(trainings: list[str]):
    LLUClassifier(TEXTS).fit(X, Y)
    changed = [
        ({"recipe": "best"}, X, Y),
        ({"recipe": replace(RECIPES["fast"], lam=1.0)}, X, Y),
        ({"random_state": 1}, X, Y),
        ({"logit_scale": 50.0}, X, Y),
        ({}, X[:-1], Y[:-1]),
        ({}, X, Y[::-1]),
        ({"texts": None}, X, Y),
    ]
    for number, (settings, rows, labels) in enumerate(changed, start=2):
        LLUClassifier(**{"texts": TEXTS, **settings}).fit(rows, labels)
        assert len(trainings) == number
    LLUClassifier(TEXTS, beta=1).fit(X, Y)
    assert len(trainings) == 1 + len(changed)


def test_what_is_remembered_stays_within_bounds(trainings: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "MAX_KEPT_BYTES", 1)
    for _ in range(2):
        LLUClassifier(TEXTS).fit(X, Y)
    assert len(trainings) == 1
    LLUClassifier(TEXTS).fit(X[:-1], Y[:-1])
    LLUClassifier(TEXTS).fit(X, Y)
    assert len(trainings) == 3


def test_it_is_cloned_and_kept_in_files(tmp_path: Path):
    classifier = LLUClassifier(TEXTS, recipe="best", beta=0.7, gamma=np.inf).fit(X, Y)
    again: Any = clone(classifier)
    assert not hasattr(again, "adapter_")
    assert again.get_params()["gamma"] == np.inf
    joblib.dump(classifier, tmp_path / "classifier.joblib")
    for copy in (again.fit(X, Y), joblib.load(tmp_path / "classifier.joblib"), pickle.loads(pickle.dumps(classifier))):
        np.testing.assert_array_equal(copy.predict_proba(ASKED), classifier.predict_proba(ASKED))


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "not a number": (lambda: LLUClassifier().fit(X * np.nan, Y), "contains NaN"),
    "zeros": (lambda: LLUClassifier().fit(X * 0, Y), "the rows of X have a row of zeros, row 0"),
    "one class": (lambda: LLUClassifier().fit(X, Y == "bird"), "y has one class alone, 'False'"),
    "no text": (lambda: LLUClassifier({"bat": X[0]}).fit(X, Y), "texts has no embedding of class 'cat'"),
    "too few texts": (lambda: LLUClassifier(X[:3]).fit(X, Y), "texts has 3 rows for 4 classes"),
    "narrow texts": (lambda: LLUClassifier(X[:4, :5]).fit(X, Y), "X is 24 wide and texts are 5 wide"),
    "unlike texts": (
        lambda: LLUClassifier(TEXTS | {"cat": X[0, :5]}).fit(X, Y),
        "the embeddings of texts differ in shape",
    ),
    "a text of zeros": (lambda: LLUClassifier(TEXTS | {"cat": X[0] * 0}).fit(X, Y), "the text of 'cat' have a row of"),
    "recipe": (lambda: LLUClassifier(recipe="slow").fit(X, Y), "unknown recipe 'slow'"),
    "beta": (lambda: LLUClassifier(beta=2).fit(X, Y), "beta is 2; give a share"),
    "scale": (lambda: LLUClassifier(logit_scale=0).fit(X, Y), "logit_scale is 0"),
    "rows of texts": (
        lambda: LLUClassifier().fit(X, Y).predict(ASKED, cast("Any", X)),
        "texts are no classes to choose from",
    ),
    "no texts": (lambda: LLUClassifier().fit(X, Y).predict(ASKED, {}), "texts are no classes to choose from"),
    "narrow classes": (
        lambda: LLUClassifier().fit(X, Y).predict(ASKED, {"a": X[0, :5]}),
        "class embeddings are 5 wide",
    ),
    "other pictures": (lambda: LLUClassifier().fit(X, Y).predict(unit_rows(2, 8)), "X has 8 features"),
}


@pytest.mark.parametrize(("wrong", "says"), WRONG.values(), ids=WRONG)
def test_what_is_of_no_use_is_a_sentence(wrong: Callable[[], Any], says: str):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_without_texts_the_mean_pictures_stand_for_them():
    classifier = LLUClassifier().fit(X, Y)
    means = np.stack([X[label == Y].mean(axis=0) for label in LABELS])
    np.testing.assert_allclose(
        classifier.class_embeddings_, means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-6
    )
    opposite = LLUClassifier().fit(np.concatenate([X[:1], -X[:1], X[9:12]]), [0, 0, 1, 1, 1])
    np.testing.assert_allclose(opposite.class_embeddings_[0], X[0], atol=1e-6)
