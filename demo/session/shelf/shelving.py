"""What a visitor does with the shelf: put sets there, take them off, switch them on and off."""

from dataclasses import replace

from demo.session.draft import clean_name
from demo.session.model import Model
from demo.session.session import Session
from demo.session.shelf.members import OWN, acting, members, why_apart
from demo.session.shelf.shelf import Shelved
from llu_core.data.fewshot import LabelledEmbeddings
from llu_core.errors import LluError


def put_on_shelf(session: Session, name: str = "") -> Session:
    """Keep the set on the page, which stays there until another one is opened; name: "" for what it is called.

    Raises LluError where there is no adapter, where the shelf has it already, and where there is no room.
    """
    model = session.require_model()
    if session.shelf.entry_of(model) is not None:
        raise LluError("the set on the page is on the shelf already; open another one to have both")
    title = clean_name(name) if name.strip() else session.preset or model.shots.name
    return _with(session, title, model)


def add_to_shelf(session: Session, name: str, model: Model) -> Session:
    """Keep a trained set that is not the one on the page, to act together with it.

    Raises LluError, saying why, where it cannot, and where it is there already.
    """
    own = session.model
    if own is None:
        raise LluError("there is no trained set on the page that another one could join; train one first")
    if session.shelf.entry_of(model) is not None or own.trained.adapter is model.trained.adapter:
        raise LluError(f"{name} is there already; choose another one")
    if why := why_apart(session, [each.model for each in acting(session)], model):
        raise LluError(f"{name} cannot join: {why}")
    return _with(session, name, model)


def _with(session: Session, name: str, model: Model) -> Session:
    entries, most = session.shelf.entries, session.limits.sets
    if len(entries) >= most:
        raise LluError(f"the shelf has {len(entries)} sets, as many as the page takes; take one off first")
    kept = model if not len(model.queries) else model.with_queries(LabelledEmbeddings.empty(model.shots.width))
    entry = Shelved(session.shelf.free_name(name), kept)
    put = session.with_shelf(f"put {entry.name} on the shelf", session.shelf.having(entry))
    if model is not session.model or OWN not in session.resting:
        return put
    return replace(put, resting=put.resting - {OWN} | {entry.name})  # it goes by another name now


def take_off_shelf(session: Session, name: str) -> Session:
    """Take a set off the shelf; the one on the page stays there. Raises LluError where there is none of that name."""
    named = [each.name for each in session.shelf.entries]
    if name not in named:
        raise LluError(f"there is no set called {name} on the shelf; it has: {', '.join(named) or 'none'}")
    return session.with_shelf(f"take {name} off the shelf", session.shelf.without(name))


def switch_set(session: Session, name: str, on: bool) -> Session:
    """Let a set act, or rest; "" is the one on the page. Nothing is retrained. Raises LluError for an unknown name."""
    found = members(session)
    # the set on the page goes by "" as well, where the shelf keeps it
    names = {each.name: each.name for each in found} | ({OWN: found[0].name} if session.model and found else {})
    if name not in names:
        raise LluError(f"there is no set called {name}; there are: {', '.join(each.title for each in found)}")
    changed = session.resting - {names[name]} if on else session.resting | {names[name]}
    return replace(session, resting=changed)


def set_resting(session: Session, names: list[str]) -> Session:
    """Let the sets of these names rest, and all others act; names that are there no more are passed over."""
    known = {each.name for each in members(session)}
    return replace(session, resting=frozenset(name for name in names if name in known))
