"""Sessions of the page, made with real pictures, real training and a toy encoder; loaded by conftest."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo.session import edits, training
from demo.session.session import Session
from llu_core.method.recipes import RECIPES
from llu_core.steps import drain as run
from support.sample_pictures import write_zip
from support.toy_encoder import ToyEncoder


def drain(steps: training.Steps) -> tuple[Session, list[str]]:
    """The session that a training ends in, and the phases it went through."""
    phases: list[str] = []
    return run(steps, lambda step: phases.append(step.phase)), phases


def in_threads(*works: Callable[[], object]) -> None:
    """Run all at once, to their end; what one of them raises is raised."""
    with ThreadPoolExecutor(len(works)) as pool:
        for running in [pool.submit(work) for work in works]:
            running.result(60)


@pytest.fixture
def session(toy_encoder: ToyEncoder) -> Session:
    return Session(toy_encoder, "toy")


@pytest.fixture
def zipped(session: Session, tmp_path: Path) -> Session:
    return edits.add_files(session, [write_zip(tmp_path / "mine.zip")])


@pytest.fixture
def trained(zipped: Session) -> Session:
    return drain(training.train_adapter(zipped, RECIPES["fast"]))[0]
