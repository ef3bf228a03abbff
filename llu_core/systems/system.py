"""A compared system as a value: its name, what it can do, its settings, and how it is trained."""

import inspect
import re
import time
from dataclasses import KW_ONLY, asdict, dataclass, is_dataclass
from functools import partial
from typing import Any

from llu_core.method.fitting import warm_up
from llu_core.method.recipes import Recipe
from llu_core.systems.contract import Device, Fit, Fitted, Material


@dataclass(frozen=True)
class System:
    """A way to learn from few shots.

    name: as the command line calls it; title: as tables do. new_classes: whether it can answer for classes without
    shots; needs_encoder: whether it trains through the model's text tower and so cannot work on embeddings alone.
    settings: the frozen dataclass by which it is trained, None for one without any; version: of what its code means, to
    be raised whenever the same settings give other answers. recipe: LLU's, None for the others.
    """

    name: str
    title: str
    _: KW_ONLY
    new_classes: bool
    needs_encoder: bool
    fit: Fit
    settings: object | None = None
    version: int = 1
    recipe: Recipe | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """Everything about the system that decides its answers, as JSON values."""
        settings = self.settings if self.recipe is None else self.recipe
        values = asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else repr(settings)
        return {"settings": None if settings is None else values, "version": self.version}

    @property
    def deviations(self) -> str:
        """Where it departs from the published code: the paragraph of its module's docstring that says so, or ""."""
        fit = self.fit.func if isinstance(self.fit, partial) else self.fit
        module = inspect.getmodule(fit)
        paragraphs = re.split(r"\n\s*\n", inspect.getdoc(module) or "") if module else []
        found = next((each for each in paragraphs if each.startswith("Deviations: ")), "")
        return " ".join(found.removeprefix("Deviations: ").split())

    def timed_fit(self, material: Material, seed: int, device: Device = "cpu") -> tuple[Fitted, float]:
        """The trained system and the seconds it took, without what torch loads at a process's first training."""
        warm_up(str(device))
        start = time.perf_counter()
        fitted = self.fit(material, seed, device)
        return fitted, time.perf_counter() - start
