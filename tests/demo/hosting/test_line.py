"""The line before long work: bounded, in order, one turn a visitor, called off on request."""

import json
import threading
from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest

from demo.hosting import line as rooms
from demo.hosting.encoders import EncoderShelf
from demo.hosting.examples import Examples
from demo.hosting.line import Cancelled, WorkRoom
from demo.hosting.store import SessionStore
from demo.page.actions import Actions
from demo.session.session import Session
from demo.settings import Limits
from llu_core.errors import LluError


def test_turns_come_in_order_and_know_their_place():
    room = WorkRoom(waiting=5)
    with room.turn("ada") as first:
        with room.turn("ben") as second, room.turn("cyd") as third:
            assert [turn.ahead() for turn in (first, second, third)] == [0, 1, 2]
        assert len(room) == 1
    assert len(room) == 0


def test_a_double_click_starts_once():
    room = WorkRoom(waiting=5)
    with room.turn("ada"):
        with pytest.raises(LluError, match="still under way"), room.turn("ada"):
            pass
        assert len(room) == 1
    with room.turn("ada"):
        pass


def test_the_line_is_bounded():
    room = WorkRoom(waiting=2)
    with ExitStack() as turns:
        for visitor in "abc":
            turns.enter_context(room.turn(visitor))
        with pytest.raises(LluError, match="try again in a minute"), room.turn("d"):
            pass


def test_work_is_called_off_while_it_waits_and_while_it_runs():
    room = WorkRoom(waiting=2)
    with room.turn("ada") as running, room.turn("ben") as waiting:
        assert room.cancel("ben")
        with pytest.raises(Cancelled):
            waiting.ahead(1.0)
        running.check()
        assert room.cancel("ada")
        with pytest.raises(Cancelled, match="nothing has changed"):
            running.check()
    assert not room.cancel("ada")


def test_the_next_one_is_woken_when_a_turn_ends():
    room, entered, order = WorkRoom(waiting=2), threading.Event(), []

    def second() -> None:
        with room.turn("ben") as turn:
            entered.set()
            while turn.ahead(30.0):
                pass
            order.append("ben")

    with room.turn("ada"):
        thread = threading.Thread(target=second)
        thread.start()
        assert entered.wait(30)
        order.append("ada")
    thread.join(30)
    assert order == ["ada", "ben"]


def test_a_turn_without_a_sign_of_life_does_not_block_the_others(monkeypatch):
    room = WorkRoom(waiting=2)
    with room.turn("dead") as dead, room.turn("ben") as next_one:
        dead.alive -= rooms.ABANDONED_SECONDS + 1
        assert next_one.ahead() == 0
        with pytest.raises(Cancelled):
            dead.check()


def test_a_closed_room_lets_nobody_in_and_sends_the_waiting_away():
    room = WorkRoom(waiting=2)
    with room.turn("ada") as running, room.turn("ben") as waiting:
        room.close(0.0)
        running.check()
        with pytest.raises(Cancelled):
            waiting.check()
        with pytest.raises(LluError, match="about to stop"), room.turn("cyd"):
            pass


def test_tuning_and_comparison_tell_their_place_in_line(trained: Session):
    room, examples = WorkRoom(waiting=5), Examples(trained.encoder, "toy", limits=Limits())
    ben, cyd = (SimpleNamespace(session_hash=name) for name in ("ben", "cyd"))
    shelf, store = EncoderShelf("toy", trained.encoder), SessionStore(lambda: trained)
    with (
        closing(Actions(store, shelf, examples, room)) as actions,
        room.turn("ada"),
        closing(actions.choose_mask(ben)) as tuning,
        closing(actions.compare(1, cyd)) as comparison,
    ):
        assert "Waiting: 1 training before yours." in next(tuning)[0]
        assert json.loads(next(comparison))["waiting"] == "Waiting: 2 trainings before yours."
