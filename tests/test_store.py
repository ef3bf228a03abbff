"""Where sessions live between events: apart from each other, and bounded."""

from demo.store import SessionStore


def test_visitors_do_not_see_each_other(session, zipped):
    store = SessionStore(session)
    store.put("ada", zipped)
    assert store.get("ada") is zipped
    assert store.get("ben") is session
    store.drop("ada")
    assert store.get("ada") is session


def test_the_store_is_bounded_by_the_memory_that_pictures_take(session, zipped):
    store = SessionStore(session, max_bytes=zipped.stored_bytes + 1)
    store.put("ada", zipped)
    store.put("ben", zipped)
    assert store.get("ada") is session
    assert store.get("ben") is zipped


def test_the_store_forgets_the_oldest_visitor_first(session, zipped):
    store = SessionStore(session, capacity=2)
    for visitor in ("ada", "ben", "cyd"):
        store.put(visitor, zipped)
    assert store.get("ada") is session
    assert store.get("cyd") is zipped
