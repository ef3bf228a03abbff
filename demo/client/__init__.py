"""The client-side explorer: sliders, map and panels that answer in the browser, without the server.

One gradio HTML component holds it. This package only reads the files that lie next to it; it does not import gradio:

    gr.set_static_paths([PLOTLY_JS])
    gr.HTML(payload, html_template=EXPLORER_HTML, css_template=EXPLORER_CSS, js_on_load=EXPLORER_JS, head=head(),
            apply_default_css=False, elem_id="explorer")

The component's value is one JSON string: a payload, or an update of the one on show. Its events are "settings" when a
drag ends, "walk" for the points of a walk, "methods" for the comparison, "link" for another set and "unquery" to take a
query picture away.
"""

import importlib.util
from pathlib import Path

_HERE = Path(__file__).parent

_EXPLORER_SCRIPTS = (
    "model/formula", "model/payload", "map/colours", "../dom", "panels/chips", "panels/controls", "panels/tiles",
    "map/points", "map/map", "map/labels", "map/overlay", "map/pointer", "map/lasso",
    "panels/selected", "panels/why", "panels/bars", "panels/curve", "map/legend", "link", "map/export",
    "tabs/changed", "tabs/confusion", "model/plane", "tabs/plane", "model/arc", "tabs/arc", "tabs/methods",
    "tabs/methodsview", "tabs/table", "tabs/lesson", "tabs/tabs",
    "index", "frame",
)  # fmt: skip
_CARDS_SCRIPTS = ("state", "folder", "adding", "thumbs", "cards")
"""In this order they make ONE script: shared scope, no modules, no build step; the last one draws."""

TABS_PLACE = "<!-- tabs -->"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _find_plotly_js() -> Path:
    """The plotly.js inside the installed Python package, found without importing it: works offline."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed; run: pip install -r requirements.txt")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


PLOTLY_JS: Path = _find_plotly_js()
"""To be named in `gr.set_static_paths`, which lets gradio serve it."""

EXPLORER_HTML: str = _read("explorer/explorer.html").replace(TABS_PLACE, _read("explorer/tabs/tabs.html").strip())
EXPLORER_CSS: str = _read("explorer/explorer.css") + _read("explorer/tabs/tabs.css")
EXPLORER_JS: str = "\n".join(_read(f"explorer/{name}.js") for name in _EXPLORER_SCRIPTS)
CARDS_HTML: str = _read("cards/cards.html")
CARDS_CSS: str = _read("cards/cards.css")
CARDS_JS: str = "\n".join(_read(f"cards/{name}.js") for name in _CARDS_SCRIPTS)


def head() -> str:
    """The tag that loads plotly.js; its address is relative, so that it also holds behind a proxy that adds a path."""
    return f'<script src="gradio_api/file={PLOTLY_JS.as_posix()}"></script>'
