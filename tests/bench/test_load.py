"""The visitors of the load do what visitors do."""

from pathlib import Path

from bench.load import ROUND, crowd
from support.sample_pictures import picture_bytes, write_zip


def test_two_visitors_go_their_rounds_and_nothing_fails(app_address: str, tmp_path: Path):
    write_zip(tmp_path / "mine.zip")
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    tally = crowd(app_address, tmp_path, visitors=2, seconds=1.0)
    assert tally.failures == []
    assert tally.calls.keys() == {name for name, _ in ROUND}
    assert len(tally.waits) == len(tally.calls["train"]) >= 2
