"""Where sessions live between two events: by visitor, bounded, forgotten when the page closes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from demo.session.session import Session
from llu_core.errors import LluError

MAX_NAMES = 10_000
"""So many visitors who have gone are known to have been here before."""

_DROPPED = (
    "your set was dropped, because the page was left alone for long or too many visitors came; "
    "reload the page to start again"
)
_CLOSED = "this page was closed or lost its connection, so its set is gone; reload the page to start again"


@dataclass(frozen=True)
class Bounds:
    """What the store holds at most: sessions, bytes, and seconds for which a session may lie unused.

    address_percent: how much of sessions and bytes those of one address may take.
    """

    sessions: int = 64
    bytes: int = 1 << 30
    seconds: float = 3600.0
    address_percent: int = 100

    def share(self, of: int) -> int:
        return max(1, of * self.address_percent // 100)


@dataclass(frozen=True, eq=False)
class _Kept:
    """A session, when it was used last, and from which address; the address is None where it is unknown."""

    used: float
    session: Session
    address: str | None


class SessionStore:
    """Sessions by visitor; every change of one is made in one piece, and a session is dropped when its page closes.

    The page holds only an id: sessions carry tensors, which must neither be copied with every event nor be shared.
    What several sessions share, such as a trained example, counts once. Where it is full, sessions that are nobody's
    work make room, and then newcomers are refused: nobody's work is dropped for another's. first: what a new visitor
    gets; it is asked for when one comes, may take its time then, and is not kept before it is changed.
    """

    def __init__(
        self,
        first: Callable[[], Session],
        bounds: Bounds = Bounds(),
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._first, self._bounds, self._clock = first, bounds, clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._holders: dict[int, int] = {}
        self._bytes = 0
        self._gone: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()
        self._changing: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def get(self, visitor: str) -> Session:
        """The visitor's session; a new visitor gets the trained example. Raises LluError for one that was dropped."""
        with self._lock:
            self._forget_old()
            if self._gone.get(visitor) == _DROPPED:
                raise LluError(_DROPPED)
            if kept := self._kept.get(visitor):
                self._kept[visitor] = _Kept(self._clock(), kept.session, kept.address)
                self._kept.move_to_end(visitor)
                return kept.session
        return self._first()  # nobody else need wait for it

    def kept(self, visitor: str) -> Session | None:
        """What is kept for the visitor, which counts as no use of it; None where nothing was changed or kept yet."""
        kept = self._kept.get(visitor)
        return None if kept is None else kept.session

    def update(self, visitor: str, change: Callable[[Session], Session], *, address: str | None = None) -> Session:
        """Keep what `change` makes of the visitor's session as it is then, and return it, all in one piece.

        `change` must be quick: what takes long is done before and only joined to the session here. Raises LluError if
        `change` does, if the page was closed, and if there is no room; then the session is as before.
        """
        with self._lock:
            self._require_open(visitor)
            changing = self._changing.setdefault(visitor, threading.Lock())
        with changing:
            before = self.get(visitor)
            after = change(before)
            if after is before:
                return before
            if any(new is not old for new, old in zip(after.holdings, before.holdings, strict=True)):
                after = after.within_memory(before)
            after.pieces  # noqa: B018 - counted here, and not where all visitors would wait
            with self._lock:
                self._require_open(visitor)
                if visitor in self._kept or not after.is_still(before):
                    self._keep(visitor, _Kept(self._clock(), after, address))
        return after

    def drop(self, visitor: str) -> None:
        """The page was closed: nothing of it is kept, and what still works for it finds no place to keep anything."""
        with self._lock:
            self._remove(visitor)
            self._note_gone(visitor, _CLOSED)

    def forget_old(self) -> None:
        """Drop what was left alone for long, also while nobody comes."""
        with self._lock:
            self._forget_old()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def held_bytes(self) -> int:
        """Memory of all that the sessions hold."""
        return self._bytes

    def _require_open(self, visitor: str) -> None:
        if reason := self._gone.get(visitor):
            raise LluError(reason)

    def _keep(self, visitor: str, new: _Kept) -> None:
        """Put a session in the place of the visitor's last one, if there is room for it."""
        self._forget_old()
        old = self._kept.get(visitor)
        if old is None or old.session.untouched or new.session.held_bytes > old.session.held_bytes:
            self._require_share(visitor, new)
        self._make_room(visitor, new.session)
        self._hold(new.session)
        self._remove(visitor)
        self._kept[visitor] = new

    def _require_share(self, visitor: str, new: _Kept) -> None:
        """Raise LluError if the address of a session has its share without it."""
        if new.address is None or new.session.untouched:
            return
        others = [
            kept.session
            for other, kept in self._kept.items()
            if other != visitor and kept.address == new.address and not kept.session.untouched
        ]
        taken = sum(session.held_bytes for session in others) + new.session.held_bytes
        if len(others) >= self._bounds.share(self._bounds.sessions) or taken > self._bounds.share(self._bounds.bytes):
            raise LluError(
                f"your address has its share of this app's memory with {len(others):,} other open sets; close a page "
                "with one, or try again later"
            )

    def _make_room(self, visitor: str, new: Session) -> None:
        """Drop other sessions that are nobody's work, longest unused first, until `new` fits; else raise LluError."""
        others = [(other, kept) for other, kept in self._kept.items() if other != visitor]
        idle = [other for other, kept in others if kept.session.untouched]
        while not self._fits(visitor, new):
            if not idle:
                raise LluError(
                    f"this app is full: {len(others):,} other visitors have sets here; yours is as it was, try again "
                    "in a few minutes"
                )
            self._remove(idle[0])
            self._note_gone(idle.pop(0), _DROPPED)

    def _fits(self, visitor: str, new: Session) -> bool:
        growth = sum(size for piece, size in new.pieces.items() if piece not in self._holders)
        if old := self._kept.get(visitor):
            mine = old.session.pieces
            growth -= sum(size for piece, size in mine.items() if piece not in new.pieces and self._holders[piece] == 1)
        room = self._bounds.sessions - len(self._kept) + (visitor in self._kept)
        return room > 0 and (growth <= 0 or self._bytes + growth <= self._bounds.bytes)

    def _hold(self, session: Session) -> None:
        for piece, size in session.pieces.items():
            self._holders[piece] = self._holders.get(piece, 0) + 1
            self._bytes += size * (self._holders[piece] == 1)

    def _remove(self, visitor: str) -> None:
        if visitor not in self._kept:
            return
        for piece, size in self._kept.pop(visitor).session.pieces.items():
            self._holders[piece] -= 1
            if not self._holders[piece]:
                del self._holders[piece]
                self._bytes -= size

    def _note_gone(self, visitor: str, reason: str) -> None:
        self._gone[visitor] = reason
        while len(self._gone) > MAX_NAMES:
            self._gone.popitem(last=False)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._kept:
            visitor, kept = next(iter(self._kept.items()))
            if now - kept.used <= self._bounds.seconds:
                return
            self._remove(visitor)
            self._note_gone(visitor, _DROPPED)
