"""Which of the trained sets at hand can act together: the one on the page, and those on the shelf that fit it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from demo.session.model import Model
from demo.session.session import Session
from demo.session.shelf.shelf import Mask
from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.saved import TrainedComposition

OWN = ""
"""The name by which a call means the set on the page."""
MOST_NUMBERS = 3_000_000
"""So many scores, 12 MB, are sent to the page for its own formula at most."""


@dataclass(frozen=True, eq=False)
class Member:
    """A trained set. name: by which a call means it; title: what people call it, no two alike; mask: beta and gamma;
    why: what keeps it from acting, in a few words, "" where it can."""

    name: str
    title: str
    model: Model
    mask: Mask
    why: str = ""


def members(session: Session) -> tuple[Member, ...]:
    """The set on the page, where it is trained, then the shelf's others; all of them rest where there is none."""
    shelf, model = session.shelf, session.model
    if model is None:
        why = "no set on the page is trained"
        return tuple(Member(each.name, each.name, each.model, session.mask_of(each), why) for each in shelf.entries)
    kept = shelf.entry_of(model)
    title = kept.name if kept else shelf.free_name(session.preset or model.shots.name)
    found = [Member(kept.name if kept else OWN, title, model, (session.beta, session.gamma))]
    for each in shelf.entries:
        if each is not kept:
            why = why_apart(session, [one.model for one in found if not one.why], each.model)
            found.append(Member(each.name, each.name, each.model, session.mask_of(each), why))
    return tuple(found)


def acting(session: Session) -> tuple[Member, ...]:
    """Those of `members` that can act, switched on or not."""
    return tuple(each for each in members(session) if not each.why)


def switched_on(session: Session) -> tuple[Member, ...]:
    """Those that the visitor lets act; a set that is alone has no switch."""
    able = acting(session)
    return able if len(able) < 2 else tuple(each for each in able if each.name not in session.resting)


def masks_of(session: Session) -> tuple[Mask, ...]:
    """Beta and gamma of every set that can act."""
    return tuple(each.mask for each in acting(session))


def why_apart(session: Session, models: Sequence[Model], other: Model) -> str:
    """What keeps a set from acting together with others, the first of which is on the page; "" if nothing does."""
    try:
        TrainedComposition.of({"page": models[0].trained, "shelf": other.trained})
    except LluError:
        return "it was read by another model than the set on the page"
    if len(models) > session.limits.sets:
        return f"{session.limits.sets} sets beside the one on the page act at once"
    sets = [*(each.shots for each in models), other.shots]
    classes = len({name for each in sets for name in each.class_names})
    if classes > session.limits.classes:
        return f"together that would be {classes:,} classes, and the page takes {session.limits.classes:,}"
    if numbers_of(sets, classes) > MOST_NUMBERS:
        return "together the sets have too many pictures and classes for the page"
    return ""


def numbers_of(sets: Sequence[FewShotSet], classes: int) -> int:
    """How many scores the page's formula takes for all pictures of some sets and so many classes."""
    return sum(len(each.train) + len(each.test) for each in sets) * classes * (len(sets) + 1) ** 2


def answering(session: Session) -> TrainedAdapter | TrainedComposition:
    """What answers at the page's setting: the sets that are switched on and can act, or the one of them that is; where
    none is, the one on the page without strength. Raises LluError where no set on the page is trained."""
    own = session.require_model()
    sets = {each.title: _asked(session, each.model, each.mask) for each in switched_on(session)}
    if len(sets) > 1:
        return TrainedComposition.of(sets)
    return next(iter(sets.values())) if sets else _asked(session, own, (0.0, session.gamma))


def _asked(session: Session, model: Model, mask: Mask) -> TrainedAdapter:
    """An adapter with that mask, and its statistics if they count."""
    trained, (beta, gamma) = (model if session.statistics else model.without_statistics()).trained, mask
    return replace(trained, adapter=trained.adapter.with_mask(beta=beta, gamma=gamma))
