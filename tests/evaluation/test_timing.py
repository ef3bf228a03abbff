"""Timing of a training pass: found between two steps of the optimiser, memory counted tensor by tensor."""

import pytest
import torch

from llu_core.data.features import Features
from llu_core.errors import LluError
from llu_core.evaluation.protocols import Trial
from llu_core.evaluation.results import TimingRow
from llu_core.evaluation.timing.live_bytes import LiveBytes
from llu_core.evaluation.timing.passes import FAST, NO_GRADIENT, ON_CPU, PLAIN, time_pass
from llu_core.evaluation.timing.sizes import made_up_set
from llu_core.systems.registry import SYSTEMS
from support.synthetic import problem
from support.toy_encoder import ToyEncoder

SOURCE = Features.of(problem(shots=4))


def timed(system: str, batch_size: int = 8, *, fast: bool = False, source: Features = SOURCE) -> TimingRow:
    drawn = source.draw(4, 1)
    return time_pass(Trial("timing", system, 4, 1, drawn.split()[0]), batch_size, fast=fast)


def memory(row: TimingRow) -> int:
    assert row.memory_bytes is not None
    return row.memory_bytes


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


@pytest.mark.parametrize("system", ["clip-adapter", "tip-adapter-f", "wise-ft"])
def test_a_batch_is_one_pass_however_large_it_is(system: str):
    small, large = (memory(timed(system, size)) for size in (32, 1024))
    assert large > 10 * small


@pytest.mark.parametrize("fast", [False, True])
def test_llu_is_timed_against_all_classes_as_others_are(fast: bool):
    few, many = (Features.of(problem(base=classes, shots=4, width=16)) for classes in (10, 500))
    small, large = (memory(timed("llu", 1, fast=fast, source=source)) for source in (few, many))
    assert large > 500 * 16 * 4  # the class texts at least, updated
    assert large > 10 * small


def test_the_two_forms_of_llu_are_named_and_hold_what_they_train():
    plain, fast = timed("llu"), timed("llu", fast=True)
    assert [(row.method, row.form) for row in (plain, fast)] == [("llu", PLAIN), ("llu-fast", FAST)]
    width = SOURCE.problem.width
    assert plain.held_bytes is not None
    assert fast.held_bytes is not None
    assert plain.held_bytes > 2 * 2 * width * width * 4  # W of pictures and texts, and their gradients
    assert fast.held_bytes > 0


def test_a_batch_may_be_larger_than_the_shots():
    assert timed("rla", 32).seconds is not None


def test_a_made_up_set_is_as_large_as_asked_for(toy_encoder: ToyEncoder):
    made = made_up_set("random:1200", toy_encoder)
    assert (len(set(made.class_names)), made.width) == (1200, toy_encoder.width)
    assert made.shots_per_class.tolist() == [16] * 1200
    for name in ("random:", "random:1", "random:ten", "random:10001"):
        with pytest.raises(LluError, match="give a number of classes from 2 to 10,000"):
            made_up_set(name, toy_encoder)


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
        assert (live.given, live.held) == (4000, 8004)
        del twice, view, total
        assert live.now == 0
        live.forget_peak()
        assert live.peak == 0


def test_the_backward_pass_counts():
    weight = torch.ones(500, 500, requires_grad=True)
    with LiveBytes() as live:
        (weight @ weight).sum().backward()
    assert live.peak >= 2_000_000


def test_timing_knows_every_system_that_takes_pictures_one_by_one():
    from llu_core.evaluation.timing import passes

    assert set(SYSTEMS) >= passes._ONE_BY_ONE
