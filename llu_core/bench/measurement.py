"""One measurement beside its peer, its limit and its bar; measurements as a Markdown table and as JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from llu_core.bench.machine import Limit

HEAD = (
    "| subject | measured | value | compared with | its value | times better | limit | share of limit | bar |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
"""Heads the table: the limit is the least that this machine could need; the bar is what the project asks of itself."""


@dataclass(frozen=True)
class Measurement:
    """What was measured, and what it should be compared with.

    spread: half the distance between the quartiles of the repetitions, in `unit`. peer: what people would use instead,
    measured in the same run. limit: the best value that this machine allows, in `unit`. bar: the value to meet;
    ratio_bar: how many times better than the peer it should be (.95: at most about 5 % worse).
    """

    subject: str
    what: str
    value: float
    unit: str = "s"
    spread: float | None = None
    peer: str = ""
    peer_value: float | None = None
    limit: Limit | None = None
    bar: float | None = None
    ratio_bar: float | None = None
    higher_is_better: bool = field(default=False, kw_only=True)

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; below 1 it is worse."""
        if self.peer_value is None:
            return None
        better, worse = (self.value, self.peer_value) if self.higher_is_better else (self.peer_value, self.value)
        return better / worse if worse else None

    @property
    def share_of_limit(self) -> float | None:
        """limit / value, at most about 1: the rest is what a perfect program could save."""
        return self.limit.value / self.value if self.limit and self.value else None

    @property
    def met(self) -> bool | None:
        """Whether every bar is met; None without one."""
        checks = []
        if self.bar is not None:
            checks.append(self.value >= self.bar if self.higher_is_better else self.value <= self.bar)
        if self.ratio_bar is not None:
            checks.append(self.ratio is not None and self.ratio >= self.ratio_bar)
        return all(checks) if checks else None

    def row(self) -> str:
        """A row of the table below HEAD."""
        value = quantity(self.value, self.unit)
        if self.spread is not None:
            value += f" ± {quantity(self.spread, self.unit)}"
        cells = (
            self.subject,
            self.what,
            value,
            self.peer,
            quantity(self.peer_value, self.unit),
            "" if self.ratio is None else _digits(self.ratio),
            f"{quantity(self.limit.value, self.unit)} ({self.limit.of})" if self.limit else "",
            "" if self.share_of_limit is None else f"{100 * self.share_of_limit:.0f} %",
            self._bars(),
        )
        return f"| {' | '.join(cells)} |"

    def _bars(self) -> str:
        bars = []
        if self.bar is not None:
            bars.append(f"{'at least' if self.higher_is_better else 'at most'} {quantity(self.bar, self.unit)}")
        if self.ratio_bar is not None:
            bars.append(f"at least {self.ratio_bar:.3g} times")
        return f"{' and '.join(bars)}: {'met' if self.met else 'missed'}" if bars else ""

    def as_json(self) -> dict[str, Any]:
        """Every field and what follows from them."""
        return {**asdict(self), "ratio": self.ratio, "share_of_limit": self.share_of_limit, "met": self.met}


def quantity(value: float | None, unit: str) -> str:
    """Three digits and a unit that suits the size: 0.0123 s -> 12.3 ms."""
    if value is None:
        return ""
    for size, smaller in ((1e-3, "µs"), (1.0, "ms")) if unit == "s" else ():
        if 0 < abs(value) < size:
            return f"{_digits(value * (1e6 if smaller == 'µs' else 1e3))} {smaller}"
    return f"{_digits(value)} {unit}".strip()


def _digits(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"
