"""What a terminal shows while the files of a model come."""

from collections.abc import Generator
from typing import TypeVar

from tqdm import tqdm

from llu_core.encoders.hub import LoadingStep
from llu_core.steps import drain

Result = TypeVar("Result")


def loaded_with_bar(steps: Generator[LoadingStep, None, Result], name: str) -> Result:
    """Run `steps` to the end and return its result; a downloaded file has a bar where there is a terminal."""
    bars: list[tqdm] = []

    def show(step: LoadingStep) -> None:
        if step.phase != "Downloading":
            return
        if not bars or step.done < bars[-1].n:  # the next file
            bars.append(tqdm(desc=f"downloading {name}", unit="B", unit_scale=True, disable=None))
        bars[-1].total = step.total
        bars[-1].update(step.done - bars[-1].n)

    try:
        return drain(steps, show)
    finally:
        for bar in bars:
            bar.close()
