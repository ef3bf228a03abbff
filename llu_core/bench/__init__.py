"""How fast it is, measured beside what people would use instead: `python -m llu_core bench`.

One file per subject, each with a function `measurements(machine)` that yields a `Measurement` as soon as it is made.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from llu_core.bench.machine import Machine
from llu_core.bench.measurement import Measurement

SUBJECTS = {
    "training": "one adapter: against autograd, logistic regression and CLIP-Adapter",
    "many": "many adapters at once against one by one",
    "passes": "LLU's timed forward and backward pass against a loop written by hand",
    "sweep": "predictions over the (beta, gamma) plane",
    "composition": "50 sets in one model against their adapters one by one",
    "encoding": "pictures to embeddings, from files and from the cache",
    "starting": "import llu_core, and the app's first page",
    "clustering": "training points to anchors",
}
"""What can be measured; the names are those of the modules."""

SCALES = {
    "scale": "time and memory against shots, classes and width, and how they grow",
}
"""Subjects that take minutes and gigabytes, measured by --scale or by name."""


def measure(subject: str, machine: Machine, features: Path | None = None) -> Iterator[Measurement]:
    """The measurements of one subject, each as soon as it is known. features: a bundle for "training" to train on."""
    measurements = import_module(f"llu_core.bench.{subject}").measurements
    return measurements(machine, features) if subject == "training" else measurements(machine)
