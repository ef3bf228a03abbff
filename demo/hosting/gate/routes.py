"""The routes that the page and gradio_client use; gradio has more, and all others are closed.

Closed are, among others: links that outlive the visit, monitoring, recordings, functions of components, the proxy,
streams, the history of runs, custom components and whatever a later version of gradio adds.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["open", "read", "call", "upload", "login"]
"""open: may be read before the login; read: after it; the others are POSTs, a login the only one before it."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
"""The beginning of a web address; the letter of a drive is shorter."""

UPLOAD, JOIN, STREAM = "/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/queue/data"
"""Of files, of a call, and of what comes of a tab's calls."""
MAX_QUERY = 200
"""Bytes of a query to gradio's own routes: a random name, of a tab or of an upload. What is asked by a name is kept."""

_ROUTES: dict[str, tuple[tuple[Kind, re.Pattern[str]], ...]] = {
    "GET": (
        ("open", re.compile(r"/|/(theme\.css|favicon\.ico|robots\.txt|manifest\.json|logout)")),
        ("open", re.compile(r"/(static|assets|svelte)/.+|/gradio_api/(startup-events|theme\.css)")),
        ("read", re.compile(r"/config/?|/gradio_api/(info/?|openapi\.json|app_id/?|heartbeat/[!-.0-~]{1,100})")),
        ("read", re.compile(r"/gradio_api/(queue/data|upload_progress|call/(v2/)?[^/]+/[^/]+|file=.+)", re.DOTALL)),
    ),
    "POST": (
        ("call", re.compile(r"/gradio_api/(queue/join|cancel|reset/?|(run|api|call|call/v2)/[^/]+/?)")),
        ("upload", re.compile(re.escape(UPLOAD))),
        ("login", re.compile(r"/login/?")),
    ),
}
_MCP = re.compile(r"/gradio_api/mcp/?")
_MCP_KINDS: dict[str, Kind] = {"POST": "call", "GET": "read", "DELETE": "read"}
_AS = {"GET": ("GET",), "HEAD": ("GET",), "POST": ("POST",), "OPTIONS": ("POST", "GET")}
"""The methods that are answered, and whose routes they have; a browser asks with OPTIONS before it asks."""


def route_of(scope: Mapping[str, Any]) -> str:
    """The path as gradio's own routes have it, without the path of a proxy in front."""
    path, root = scope["path"], scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :]
    return path


def has_short_query(scope: Mapping[str, Any], route: str) -> bool:
    """Tells whether a request's query holds no more than a name, where its route keeps it."""
    return not route.startswith("/gradio_api/") or len(scope.get("query_string", b"")) <= MAX_QUERY


def kind_of(method: str, route: str, *, mcp: bool = False) -> Kind | None:
    """What a request asks for; None where nothing is. mcp: whether the route of the tools is one."""
    if mcp and _MCP.fullmatch(route) and method in _MCP_KINDS:
        return _MCP_KINDS[method]
    if route.startswith("/gradio_api/file=") and _ADDRESS.match(route.partition("=")[2]):
        return None  # gradio would fetch it
    for routes in _AS.get(method, ()):
        for kind, pattern in _ROUTES[routes]:
            if pattern.fullmatch(route):
                return kind
    return None
