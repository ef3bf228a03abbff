"""What a visitor does with the shelf: put sets there, take them off, switch them on and off."""

from collections.abc import Mapping
from dataclasses import replace

from demo.session import training
from demo.session.draft import clean_name
from demo.session.model import Model
from demo.session.session import Session
from demo.session.shelf.members import OWN, Member, acting, members, why_apart
from demo.session.shelf.shelf import Mask, Shelf, Shelved, same_set
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
    return _with(session, title, model, (session.beta, session.gamma))


def add_to_shelf(session: Session, name: str, model: Model, mask: Mask | None = None) -> Session:
    """Keep a trained set that is not the one on the page, to act together with it; mask: None for its adapter's own.

    Raises LluError, saying why, where it cannot, and where it is there already, by whatever name.
    """
    own = session.model
    if own is None:
        raise LluError("there is no trained set on the page that another one could join; train one first")
    require_new(session.shelf, name, model)
    if same_set(own, model):
        raise LluError(f"{name} is the set on the page already; open another one to have both")
    if why := why_apart(session, [each.model for each in acting(session)], model):
        raise LluError(f"{name} cannot join: {why}")
    adapter = model.trained.adapter
    return _with(session, name, model, mask or (adapter.beta, adapter.gamma))


def require_new(shelf: Shelf, name: str, model: Model) -> None:
    """Raise LluError where the shelf has the update of a model already, which has `name` where it comes from."""
    kept = next((each for each in shelf.entries if same_set(each.model, model)), None)
    if kept is not None:
        called = "" if kept.name == name else f", as {kept.name}"
        raise LluError(f"{name} is on the shelf already{called}; take it off there first")


def _with(session: Session, name: str, model: Model, mask: Mask) -> Session:
    entries, most = session.shelf.entries, session.limits.sets
    if len(entries) >= most:
        raise LluError(f"the shelf has {len(entries)} sets, as many as the page takes; take one off first")
    kept = model if not len(model.queries) else model.with_queries(LabelledEmbeddings.empty(model.shots.width))
    entry = Shelved(session.shelf.free_name(name), kept, mask)
    put = session.with_shelf(f"put {entry.name} on the shelf", session.shelf.having(entry))
    moved = {each.name: session.masks[each.name] for each in entries if each.name in session.masks}
    put = replace(put, masks=moved)  # a set of that name that was there before has no say
    if model is not session.model or OWN not in session.resting:
        return put
    return replace(put, resting=put.resting - {OWN} | {entry.name})  # it goes by another name now


def take_off_shelf(session: Session, name: str) -> Session:
    """Take a set off the shelf; the one on the page stays there. Raises LluError where there is none of that name."""
    named = [each.name for each in session.shelf.entries]
    if name not in named:
        raise LluError(f"there is no set called {name} on the shelf; it has: {', '.join(named) or 'none'}")
    mask = next(each.mask for each in members(session) if each.name == name)
    kept = replace(session, shelf=session.shelf.moved(name, mask))  # for Undo
    return kept.with_shelf(f"take {name} off the shelf", kept.shelf.without(name))


def brought_along(opened: Session, before: Session, shelf: Shelf) -> Session:
    """The session `opened`, with `shelf`, in the place of `before`: every set acts there as it did, or rests."""
    left = before.with_own_mask_kept()
    now = replace(opened, shelf=shelf, resting=before.resting - {OWN}, masks=left.masks)
    kept = shelf.entry_of(opened.model)
    if kept is None:
        return now
    beta, gamma = now.mask_of(kept)
    return replace(now, beta=beta, gamma=gamma)


def switch_set(session: Session, name: str, on: bool) -> Session:
    """Let a set act, or rest; "" is the one on the page. Nothing is retrained. Raises LluError for an unknown name."""
    named = {_member(session, name).name}
    return replace(session, resting=session.resting - named if on else session.resting | named)


def _member(session: Session, name: str) -> Member:
    """The set of that name; the one on the page goes by "" as well, where the shelf keeps it."""
    found = members(session)
    names = {each.name: each for each in found} | ({OWN: found[0]} if session.model and found else {})
    if name not in names:
        raise LluError(f"there is no set called {name}; there are: {', '.join(each.title for each in found)}")
    return names[name]


def move_set(session: Session, name: str, beta: float, gamma: float) -> Session:
    """Move beta and gamma of a set; "" is the one on the page. Nothing is retrained.

    Raises LluError for an unknown name, and for what is no beta or gamma.
    """
    moved = training.set_mask(session, beta, gamma)
    named = OWN if name == OWN else _member(session, name).name
    if named == OWN or (session.model is not None and named == members(session)[0].name):
        return moved
    return replace(session, masks={**session.masks, named: (moved.beta, moved.gamma)})


def move_sets(session: Session, masks: Mapping[str, Mask]) -> Session:
    """Move sets by their names; names that are there no more are passed over."""
    for name in {each.name for each in members(session)} & masks.keys():
        session = move_set(session, name, *masks[name])
    return session


def set_resting(session: Session, names: list[str]) -> Session:
    """Let the sets of these names rest, and all others act; names that are there no more are passed over."""
    known = {each.name for each in members(session)}
    return replace(session, resting=frozenset(name for name in names if name in known))
