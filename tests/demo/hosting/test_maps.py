"""The process that draws maps: its answers are UMAP's, it goes when it is not needed, and its end harms nobody."""

import sys
import threading
import time
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest

from demo.hosting.maps.drawer import IDLE_SECONDS, Drawer
from demo.hosting.maps.maps import Maps
from demo.hosting.maps.wire import receive, send
from demo.session.projection import project_umap
from demo.session.session import Session
from support.drawers import InProcess
from support.synthetic import unit_rows

ROWS = unit_rows(40, 8).numpy()
SLOW = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(1); sys.stdin.buffer.read()")
GONE = (sys.executable, "-c", "raise SystemExit(3)")


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def drawer(now: list[float]) -> Iterator[Drawer]:
    drawer = Drawer(clock=lambda: now[0])
    yield drawer
    drawer.close()


def test_what_is_sent_is_received():
    pipe = BytesIO()
    send(ROWS, pipe)
    send(np.empty((0, 2)), pipe)
    pipe.seek(0)
    rows, empty, gone = (receive(pipe) for _ in range(3))
    assert rows is not None
    assert empty is not None
    assert np.array_equal(rows, ROWS)
    assert (empty.shape, gone) == ((0, 2), None)


def test_the_process_draws_what_umap_draws_and_goes_when_it_is_not_needed(drawer: Drawer, now: list[float]):
    points = drawer.draw(ROWS)
    assert points is not None
    np.testing.assert_allclose(points, project_umap(ROWS).points, atol=1e-3)
    process = drawer._process
    assert process is not None
    assert drawer.draw(unit_rows(1, 8).repeat(30, 1).numpy()) is None, "all the same: PCA is as good"
    drawer.forget_old()
    assert process.poll() is None
    now[0] += IDLE_SECONDS + 1
    drawer.forget_old()
    assert process.poll() is not None


def test_too_few_points_start_no_process(drawer: Drawer):
    assert drawer.draw(ROWS[:9]) is None
    assert drawer._process is None


@pytest.mark.parametrize("command", [GONE, ("/no/such/program",)])
def test_a_process_that_fails_leaves_the_map_as_it_is(command: tuple[str, ...], trained: Session):
    drawer = Drawer(command)
    assert Maps(drawer).draw(trained) is trained
    assert drawer._process is None


def test_the_end_of_the_app_ends_a_map_that_is_being_drawn():
    drawer, drawn = Drawer(SLOW), list[object]()
    thread = threading.Thread(target=lambda: drawn.append(drawer.draw(ROWS)))
    thread.start()
    while drawer._process is None:
        time.sleep(0.01)
    drawer.close()
    thread.join(60)
    assert drawn == [None]
    assert drawer.draw(ROWS) is None, "and no other process is started"


def test_umap_moves_the_same_model(trained: Session):
    maps, before = Maps(InProcess()), trained.require_model()
    after = maps.draw(trained).require_model()
    assert (after.id, after.projection.name) == (before.id, "UMAP")
    assert after.projection.points.shape == before.projection.points.shape
    assert maps.known(trained).require_model().projection is after.projection


def test_a_map_that_nobody_wants_any_more_is_not_drawn(trained: Session):
    maps = Maps(InProcess())
    assert maps.draw(trained, wanted=lambda: False) is trained
