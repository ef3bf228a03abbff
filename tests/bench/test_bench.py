"""The bench: measurements beside their peers, limits and bars; fair timing; the command's table and file."""

import json
import time
from pathlib import Path

import pytest
import torch

from llu_core import bench
from llu_core.bench.clouds import clouds
from llu_core.bench.machine import Limit, Machine
from llu_core.bench.measurement import HEAD, Measurement, quantity
from llu_core.bench.process import cost_of
from llu_core.bench.scale import growth_exponent
from llu_core.bench.timing import Timing, alternately
from llu_core.cli import bench as command
from llu_core.cli.main import main

MACHINE = Machine(torch.device("cpu"), flops=1e9, bytes=1e8)


def test_a_measurement_is_compared_with_its_peer_its_limit_and_its_bars():
    measurement = Measurement("s", "w", 2.0, peer="loop", peer_value=7.0, limit=Limit(0.5, "x"), bar=3.0, ratio_bar=3.0)
    assert (measurement.ratio, measurement.share_of_limit, measurement.met) == (3.5, 0.25, True)
    assert (
        measurement.row()
        == "| s | w | 2.00 s | loop | 7.00 s | 3.50 | 500 ms (x) | 25 % | at most 3.00 s and at least 3 times: met |"
    )


def test_what_is_better_when_higher_is_compared_the_other_way_round():
    measurement = Measurement("s", "w", 80.0, "%", peer="loop", peer_value=40.0, bar=90.0, higher_is_better=True)
    assert (measurement.ratio, measurement.met) == (2.0, False)
    assert measurement.row().endswith("| at least 90.0 %: missed |")


@pytest.mark.parametrize(("bars", "met"), [({}, None), ({"bar": 1.0}, False), ({"bar": 9.0, "ratio_bar": 2.0}, False)])
def test_a_bar_is_met_when_every_one_is(bars: dict, met: bool | None):
    assert Measurement("s", "w", 2.0, peer="p", peer_value=2.0, **bars).met is met


def test_a_row_has_a_cell_for_every_heading():
    assert (
        Measurement("s", "w", 1.0).row().count("|")
        == HEAD.splitlines()[0].count("|")
        == HEAD.splitlines()[1].count("|")
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.345, "s", "12.3 s"),
        (0.5, "s", "500 ms"),
        (0.0000123, "s", "12.3 µs"),
        (0.5, "%", "0.500 %"),
        (1234.5, "MB", "1234 MB"),
    ],
)
def test_quantities_have_three_digits_and_a_unit_that_suits_them(value: float, unit: str, text: str):
    assert quantity(value, unit) == text


def test_the_limit_is_what_takes_longer_operations_or_bytes():
    assert MACHINE.least_seconds(flops=5e9, bytes=1e8).value == 5
    assert MACHINE.least_seconds(flops=5e9, bytes=1e9) == Limit(10, "bytes at 0.1 GB/s")


def test_works_take_turns_and_the_warm_up_does_not_count():
    order: list[str] = []
    timings = alternately([lambda: order.append("a"), lambda: order.append("b")], repeats=2)
    assert order == ["a", "b"] * 3
    assert [len(each.all) for each in timings] == [2, 2]


def test_timings_tell_works_apart():
    slow, fast = alternately([lambda: time.sleep(0.02), lambda: None], repeats=3)
    assert fast.seconds < slow.seconds


def test_a_timing_is_its_median_and_half_its_quartile_range():
    timing = Timing((1.0, 2.0, 3.0, 4.0, 100.0))
    assert (timing.seconds, timing.spread) == (3, 1)
    assert Timing((1.0, 2.0)).spread is None


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subject of two measurements, on a machine that need not be measured."""
    monkeypatch.setattr(Machine, "measured", classmethod(lambda cls, device: MACHINE))
    monkeypatch.setattr(command, "SUBJECTS", {"tiny": "two measurements"})
    given = iter(
        [Measurement("tiny", "first", 1.0, peer="loop", peer_value=2.0), Measurement("tiny", "second", 3.0, "MB")]
    )
    monkeypatch.setattr(command, "measure", lambda subject, machine, features: given)


def test_the_command_prints_the_table_and_writes_the_same_as_json(
    tiny: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["bench", "--json", str(tmp_path / "bench.json"), "tiny"]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.index(HEAD) < printed.index("| tiny | first | 1.00 s |") < printed.index("| tiny | second | 3.00 MB |")
    )
    written = json.loads((tmp_path / "bench.json").read_text())
    assert {"cpu", "threads", "device", "date", "command", "torch", "python"} <= written.keys()
    assert [(each["what"], each["value"], each["ratio"]) for each in written["figures"]] == [
        ("first", 1.0, 2.0),
        ("second", 3.0, None),
    ]


def test_an_unknown_subject_is_refused_with_the_known_ones(tiny: None, capsys: pytest.CaptureFixture[str]):
    assert main(["bench", "speed"]) == 2
    assert "there is no subject 'speed'" in (said := capsys.readouterr().err)
    assert "tiny" in said


def test_a_machine_is_measured(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llu_core.bench.machine.MATRIX_SIDE", 64)
    monkeypatch.setattr("llu_core.bench.machine.COPY_BYTES", 2**16)
    machine = Machine.measured(torch.device("cpu"))
    assert machine.flops > 0
    assert machine.bytes > 0
    assert machine.facts()["device"] == "cpu"


def test_growth_is_the_power_of_the_size():
    assert growth_exponent([1, 2, 4, 8], [3, 12, 48, 192]) == pytest.approx(2)
    assert growth_exponent([1, 10], [5, 5]) == 0


def test_a_process_of_its_own_has_a_cost():
    cost = cost_of(int, bytearray, "50_000_000")
    assert cost.peak_bytes > 50e6
    assert 40e6 < cost.work_bytes < 80e6


def test_clouds_are_unit_rows_that_their_texts_tell_apart():
    shots = clouds(classes=5, shots=3, width=64)
    assert shots.train.embeddings.shape == (15, 64)
    torch.testing.assert_close(shots.train.embeddings.norm(dim=1), torch.ones(15))
    assert (
        (shots.train.embeddings @ shots.class_embeddings.T).argmax(dim=1) == shots.train.labels
    ).float().mean() > 0.8


def test_every_subject_has_its_module():
    for subject in {**bench.SUBJECTS, **bench.SCALES}:
        assert iter(bench.measure(subject, MACHINE))  # not begun: a subject takes seconds
