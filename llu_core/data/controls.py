"""Controls: closed problems of other classes and pictures that come with a set and are never trained on.

What an update does to them tells what it does to all that the model knew before. A problem needs pictures and at least
two classes, none of them a class of the set, or it would measure what was taught. Folders and zips hold them as
`class_folders` describes, feature bundles as `bundles` does.
"""

from collections.abc import Iterable, Sequence
from typing import NoReturn, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from llu_core.data.fewshot import Control, LabelledEmbeddings, Rejected, new_labels
from llu_core.data.pictures import ControlSource

ELSEWHERE_KEYS = (
    "elsewhere_features",
    "elsewhere_labels",
    "elsewhere_text_features",
    "elsewhere_class_names",
    "elsewhere_problems",
)
ELSEWHERE_THUMBNAILS = "elsewhere_thumbnails"

Problem = TypeVar("Problem", Control, ControlSource)


def why_unusable(problem: Control | ControlSource, class_names: Iterable[str]) -> str:
    """What keeps a problem from being a control of a set with these classes, in a few words; "" if nothing does."""
    if not len(problem.pictures):
        return "has no picture that can be read; what lies elsewhere needs some"
    if len(problem.class_names) < 2:
        return f"has only the class '{', '.join(problem.class_names)}'; a problem needs at least two to choose from"
    own = {name.casefold() for name in class_names}
    shared = next((name for name in problem.class_names if name.casefold() in own), None)
    if shared is not None:
        return f"has class '{shared}', which the set has too; what lies elsewhere must have other classes"
    return ""


def usable(problems: Iterable[Problem], class_names: Sequence[str]) -> tuple[tuple[Problem, ...], tuple[Rejected, ...]]:
    """The problems that can be controls of a set with these classes, and why the others cannot."""
    kept, rejected = [], []
    for problem in problems:
        if why := why_unusable(problem, class_names):
            rejected.append(Rejected(f"elsewhere/{problem.name}", f"{why}; the problem is left out"))
        else:
            kept.append(problem)
    return tuple(kept), tuple(rejected)


def without_bare_classes(control: Control) -> Control:
    """The control without the classes that none of its pictures shows: nobody asked about them can be right."""
    shown = control.pictures.labels.unique().tolist()
    return Control(
        control.name,
        tuple(control.class_names[label] for label in shown),
        control.class_embeddings[shown],
        control.pictures.relabel(new_labels(shown, len(control.class_names))),
    )


class Arrays(Protocol):
    """What is asked of a feature bundle that is being read; complaints name its file and the key."""

    @property
    def keys(self) -> set[str]: ...
    def fail(self, key: str, what: str) -> NoReturn: ...
    def strings(self, key: str) -> list[str]: ...
    def features(self, key: str) -> Tensor: ...
    def labels(self, key: str, rows: int, classes: int) -> Tensor: ...
    def thumbnails(self, key: str, rows: int) -> np.ndarray | None: ...


def controls_of_bundle(bundle: Arrays, class_names: Sequence[str], width: int) -> tuple[Control, ...]:
    """The controls in a feature bundle of these classes; none where it has none of ELSEWHERE_KEYS."""
    there = [key for key in ELSEWHERE_KEYS if key in bundle.keys]
    if not there:
        return ()
    missing = next((key for key in ELSEWHERE_KEYS if key not in there), None)
    if missing:
        bundle.fail(there[0], f"needs {missing} beside it; controls are {', '.join(ELSEWHERE_KEYS)}")
    names, problems = bundle.strings("elsewhere_class_names"), bundle.strings("elsewhere_problems")
    texts, pictures = bundle.features("elsewhere_text_features"), bundle.features("elsewhere_features")
    for key, length in (("elsewhere_problems", len(problems)), ("elsewhere_text_features", len(texts))):
        if length != len(names):
            bundle.fail(key, f"has {length} rows for {len(names)} names in elsewhere_class_names")
    for key, rows in (("elsewhere_text_features", texts), ("elsewhere_features", pictures)):
        if rows.shape[1] != width:
            bundle.fail(key, f"has width {rows.shape[1]}, text_features has {width}; use one model")
    rows = LabelledEmbeddings(
        embeddings=pictures,
        labels=bundle.labels("elsewhere_labels", len(pictures), len(names)),
        names=tuple(f"elsewhere {row}" for row in range(len(pictures))),
        thumbnails=bundle.thumbnails(ELSEWHERE_THUMBNAILS, len(pictures)),
    )
    return tuple(_checked(bundle, control, class_names) for control in _by_problem(problems, names, texts, rows))


def _by_problem(
    problems: Sequence[str], names: Sequence[str], texts: Tensor, rows: LabelledEmbeddings
) -> Iterable[Control]:
    for problem in dict.fromkeys(problems):
        chosen = [label for label, each in enumerate(problems) if each == problem]
        of_problem = tuple(names[label] for label in chosen)
        yield Control(problem, of_problem, texts[chosen], rows.relabel(new_labels(chosen, len(names))))


def _checked(bundle: Arrays, control: Control, class_names: Sequence[str]) -> Control:
    if why := why_unusable(control, class_names):
        bundle.fail("elsewhere_problems", f"'{control.name}' {why}")
    if len(set(control.class_names)) != len(control.class_names):
        bundle.fail("elsewhere_class_names", f"has a name twice in '{control.name}'; give every class one of its own")
    return control


def arrays_of_controls(controls: Sequence[Control]) -> dict[str, np.ndarray]:
    """The arrays by which a feature bundle holds these controls."""
    if not controls:
        return {}
    first = np.cumsum([0, *(len(control.class_names) for control in controls)])
    labels = [control.pictures.labels + int(start) for control, start in zip(controls, first, strict=False)]
    arrays = {
        "elsewhere_features": torch.cat([control.pictures.embeddings for control in controls]).numpy(),
        "elsewhere_labels": torch.cat(labels).numpy(),
        "elsewhere_text_features": torch.cat([control.class_embeddings for control in controls]).numpy(),
        "elsewhere_class_names": np.array([n for control in controls for n in control.class_names], dtype=np.str_),
        "elsewhere_problems": np.array([c.name for c in controls for _ in c.class_names], dtype=np.str_),
    }
    thumbnails = [control.pictures.thumbnails for control in controls]
    sizes = {each.shape[1:] for each in thumbnails if each is not None}
    if len(sizes) == 1 and all(each is not None for each in thumbnails):
        arrays[ELSEWHERE_THUMBNAILS] = np.concatenate([each for each in thumbnails if each is not None])
    return arrays
