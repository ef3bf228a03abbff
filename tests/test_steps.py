"""Work in steps, and work one step ahead."""

import threading

import pytest

from llu_core.steps import counted, drain, one_ahead, relay


def test_draining_tells_every_step_and_returns_the_result():
    def steps():
        yield 1
        yield 2
        return "done"

    told: list[int] = []
    assert drain(steps(), told.append) == "done"
    assert told == [1, 2]


def test_relaying_hands_on_what_each_step_becomes_and_returns_the_result():
    def steps():
        yield from range(5)
        return "done"

    told: list[str] = []
    assert drain(relay(steps(), lambda step: f"step {step}" if step % 2 else None), told.append) == "done"
    assert told == ["step 1", "step 3"]


def test_an_abandoned_relay_ends_the_steps():
    ended = []

    def steps():
        try:
            yield 1
            yield 2
        finally:
            ended.append(True)

    relayed = relay(steps(), str)
    assert next(relayed) == "1"
    relayed.close()
    assert ended == [True]


def test_one_ahead_changes_neither_items_nor_order():
    assert list(one_ahead(range(5))) == [0, 1, 2, 3, 4]
    assert list(one_ahead([])) == []


def test_the_next_item_is_made_while_the_caller_has_the_one_before_and_no_further_one_is():
    made = [threading.Event() for _ in range(4)]

    def items():
        for number, event in enumerate(made):
            event.set()
            yield number

    coming = one_ahead(items())
    assert next(coming) == 0
    assert made[1].wait(10)
    assert not made[2].wait(0.05)
    coming.close()


def test_an_error_comes_where_the_item_would_have_come():
    def items():
        yield 1
        raise ValueError("broken")

    coming = one_ahead(items())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="broken"):
        next(coming)


def test_work_that_counts_is_told_while_it_goes_on_and_its_result_comes_last():
    go_on = threading.Event()

    def work(told):
        told(1, 2)
        assert go_on.wait(10)
        told(2, 2)
        return "done"

    seen, steps = [], counted(work, every=0.01)
    while (step := next(steps)) != (1, 2):
        seen.append(step)
    go_on.set()
    assert set(seen) <= {(0, 0)}
    assert drain(steps) == "done"


def test_work_that_counts_fails_as_it_would_alone_and_ends_when_nobody_waits():
    def fails(told):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        drain(counted(fails))
    ended = threading.Event()

    def endless(told):
        try:
            while True:
                told(0, 0)
        finally:
            ended.set()

    steps = counted(endless, every=0.01)
    next(steps)
    steps.close()
    assert ended.is_set()
