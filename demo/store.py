"""Where sessions live between two events: by visitor, bounded, forgotten when the page closes."""

import threading
import time
from collections import OrderedDict

from demo.session import Session


class SessionStore:
    """Sessions by visitor, bounded in number, age and memory; a visitor's session is dropped when the page closes.

    The page holds only an id: sessions carry tensors, which must neither be copied with every event nor be shared.
    """

    def __init__(self, first: Session, *, capacity: int = 64, seconds: float = 3600.0, max_bytes: int = 1 << 30):
        self._first, self._capacity, self._seconds, self._max_bytes = first, capacity, seconds, max_bytes
        self._sessions: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, visitor: str) -> Session:
        """The visitor's session; a new visitor gets the trained example."""
        with self._lock:
            self._forget_old()
            if visitor not in self._sessions:
                return self._first
            session = self._sessions[visitor][1]
            self._sessions[visitor] = (time.monotonic(), session)
            self._sessions.move_to_end(visitor)
            return session

    def put(self, visitor: str, session: Session) -> None:
        with self._lock:
            self._sessions[visitor] = (time.monotonic(), session)
            self._sessions.move_to_end(visitor)
            self._forget_old()

    def drop(self, visitor: str) -> None:
        with self._lock:
            self._sessions.pop(visitor, None)

    def __len__(self) -> int:
        return len(self._sessions)

    def _forget_old(self) -> None:
        """Drop the longest unused ones until all bounds hold; the newest always stays."""
        now = time.monotonic()
        size = sum(session.stored_bytes for _, session in self._sessions.values())
        for visitor, (used, session) in list(self._sessions.items())[:-1]:
            if now - used > self._seconds or len(self._sessions) > self._capacity or size > self._max_bytes:
                size -= session.stored_bytes
                del self._sessions[visitor]
