"""Over two thousand damaged uploads: each gives a session or one clear line, and memory stays in bounds."""

import resource
from collections import Counter
from pathlib import Path

import pytest

from demo.session import saving
from demo.session.session import Session
from llu_core.errors import LluError
from support.mutations import COUNTS, cases, open_case

MEMORY_MB = 500


@pytest.fixture
def adapter(trained: Session, tmp_path: Path) -> bytes:
    return saving.save_adapter(trained, tmp_path).read_bytes()


def test_damaged_uploads_give_a_session_or_a_line(trained: Session, adapter: bytes, tmp_path: Path):
    assert sum(COUNTS.values()) >= 2000
    before, outcomes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, Counter()
    for kind, name, data in cases(adapter):
        path = tmp_path / name
        path.write_bytes(data)
        try:
            opened = open_case(trained, kind, path)
        except LluError as error:
            outcomes[kind, "refused"] += 1
            assert len(str(error).splitlines()) == 1, (name, str(error))  # noqa: PT017  one of thousands
        else:
            outcomes[kind, "taken"] += 1
            assert opened is not trained
        path.unlink()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEMORY_MB
    assert all(outcomes[kind, outcome] for kind in COUNTS for outcome in ("refused", "taken")), outcomes
