"""From where the app may be asked: by which names of its own, and by which pages."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from demo.settings import Settings

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Origins:
    """names: the only ones that the app is asked by, None for any; foreign: whether other sites' pages may call it.

    logins: whether visitors log in; a browser sends what they are known by to the app whichever page asks it to.
    """

    names: frozenset[str] | None
    foreign: bool
    logins: bool

    @classmethod
    def of(cls, settings: Settings) -> "Origins":
        """A public app has whatever names its host gives it, and other pages may show it."""
        local = _is_loopback(settings.host) and not settings.public
        names = LOOPBACK_NAMES | {settings.host.lower()} if local else None
        return cls(names, settings.public, settings.login is not None)

    def refusal(self, method: str, route: str, headers: Headers) -> str | None:
        """A sentence for a request that is not answered."""
        if self.names is not None and not _all_named(headers.getlist("host"), self.names):
            return "This app is served on its own machine only, by the names 127.0.0.1 and localhost."
        site = headers.get("sec-fetch-site", "same-origin")
        changes = method not in _SAFE or route == "/logout"
        if self.logins and changes and site in ("cross-site", "same-site"):
            return "A page of another site may not use this app."
        if not self.foreign and not all(self._is_own(origin, headers) for origin in headers.getlist("origin")):
            return "A page of another site may not use this app."
        return None

    def _is_own(self, origin: str, headers: Headers) -> bool:
        """A page cannot choose what its browser says in Origin, Host and Sec-Fetch-Site."""
        host = urlsplit(origin).netloc.lower()
        if host and host == headers.get("host", "").lower():
            return True
        if self.names is not None:
            return False
        forwarded = headers.get("x-forwarded-host", "").rpartition(",")[2].strip().lower()
        return (bool(host) and host == forwarded) or headers.get("sec-fetch-site") == "same-origin"


ANYWHERE = Origins(names=None, foreign=True, logins=False)
"""Every name and every page."""


def _all_named(hosts: list[str], names: frozenset[str]) -> bool:
    """Tells whether there is a Host and it is one of these names, exactly, with any port or none."""
    return bool(hosts) and all(_without_port(host.lower()) in names for host in hosts)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() and not host.endswith("]") else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
