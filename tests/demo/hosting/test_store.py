"""Where sessions live between events: apart from each other, and bounded."""

from dataclasses import replace

import pytest

from demo.hosting.store import SessionStore
from demo.session.draft import StoredPicture
from demo.session.session import Session
from llu_core.data.pictures import Picture
from llu_core.errors import LluError


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def with_picture(session: Session, size: int):
    """A session of its own with one picture of so many bytes."""
    draft = replace(session.draft, class_names=("cat",), train=(Picture("a", 0, StoredPicture(bytes(size))),))
    return replace(session, draft=draft)


def test_visitors_do_not_see_each_other(session: Session, zipped: Session):
    store = SessionStore(lambda: session)
    store.put("ada", zipped)
    assert store.get("ada") is zipped
    assert store.get("ben") is session
    store.drop("ada")
    assert store.get("ada") is session


def test_the_store_is_bounded_by_the_memory_that_it_holds(session: Session):
    store = SessionStore(lambda: session, max_bytes=1500)
    store.put("ada", with_picture(session, 1000))
    store.put("ben", with_picture(session, 1000))
    with pytest.raises(LluError, match="reload the page"):
        store.get("ada")
    assert store.get("ben") is not session
    assert store.held_bytes == 1000


def test_what_sessions_share_counts_once_and_is_freed_with_the_last(session: Session):
    store, shared = SessionStore(lambda: session), with_picture(session, 1000)
    for visitor in ("ada", "ben"):
        store.put(visitor, replace(shared, beta=0.1))
    assert store.held_bytes == 1000
    store.drop("ada")
    assert store.held_bytes == 1000
    store.put("ben", session)
    assert store.held_bytes == 0


def test_a_trained_session_counts_its_tensors(session: Session, trained: Session):
    assert trained.model is not None
    store = SessionStore(lambda: session)
    store.put("ada", trained)
    sweep = trained.model.sweep
    assert store.held_bytes > trained.stored_bytes + sweep.uu.nbytes + trained.model.shots.train.embeddings.nbytes
    store.drop("ada")
    assert store.held_bytes == 0


def test_the_store_forgets_the_oldest_visitor_first(session: Session, zipped: Session):
    store = SessionStore(lambda: session, capacity=2)
    for visitor in ("ada", "ben", "cyd"):
        store.put(visitor, zipped)
    with pytest.raises(LluError, match="dropped"):
        store.get("ada")
    assert store.get("cyd") is zipped


def test_what_was_left_alone_for_long_is_dropped_even_when_nobody_comes(session: Session, zipped: Session):
    clock = Clock()
    store = SessionStore(lambda: session, seconds=60, clock=clock)
    store.put("ada", zipped)
    clock.now = 59
    store.forget_old()
    assert len(store) == 1
    clock.now = 61
    store.forget_old()
    assert len(store) == 0
    assert store.held_bytes == 0
