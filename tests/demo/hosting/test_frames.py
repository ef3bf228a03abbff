"""Whose live frame is answered: nobody floods, nobody waits for long."""

import threading
import time

import pytest

from demo.hosting.frames import WAIT_SECONDS, Busy, Frames
from support.demo_sessions import in_threads


def answer(frames: Frames, visitor: str) -> None:
    with frames.turn(visitor):
        pass


def test_a_visitor_has_so_many_frames_in_a_second():
    frames = Frames(3)
    for _ in range(3):
        answer(frames, "ada")
    with pytest.raises(Busy):
        answer(frames, "ada")
    answer(frames, "bob")


def test_one_frame_of_a_visitor_at_a_time():
    frames = Frames(10)
    with frames.turn("ada"), pytest.raises(Busy):
        answer(frames, "ada")
    answer(frames, "ada")


def test_who_waits_in_vain_is_told_and_takes_no_place():
    frames, ended = Frames(10), threading.Event()

    def slow() -> None:
        with frames.turn("ada"):
            assert ended.wait(30)

    def other() -> None:
        start = time.monotonic()
        while True:  # until ada's frame is under way
            try:
                answer(frames, "bob")
            except Busy:
                break
            time.sleep(0.1)
            assert time.monotonic() - start < 30
        ended.set()
        time.sleep(WAIT_SECONDS)
        answer(frames, "carla")

    in_threads(slow, other)


def test_a_frame_that_fails_gives_its_turn_back():
    frames = Frames(10)
    with pytest.raises(ValueError, match="broken"), frames.turn("ada"):
        raise ValueError("broken")
    answer(frames, "ada")


def test_a_visitor_who_floods_leaves_room_for_another():
    frames, answered = Frames(4), []

    def flood() -> None:
        for _ in range(2000):
            try:
                answer(frames, "ada")
                answered.append("ada")
            except Busy:
                pass

    def other() -> None:
        for _ in range(4):
            answer(frames, "bob")
            answered.append("bob")
            time.sleep(0.3)

    in_threads(flood, flood, other)
    assert answered.count("bob") == 4
