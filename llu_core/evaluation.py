"""The paper's evaluation protocols; they return rows and print nothing."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import torch

from llu_core.classifier import Classifier, ZeroShotClassifier, accuracy
from llu_core.errors import LluError
from llu_core.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.training import ABLATIONS, RECIPES, Recipe, fit


@dataclass(frozen=True)
class Row:
    """One cell of a table: accuracies in percent; train_seconds without encoding. seed None: the mean over seeds."""

    protocol: str
    source: str
    method: str
    shots: int
    seed: int | None
    base: float
    new: float
    h: float
    train_seconds: float


Device = torch.device | str

Method = Callable[[FewShotSet, Recipe, int, Device], Classifier]
"""(base shots, recipe, seed, device to train on) -> a classifier for any classes, on the CPU."""


def _clip(shots: FewShotSet, recipe: Recipe, seed: int, device: Device) -> Classifier:
    return ZeroShotClassifier(shots.logit_scale)


def _llu(ablation: str) -> Method:
    return lambda shots, recipe, seed, device: fit(shots, recipe.ablated(ablation), seed=seed, device=device)


METHODS: dict[str, Method] = {
    "clip": _clip,
    "llu": _llu("default"),
    **{f"llu-{name.replace('. ', '-').replace(' ', '-')}": _llu(name) for name in ABLATIONS if name != "default"},
}


def methods_named(names: Sequence[str]) -> dict[str, Method]:
    """The methods of that name, in order; raises LluError listing the known ones."""
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        raise LluError(f"unknown method {', '.join(unknown) or '(none)'}; choose from: {', '.join(METHODS)}")
    return {name: METHODS[name] for name in names}


def harmonic_mean(base: float, new: float) -> float:
    """2ab / (a + b), and 0 if both are 0."""
    return 2 * base * new / (base + new) if base + new else 0.0


def base_to_new(
    source: FewShotSet,
    methods: Sequence[str],
    *,
    shots: int = 16,
    seeds: Sequence[int] = (1, 2, 3),
    recipe: Recipe = RECIPES["fast"],
    device: Device = "cpu",
) -> Iterator[Row]:
    """Train on the base classes, test base and new as two closed problems; a Row per method and seed, then the means.

    Shots are sampled over all classes, then split (CoOp's order). Raises LluError if a base class has no shots or
    a half has no test images.
    """
    _warm_up(recipe, device)
    rows: dict[str, list[Row]] = {name: [] for name in methods_named(methods)}
    if not seeds:
        raise LluError("there is no seed; give at least one")
    for seed in seeds:
        base, new = source.sample(shots, seed).split()
        base.require_shots()
        _require_test(source.name, base=base, new=new)
        for name in rows:
            start = time.perf_counter()
            classifier = METHODS[name](base, recipe, seed, device)
            seconds = time.perf_counter() - start
            row = _row(source.name, name, shots, seed, classifier, base, new, seconds)
            rows[name].append(row)
            yield row
    for same in rows.values():
        yield _mean(same)


def _row(
    source: str,
    method: str,
    shots: int,
    seed: int,
    classifier: Classifier,
    base: FewShotSet,
    new: FewShotSet,
    seconds: float,
) -> Row:
    base_score, new_score = (
        accuracy(classifier, half.test.embeddings, half.test.labels, half.class_embeddings) for half in (base, new)
    )
    h = harmonic_mean(base_score, new_score)
    return Row("base-to-new", source, method, shots, seed, base_score, new_score, h, seconds)


def _mean(rows: list[Row]) -> Row:
    """The mean over seeds; h is the mean of the per-seed harmonic means."""
    columns = {column: fmean(getattr(row, column) for row in rows) for column in ("base", "new", "h", "train_seconds")}
    return replace(rows[0], seed=None, **columns)


def _require_test(source: str, **halves: FewShotSet) -> None:
    for name, half in halves.items():
        if len(half.test) == 0:
            raise LluError(f"{source} has no test images of its {name} classes; add them (README, On the command line)")


def _warm_up(recipe: Recipe, device: Device) -> None:
    """One step on a toy set, so that no row pays for what torch loads at its first training."""
    points = torch.eye(2)
    rows = LabelledEmbeddings(points, torch.arange(2), ("a", "b"))
    toy = FewShotSet("warm-up", ("a", "b"), points, rows, rows, base_classes=2)
    fit(toy, replace(recipe, steps=1), device=device)
