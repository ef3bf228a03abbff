"""The line before long work: bounded, in order, one turn a visitor, called off on request."""

import json
import threading
from contextlib import ExitStack, closing

import gradio as gr
import pytest
import torch

from demo.hosting.encoders import SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.host import Host
from demo.hosting.line import (
    ABANDONED_SECONDS,
    PATIENCE_SECONDS,
    SHORT_SECONDS,
    SLICE_SECONDS,
    Cancelled,
    Line,
    Overdue,
    Turn,
)
from demo.hosting.store import SessionStore
from demo.page.long_work import LongWork
from demo.session.session import Session
from demo.settings import Limits
from llu_core.errors import LluError


def test_turns_come_in_order_and_know_their_place():
    line = Line(waiting=5)
    with line.turn("ada") as first:
        with line.turn("ben") as second, line.turn("cyd") as third:
            assert [turn.ahead() for turn in (first, second, third)] == [0, 1, 2]
        assert len(line) == 1
    assert len(line) == 0


def test_a_double_click_starts_once():
    line = Line(waiting=5)
    with line.turn("ada"):
        with pytest.raises(LluError, match="still under way"), line.turn("ada"):
            pass
        assert len(line) == 1
    with line.turn("ada"):
        pass


def test_the_line_is_bounded():
    line = Line(waiting=2)
    with ExitStack() as turns:
        for visitor in "abc":
            turns.enter_context(line.turn(visitor))
        with pytest.raises(LluError, match="try again in a minute"), line.turn("d"):
            pass


def test_work_is_called_off_while_it_waits_and_while_it_runs():
    line = Line(waiting=2)
    with line.turn("ada") as running, line.turn("ben") as waiting:
        assert line.cancel("ben")
        with pytest.raises(Cancelled):
            waiting.ahead(1.0)
        running.check()
        assert line.cancel("ada")
        with pytest.raises(Cancelled, match="nothing has changed"):
            running.check()
    assert not line.cancel("ada")


def test_the_next_one_is_woken_when_a_turn_ends():
    line, entered, order = Line(waiting=2), threading.Event(), []

    def second() -> None:
        with line.turn("ben") as turn:
            entered.set()
            while turn.ahead(30.0):
                pass
            order.append("ben")

    with line.turn("ada"):
        thread = threading.Thread(target=second)
        thread.start()
        assert entered.wait(30)
        order.append("ada")
    thread.join(30)
    assert order == ["ada", "ben"]


def test_a_turn_without_a_sign_of_life_does_not_block_the_others(monkeypatch: pytest.MonkeyPatch):
    line = Line(waiting=2)
    with line.turn("dead") as dead, line.turn("ben") as next_one:
        dead.alive -= ABANDONED_SECONDS + 1
        assert next_one.ahead() == 0
        with pytest.raises(Cancelled):
            dead.check()


def test_work_without_steps_is_called_off_between_two_operations():
    line = Line(waiting=2)
    with line.turn("ada") as turn, turn.watched():
        line.cancel("ada")
        with pytest.raises(Cancelled):
            torch.ones(1)


def test_steps_are_watched_and_their_result_is_theirs():
    line, steps = Line(waiting=2), []

    def work():
        yield "begun"
        torch.ones(1)
        yield "gone on"

    with line.turn("ada") as turn:
        steps += turn.each(work())
    assert steps == ["begun", "gone on"]
    with line.turn("ada") as turn:
        again = turn.each(work())
        assert next(again) == "begun"
        line.cancel("ada")
        with pytest.raises(Cancelled):
            next(again)


def test_a_turn_takes_so_long_and_no_longer():
    line = Line(waiting=2, seconds=120)
    with line.turn("ada") as turn:
        assert turn.ahead() == 0
        turn.check()
        assert turn.since is not None
        turn.since -= 121
        with pytest.raises(Overdue, match="longer than 2 minutes and was ended"):
            turn.check()


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def clocked(now: list[float]) -> Line:
    return Line(waiting=9, clock=lambda: now[0])


def test_short_work_goes_before_long_work_in_the_order_in_which_it_came(clocked: Line):
    with ExitStack() as turns:
        come = [turns.enter_context(clocked.turn(name, long=name.isupper())) for name in "ABcd"]
        assert [turn.ahead() for turn in come] == [2, 3, 0, 1]


