"""How much each address has spent lately."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_ADDRESSES = 10_000
_PARTS = 60
"""The time that a tally looks back on is kept in so many parts, however often something is spent."""


@dataclass
class _Spent:
    parts: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0


class Tally:
    """How much each address has spent within the last `seconds`; the longest silent addresses are forgotten first."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic):
        self._most, self._seconds, self._clock = most, seconds, clock
        self._spent: OrderedDict[str, _Spent] = OrderedDict()

    def has_room(self, address: str, amount: int) -> bool:
        """Tells whether `amount` more would be within bounds; nothing counts yet."""
        return self._now_spent(address).total + amount <= self._most

    def spend(self, address: str, amount: int) -> bool:
        """Tells whether `amount` more is within bounds; only then it counts."""
        if not self.has_room(address, amount):
            return False
        spent, now = self._spent[address], self._clock()
        if spent.parts and now - spent.parts[-1][0] < self._seconds / _PARTS:
            start, before = spent.parts.pop()
            spent.parts.append((start, before + amount))
        else:
            spent.parts.append((now, amount))
        spent.total += amount
        return True

    def give_back(self, address: str, amount: int) -> None:
        """What was spent last does not count after all."""
        spent = self._spent.get(address)
        if spent is not None and spent.parts:
            start, before = spent.parts.pop()
            given = min(amount, before)
            spent.parts.append((start, before - given))
            spent.total -= given

    def _now_spent(self, address: str) -> _Spent:
        spent, now = self._spent.setdefault(address, _Spent()), self._clock()
        self._spent.move_to_end(address)
        while len(self._spent) > MAX_ADDRESSES:
            self._spent.popitem(last=False)
        while spent.parts and now - spent.parts[0][0] > self._seconds:
            spent.total -= spent.parts.popleft()[1]
        return spent
