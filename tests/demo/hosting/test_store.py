"""Where sessions live between events: apart from each other, and bounded."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from demo.hosting.maps.maps import Maps
from demo.hosting.store import Bounds, SessionStore
from demo.session import draft as drafts
from demo.session import edits
from demo.session.draft import StoredPicture, with_rejected
from demo.session.session import Session
from demo.session.training import set_mask
from llu_core.data.fewshot import Rejected
from llu_core.data.pictures import Picture
from llu_core.errors import LluError
from support.demo_sessions import in_threads
from support.drawers import InProcess


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


def with_picture(session: Session, size: int):
    """A session of its own with one picture of so many bytes."""
    picture = Picture("a", 0, StoredPicture(bytes(size), NO_PIXELS))
    draft = replace(session.draft, class_names=("cat",), train=(picture,))
    return replace(session, draft=draft)


@pytest.fixture
def example(trained):
    """A session that holds what came with an example, and nothing of the visitor's own."""
    return replace(trained, history=(), preset="shapes", given=trained.model.trained)


def put(store: SessionStore, visitor: str, session, address: str | None = None) -> None:
    store.update(visitor, lambda _: session, address=address)


def test_visitors_do_not_see_each_other(session, zipped):
    store = SessionStore(lambda: session)
    put(store, "ada", zipped)
    assert store.get("ada") is zipped
    assert store.get("ben") is session
    store.drop("ada")
    assert store.get("ada") is session


def test_the_store_is_bounded_by_the_memory_that_it_holds(session):
    store, own = SessionStore(lambda: session, Bounds(bytes=15_000)), with_picture(session, 10_000)
    put(store, "ada", own)
    with pytest.raises(LluError, match="this app is full: 1 other visitors"):
        put(store, "ben", with_picture(session, 10_000))
    assert store.get("ada") is own, "nobody's set is dropped for another's"
    assert store.get("ben") is session
    assert store.held_bytes == own.held_bytes


def test_who_holds_much_may_still_make_it_less(session):
    store = SessionStore(lambda: session, Bounds(bytes=1_000_000))
    put(store, "ada", with_picture(session, 900_000))
    with pytest.raises(LluError, match="this app is full"):
        put(store, "ada", with_picture(session, 2_000_000))
    put(store, "ada", with_picture(session, 800_000))
    assert store.held_bytes < 900_000


def test_what_sessions_share_counts_once_and_is_freed_with_the_last(session: Session):
    store, shared = SessionStore(lambda: session), with_picture(session, 1000)
    for visitor in ("ada", "ben"):
        put(store, visitor, replace(shared, beta=0.1))
    assert store.held_bytes == shared.held_bytes
    store.drop("ada")
    assert store.held_bytes == shared.held_bytes
    store.drop("ben")
    assert store.held_bytes == 0


def test_all_that_a_session_holds_is_counted(session, trained):
    store = SessionStore(lambda: session)
    put(store, "ada", trained)
    sweep = trained.model.sweep
    assert store.held_bytes > trained.stored_bytes + sweep.uu.nbytes + trained.model.shots.train.embeddings.nbytes
    store.drop("ada")
    assert store.held_bytes == 0
    rejected = replace(session, draft=with_rejected(session.draft, [Rejected("n" * 50_000, "r" * 50_000)]))
    assert rejected.held_bytes > 100_000, "names too"


def test_the_example_as_it_came_is_not_kept(example):
    store = SessionStore(lambda: example)
    put(store, "ada", Maps(InProcess()).draw(example))
    assert (len(store), store.held_bytes) == (0, 0)
    put(store, "ada", set_mask(example, 0.1, 2.0))
    assert store.get("ada").beta == 0.1


def test_sessions_that_are_nobodys_work_go_first_and_then_newcomers_are_refused(example, zipped):
    store = SessionStore(lambda: example, Bounds(sessions=2))
    put(store, "ada", zipped)
    put(store, "ben", set_mask(example, 0.1, 2.0))
    put(store, "cyd", zipped)
    with pytest.raises(LluError, match="reload the page"):
        store.get("ben")
    for number in range(64):
        with pytest.raises(LluError, match="this app is full: 2 other visitors"):
            put(store, f"made up {number}", zipped)
    assert store.get("ada") is store.get("cyd") is zipped


def test_one_address_has_its_share_only(session):
    store = SessionStore(lambda: session, Bounds(sessions=4, bytes=100_000, address_percent=50))
    for visitor in ("ada", "ben"):
        put(store, visitor, with_picture(session, 1000), "1.1.1.1")
    with pytest.raises(LluError, match="your address has its share"):
        put(store, "cyd", with_picture(session, 1000), "1.1.1.1")
    with pytest.raises(LluError, match="your address has its share"):
        put(store, "ada", with_picture(session, 60_000), "1.1.1.1")
    put(store, "cyd", with_picture(session, 1000), "2.2.2.2")
    assert len(store) == 3


def test_what_was_left_alone_for_long_is_dropped_even_when_nobody_comes(session: Session, zipped: Session):
    clock = Clock()
    store = SessionStore(lambda: session, Bounds(seconds=60), clock=clock)
    put(store, "ada", zipped)
    clock.now = 59
    store.forget_old()
    assert len(store) == 1
    clock.now = 61
    store.forget_old()
    assert len(store) == 0
    assert store.held_bytes == 0


def test_two_changes_at_once_both_arrive(session):
    store, both_in = SessionStore(lambda: session), threading.Barrier(2, timeout=30)

    def add(name: str) -> None:
        both_in.wait()
        for number in range(20):
            called = f"{name} {number}"
            store.update("ada", lambda now, called=called: edits.edit(now, "add", drafts.add_class, called))

    in_threads(lambda: add("cat"), lambda: add("dog"))
    assert len(store.get("ada").draft.class_names) == 40


def test_a_closed_page_gets_nothing_back(session, zipped):
    store = SessionStore(lambda: session)
    put(store, "ada", zipped)

    def slow(_):
        store.drop("ada")  # while it works
        return replace(zipped, beta=0.9)

    with pytest.raises(LluError, match="this page was closed"):
        store.update("ada", slow)
    with pytest.raises(LluError, match="this page was closed"):
        put(store, "ada", zipped)
    assert len(store) == 0