def test_long_work_that_has_waited_enough_goes_first_and_one_after_the_other(clocked: Line, now: list[float]):
    with ExitStack() as turns:
        first, second = (turns.enter_context(clocked.turn(name, long=True)) for name in "AB")
        now[0] += PATIENCE_SECONDS
        short = turns.enter_context(clocked.turn("c"))
        assert [turn.ahead() for turn in (first, short, second)] == [0, 1, 2]


def working(turn: Turn, order: list[str], begun: threading.Event, until: threading.Event) -> None:
    """Work in steps that give way, until told to end."""
    while turn.ahead(30.0):
        pass
    begun.set()
    while not until.is_set():
        turn.give_way()
    order.append(turn.visitor)


@pytest.mark.parametrize("known", [True, False])
def test_long_work_gives_way_to_short_work_whether_it_was_known_to_be_long_or_turns_out_so(
    clocked: Line, now: list[float], known: bool
):
    order, begun, over = list[str](), threading.Event(), threading.Event()
    with clocked.turn("long", long=known) as long:
        thread = threading.Thread(target=working, args=(long, order, begun, over))
        thread.start()
        assert begun.wait(30)
        with clocked.turn("short") as short:
            assert short.ahead() == 1
            now[0] += SLICE_SECONDS + SHORT_SECONDS
            while short.ahead(1.0):
                pass
            over.set()
            order.append("short")
        thread.join(30)
    assert order == ["short", "long"]
    assert long.worked == SLICE_SECONDS + SHORT_SECONDS


def test_long_work_goes_on_where_short_work_never_ends(clocked: Line, now: list[float]):
    with clocked.turn("long", long=True) as long:
        assert long.ahead() == 0
        with clocked.turn("one") as one, clocked.turn("two") as two:
            long.rest()
            assert one.ahead() == 0
            now[0] += PATIENCE_SECONDS
            assert [turn.ahead() for turn in (one, long, two)] == [0, 1, 2]


def test_two_long_works_take_no_memory_at_once(clocked: Line, now: list[float]):
    with clocked.turn("A", long=True) as begun, clocked.turn("B", long=True) as other:
        begun.worked = 5.0
        now[0] += PATIENCE_SECONDS
        begun.rested = now[0]
        assert [turn.ahead() for turn in (begun, other)] == [0, 1]


def test_what_gives_way_can_be_called_off_meanwhile(clocked: Line, now: list[float]):
    ended, begun = list[type](), threading.Event()

    def work(turn: Turn) -> None:
        try:
            working(turn, [], begun, threading.Event())
        except Cancelled as cancelled:
            ended.append(type(cancelled))

    with clocked.turn("long", long=True) as long, clocked.turn("short") as short:
        while short.ahead():
            pass
        with clocked.turn("waits"):
            pass
        thread = threading.Thread(target=work, args=(long,))
        thread.start()
        clocked.cancel("long")
        thread.join(30)
    assert ended == [Cancelled]


def test_a_closed_line_lets_nobody_in_and_sends_the_waiting_away():
    line = Line(waiting=2)
    with line.turn("ada") as running, line.turn("ben") as waiting:
        assert running.ahead() == 0
        line.close(0.0)
        running.check()
        line.call_off()
        with pytest.raises(Cancelled):
            running.check()
        with pytest.raises(Cancelled):
            waiting.check()
        with pytest.raises(LluError, match="about to stop"), line.turn("cyd"):
            pass


def test_tuning_and_comparison_tell_their_place_in_line(trained: Session):
    encoders, examples = SharedEncoders({"toy": trained.encoder}), Examples(trained.encoder, "toy", limits=Limits())
    ben, cyd = (gr.Request(session_hash=name) for name in ("ben", "cyd"))
    with closing(Host(SessionStore(lambda: trained), encoders, examples, Line(waiting=5))) as host:
        work = LongWork(host)
        with (
            host.line.turn("ada"),
            closing(work.choose_mask(ben)) as tuning,
            closing(work.compare(1, cyd)) as comparison,
        ):
            assert "Waiting: 1 training before yours." in next(tuning)[0]
            assert json.loads(next(comparison))["waiting"] == "Waiting: 2 trainings before yours."
