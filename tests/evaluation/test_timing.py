"""Timing of a training pass: found between two steps of the optimiser, memory counted tensor by tensor."""

import pytest
import torch

from llu_core.data.features import Features
from llu_core.evaluation.protocols import Trial
from llu_core.evaluation.results import TimingRow
from llu_core.evaluation.timing import NO_GRADIENT, ON_CPU, LiveBytes, time_pass
from llu_core.systems.registry import SYSTEMS
from support.synthetic import problem

SOURCE = Features.of(problem(shots=4))


def timed(system: str, batch_size: int = 8) -> TimingRow:
    drawn = SOURCE.draw(4, 1)
    return time_pass(Trial("timing", system, 4, 1, drawn.split()[0]), batch_size)


@pytest.mark.parametrize("system", ["clip-adapter", "tip-adapter-f", "wise-ft", "rla", "llu"])
def test_every_system_that_descends_a_gradient_is_timed(system: str):
    row = timed(system)
    assert row.seconds is not None
    assert 0 < row.seconds < 1
    assert row.memory_bytes is not None
    assert row.memory_bytes > 0
    assert (row.batch_size, row.memory, row.reason) == (8, ON_CPU, "")


@pytest.mark.parametrize("system", ["clip", "linear-probe", "gda-clip"])
def test_one_that_does_not_says_so(system: str):
    row = timed(system)
    assert (row.seconds, row.memory_bytes, row.reason) == (None, None, NO_GRADIENT)


def test_a_prompt_learner_without_its_text_tower_says_so():
    assert "text tower" in timed("coop").reason


def test_more_pictures_take_more_memory():
    small, large = (timed("clip-adapter", size).memory_bytes for size in (4, 32))
    assert small is not None
    assert large is not None
    assert large > 2 * small


def test_a_batch_may_be_larger_than_the_shots():
    assert timed("rla", 32).seconds is not None


def test_no_hook_is_left_behind():
    timed("llu")
    weight = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(20):
        weight.grad = torch.ones(2)
        optimizer.step()
    assert weight[0].item() == pytest.approx(-1.0)


def test_live_bytes_counts_what_is_alive_at_once():
    before = torch.ones(1000)
    with LiveBytes() as live:
        twice = before * 2
        assert live.now == 4000
        view = twice.reshape(10, 100)
        assert live.now == 4000
        total = (twice + before).sum()
        assert live.now == 4004
        assert live.peak == 8004
        del twice, view, total
        assert live.now == 0


def test_the_backward_pass_counts():
    weight = torch.ones(500, 500, requires_grad=True)
    with LiveBytes() as live:
        (weight @ weight).sum().backward()
    assert live.peak >= 2_000_000


def test_timing_knows_every_system_that_takes_pictures_one_by_one():
    from llu_core.evaluation import timing

    assert set(SYSTEMS) >= timing._ONE_BY_ONE
