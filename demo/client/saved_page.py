"""The explorer with one data set as a single HTML file, which opens anywhere without a server.

Scripts and data lie in it as packed text and are unpacked by the browser; the file fetches nothing, and its own
policy forbids it to.
"""

import base64
import functools
import gzip
import html
import json
import re
from pathlib import Path

from demo.client import CLIENT, EXPLORER_CSS, EXPLORER_HTML, MODES, PLOTLY_JS, PLOTLY_PLACE

_ENTRY = CLIENT / "saved_page" / "index.js"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%.()*+-;,=:?@^_`{|}~"
"""Python's own of base 85, with others in place of three that mean something in HTML."""
_FROM = re.compile(r'from "(\.[^"]+)";')


def saved_page(title: str, payload: str) -> str:
    """The file's text; payload: the explorer's value, as `demo.payloads.explorer` makes it."""
    parts = {
        "title": html.escape(title),
        "styles": _styles(),
        "explorer": EXPLORER_HTML.replace(PLOTLY_PLACE, ""),
        "digits": _DIGITS,
        "code": _code(),
        "data": _packed(payload),
    }
    page = (CLIENT / "saved_page" / "page.html").read_text(encoding="utf-8")
    return re.sub("<!-- (title|styles|explorer|digits|code|data) -->", lambda place: parts[place[1]], page)


def _styles() -> str:
    """Those of a component hold within it, as gradio has it."""
    own = (CLIENT / "saved_page" / "page.css").read_text(encoding="utf-8")
    return f"{own}#explorer {{ {EXPLORER_CSS} }}\n#modes {{ {MODES['css_template']} }}"


@functools.cache
def _code() -> str:
    """plotly.js and every module that the page needs, each under the name by which others import it."""
    modules: dict[str, str] = {}
    waiting = [_ENTRY]
    while waiting:
        path = waiting.pop()
        text = path.read_text(encoding="utf-8")
        modules[_name(path)] = _FROM.sub(lambda found, here=path.parent: f'from "{_name(here / found[1])}";', text)
        imported = [(path.parent / name).resolve() for name in _FROM.findall(text)]
        waiting += [other for other in imported if _name(other) not in modules]
    return _packed({"plotly": PLOTLY_JS.read_text(encoding="utf-8"), "modules": modules})


def _name(path: Path) -> str:
    return f"llu/{path.resolve().relative_to(CLIENT.resolve()).as_posix()}"


def _packed(value: object) -> str:
    packed = gzip.compress(json.dumps(value).encode("utf-8"), compresslevel=9, mtime=0)
    text = base64.b85encode(packed, pad=True).decode("ascii").translate(str.maketrans("&<>", ".,:"))
    return f"{len(packed)} {text}"
