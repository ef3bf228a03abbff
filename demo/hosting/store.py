"""Where sessions live between two events: by visitor, bounded, forgotten when the page closes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from demo.session.session import Session
from llu_core.errors import LluError

MAX_NAMES = 10_000
"""So many dropped visitors are known to have been here before."""


class SessionStore:
    """Sessions by visitor, bounded in number, age and memory; a visitor's session is dropped when the page closes.

    The page holds only an id: sessions carry tensors, which must neither be copied with every event nor be shared.
    What several sessions share, such as a trained example, counts once. first: what a new visitor gets; it is asked for
    when one comes, and may take its time then.
    """

    def __init__(
        self,
        first: Callable[[], Session],
        *,
        capacity: int = 64,
        seconds: float = 3600.0,
        max_bytes: int = 1 << 30,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._first, self._capacity, self._seconds, self._max_bytes = first, capacity, seconds, max_bytes
        self._clock = clock
        self._sessions: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._holders: dict[int, int] = {}
        self._bytes = 0
        self._dropped: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, visitor: str) -> Session:
        """The visitor's session; a new visitor gets the trained example. Raises LluError for one that was dropped."""
        with self._lock:
            self._forget_old()
            if visitor in self._dropped:
                raise LluError(
                    "your set was dropped, because the page was left alone for long or too many visitors came; "
                    "reload the page to start again"
                )
            if visitor in self._sessions:
                session = self._sessions[visitor][1]
                self._sessions[visitor] = (self._clock(), session)
                self._sessions.move_to_end(visitor)
                return session
        return self._first()  # nobody else need wait for it

    def put(self, visitor: str, session: Session) -> None:
        with self._lock:
            self._hold(session)
            self._remove(visitor)
            self._sessions[visitor] = (self._clock(), session)
            self._forget_old()

    def drop(self, visitor: str) -> None:
        """The page was closed."""
        with self._lock:
            self._remove(visitor)
            self._dropped.pop(visitor, None)

    def forget_old(self) -> None:
        """Drop what is over the bounds, those of age included, also while nobody comes."""
        with self._lock:
            self._forget_old(0)

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def held_bytes(self) -> int:
        """Memory of the pictures and tensors of all sessions."""
        return self._bytes

    def _hold(self, session: Session) -> None:
        for piece, size in session.pieces.items():
            self._holders[piece] = self._holders.get(piece, 0) + 1
            self._bytes += size * (self._holders[piece] == 1)

    def _remove(self, visitor: str) -> None:
        if visitor not in self._sessions:
            return
        for piece, size in self._sessions.pop(visitor)[1].pieces.items():
            self._holders[piece] -= 1
            if not self._holders[piece]:
                del self._holders[piece]
                self._bytes -= size

    def _forget_old(self, newest: int = 1) -> None:
        """Drop the longest unused ones until all bounds hold; the newest one stays where it is in use just now."""
        now = self._clock()
        while len(self._sessions) > newest:
            visitor, (used, _) = next(iter(self._sessions.items()))
            over = len(self._sessions) > self._capacity or self._bytes > self._max_bytes
            if not over and now - used <= self._seconds:
                return
            self._remove(visitor)
            self._dropped[visitor] = None
            while len(self._dropped) > MAX_NAMES:
                self._dropped.popitem(last=False)
