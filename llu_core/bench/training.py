"""Training an adapter: the closed gradient against autograd, and the default recipe against what people would use."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Limit, Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import Timing, alternately
from llu_core.data.bundles import load_bundle
from llu_core.data.fewshot import FewShotSet
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.classifier import Classifier, accuracy
from llu_core.method.fitting import fit, warm_up
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.schedule import CoopRecipe
from llu_core.method.subspace import Subspace
from llu_core.method.training import TrainingProblem, scheduled, train
from llu_core.steps import drain
from llu_core.systems import clip_adapter, linear_probe
from llu_core.systems.contract import Material

WIDTH, SHOTS = 512, 16
CLASSES = (10, 30, 100)
FAST, PAPER = RECIPES["fast"], RECIPES["paper"]
SHORT_EPOCHS = 20
"""The paper recipe runs so many on many classes, since its 200 would keep the plain loop busy for a minute."""
SAME_WEIGHTS = 1e-4
CUDA_BARS = {"fast": 0.015, "paper": 1.0}
CUDA_RATIO = 5.0


def measurements(machine: Machine, features: Path | None = None) -> Iterator[Measurement]:
    """features: a bundle whose first classes are trained on beside the peers, with accuracies; clouds without it."""
    warm_up(str(machine.device))
    if machine.device.type == "cuda":
        yield from _on_cuda(machine, clouds(classes=100, shots=SHOTS, width=WIDTH))
        return
    yield from _beside_autograd(machine, clouds(classes=10, shots=SHOTS, width=WIDTH), PAPER, 6.0)
    many = replace(PAPER, epochs=SHORT_EPOCHS)
    yield from _beside_autograd(machine, clouds(classes=100, shots=SHOTS, width=WIDTH), many, 2.5)
    for shots in _problems(features):
        yield from _beside_peers(machine, shots, FAST)


def _on_cuda(machine: Machine, shots: FewShotSet) -> Iterator[Measurement]:
    """The plain loop runs the paper recipe for a few epochs only, since all of them would keep it busy for a minute."""
    yield from _beside_autograd(machine, shots, FAST, CUDA_RATIO, bar=CUDA_BARS["fast"])
    yield from _beside_autograd(machine, shots, replace(PAPER, epochs=SHORT_EPOCHS), CUDA_RATIO)
    (whole,) = alternately([lambda: fit(shots, PAPER, device=machine.device)], repeats=3, device=machine.device)
    what, limit = _named(PAPER, shots), _least(machine, shots, PAPER)
    yield Measurement("training", what, whole.seconds, spread=whole.spread, limit=limit, bar=CUDA_BARS["paper"])


def _problems(features: Path | None) -> Iterator[FewShotSet]:
    if features is None:
        yield from (clouds(classes=classes, shots=SHOTS, width=WIDTH) for classes in CLASSES)
        return
    bundle = load_bundle(features).sample(SHOTS, seed=1)
    for classes in sorted({min(classes, len(bundle.class_names)) for classes in CLASSES}):
        some = bundle.select_classes(range(classes))
        yield replace(some, base_classes=classes)


def _named(recipe: Recipe, shots: FewShotSet) -> str:
    epochs = f", {recipe.epochs} epochs" if recipe.epochs else ""
    classes = len(shots.class_names)
    return f"{recipe.name} recipe{epochs}, {len(shots.train) // classes} shots x {classes} classes"


def _beside_autograd(
    machine: Machine, shots: FewShotSet, recipe: Recipe, ratio: float, bar: float | None = None
) -> Iterator[Measurement]:
    device, trained = machine.device, {}

    def ours() -> None:
        trained["ours"] = fit(shots, recipe, device=device)

    def plain() -> None:
        trained["plain"] = drain(train(shots, recipe, device=device))

    fast, slow = alternately([ours, plain], repeats=3, device=device)
    what = _named(recipe, shots)
    limit = _least(machine, shots, recipe)
    yield _measurement(what, fast, "plain autograd loop", slow, limit, ratio, bar)
    difference = _largest_difference(trained["ours"], trained["plain"])
    told = f"{what}: largest difference of weights to that loop"
    # Adam's first steps have the size of its rate whatever the gradient is, so that roundings of small ones show
    bar = SAME_WEIGHTS if recipe.optimizer == "sgd" else None
    yield Measurement("training", told, difference, "", bar=bar)


def _beside_peers(machine: Machine, shots: FewShotSet, recipe: Recipe) -> Iterator[Measurement]:
    material, trained = Material.of(shots), {}
    briefly = clip_adapter.ClipAdapterRecipe(optimizer=CoopRecipe(epochs=50))
    peers: dict[str, tuple[float, Callable]] = {
        "LogisticRegression(max_iter=1000), one thread": (1.0, lambda: _probe(material, 1.0)),
        "linear probe: the same with C=31.6": (1.0, lambda: _probe(material, 31.6)),
        "CLIP-Adapter, 50 epochs": (10.0, lambda: clip_adapter.fit(material, 1, "cpu", briefly).on(shots)),
    }
    what, limit = _named(recipe, shots), _least(machine, shots, recipe)
    for peer, (bar, work) in peers.items():

        def ours() -> None:
            trained["ours"] = fit(shots, recipe)

        def theirs(work: Callable = work) -> None:
            trained["theirs"] = work()

        fast, slow = alternately([ours, theirs], repeats=1 if "Adapter" in peer else 5)
        yield _measurement(what, fast, peer, slow, limit, bar, None)
        if not len(shots.test):
            continue
        right = [_percent_right(trained[name], shots) for name in ("ours", "theirs")]
        told = f"{what}: test pictures right"
        yield Measurement("training", told, right[0], "%", None, peer, right[1], ratio_bar=1.0, higher_is_better=True)


def _probe(material: Material, strength: float) -> Classifier:
    """On one thread: OpenBLAS gains nothing from more on products this small, and on some machines loses much."""
    recipe = linear_probe.LinearProbeRecipe(inverse_strength=strength)
    with threadpool_limits(1, user_api="blas"):
        return linear_probe.fit(material, 1, "cpu", recipe).on(material.shots)


def _percent_right(classifier: Classifier, shots: FewShotSet) -> float:
    return accuracy(classifier, shots.test.embeddings, shots.test.labels, shots.class_embeddings)


def _measurement(
    what: str, ours: Timing, peer: str, theirs: Timing, limit: Limit, ratio: float, bar: float | None
) -> Measurement:
    return Measurement(
        "training",
        what,
        ours.seconds,
        spread=ours.spread,
        peer=peer,
        peer_value=theirs.seconds,
        limit=limit,
        bar=bar,
        ratio_bar=ratio,
    )


def _least(machine: Machine, shots: FewShotSet, recipe: Recipe) -> Limit:
    """The matrix products of every step: points and their gradients times A, and the logits and theirs."""
    problem = TrainingProblem.of(shots, recipe, "cpu")
    subspace = Subspace.of(problem, recipe)
    rank, classes = subspace.image.points.shape[1], len(problem.texts)
    operations = 0
    for batch, _ in scheduled(recipe, problem, torch.Generator().manual_seed(0)):
        rows = len(problem.targets) if batch.rows is None else len(batch.rows)
        inputs = rows * subspace.image.inputs.shape[1] + classes * subspace.text.inputs.shape[1]
        operations += 4 * rank * inputs + 6 * rank * rows * classes
    return machine.least_seconds(flops=operations)


def _largest_difference(ours: LocalizedAdapter, theirs: LocalizedAdapter) -> float:
    pairs = ((ours.image.update, theirs.image.update), (ours.text.update, theirs.text.update))
    return max(
        (getattr(mine, part) - getattr(other, part)).abs().max().item()
        for mine, other in pairs
        for part in ("weight", "bias")
    )
