"""The modules of the page's script, answered from memory: gradio's way to a file is too long to be taken forty times.

A browser keeps them and asks again at every visit, since modules of two versions of the app do not fit each other; what
has not changed is then not sent again.
"""

import hashlib
from typing import Any

from starlette.datastructures import Headers

from demo.client import SCRIPTS

_SCRIPTS = {script.as_posix(): script.read_bytes() for script in SCRIPTS}
_TAGS = {path: f'"{hashlib.sha256(content).hexdigest()[:32]}"' for path, content in _SCRIPTS.items()}


def module_of(route: str) -> str | None:
    """The path of the module that a route of gradio's static files names; None where it names something else."""
    path = route.rpartition("/file=")[2]
    return path if path in _SCRIPTS else None


async def answer_module(path: str, scope: Any, send: Any) -> None:
    """Send a module, or word that the one the browser has is still the one."""
    known = Headers(scope=scope).get("if-none-match") == _TAGS[path]
    content = b"" if known or scope["method"] == "HEAD" else _SCRIPTS[path]
    headers = {"content-type": "text/javascript; charset=utf-8", "cache-control": "no-cache", "etag": _TAGS[path]}
    if not known:
        headers["content-length"] = str(len(_SCRIPTS[path]))
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 304 if known else 200, "headers": encoded})
    await send({"type": "http.response.body", "body": content})
