"""The app with nobody there."""

from gradio.queueing import Queue

from demo.page.wiring import LOOK_SECONDS


def test_gradio_still_looks_for_calls_as_often_as_it_is_told():
    assert LOOK_SECONDS >= 0.01
    assert "sleep_when_free" in Queue.start_processing.__code__.co_names
