"""The page's script: native ES modules that the browser loads as they are, and the markup and styles they work on.

This package only reads the files that lie next to it; it does not import gradio:

    gr.set_static_paths([PLOTLY_JS, *SCRIPTS])
    gr.HTML(payload, **EXPLORER, apply_default_css=False, elem_id="explorer")
    demo.launch(head=preload_tags())

The value of either component is one JSON string. The explorer's is a payload, or an update of the one on show; its
events are "settings" {beta, gamma, statistics, resting, masks} when a drag ends, or class statistics or a set are
switched: beta and gamma of the set on the page, and those of the shelf's others by their names; "walk" for the points
of an arc, "methods" for the comparison, "link" for another set, "unquery" {name} to take a query picture away and
"unshelve" {name} to take a set off the shelf. The class cards' events are "rename" {old, new}, "remove" {name},
"create" {name}, "move" {picture, to}, "discard" {picture} and "undo" {}; `picture` is a key of
`demo.session.draft.pictures_by_key`. The photographs' is "photograph" {name}, the offered models' "offer" {name}, the
added answers' "remove" {name}; the question about files that wait has "answer" {name, manner} and "leave" {}. Files
chosen or dropped on a card go through the page's own upload field, "#drop", with the class written into
"#drop-class"; a folder is packed into a zip in the browser first. The camera's are "shots" {number, name, pictures,
recording, begins, manner} of a recording, "recorded" {} at its end, and "frame" and "keep" {number, picture} of live
prediction; its value is the newest answer, which bears the number of its call.
"""

import importlib.util
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import quote

CLIENT = Path(__file__).parent

LESSON_PLACE, TABS_PLACE, PLOTLY_PLACE = "<!-- lesson -->", "<!-- tabs -->", "PLOTLY_JS"


def _read(name: str) -> str:
    return (CLIENT / name).read_text(encoding="utf-8")


def _find_plotly_js() -> Path:
    """The plotly.js inside the installed Python package, found without importing it: works offline."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed; run: pip install -r requirements.txt")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


PLOTLY_JS: Path = _find_plotly_js()

SCRIPTS: tuple[Path, ...] = tuple(sorted(CLIENT.rglob("*.js")))
"""To be served under their addresses, as plotly.js is."""

# A browser runs a module only if it is served as JavaScript, and some machines have another idea of this ending.
mimetypes.add_type("text/javascript", ".js")


def _address(path: Path) -> str:
    """Relative to the page, so that it also holds behind a proxy that adds a path."""
    return f"gradio_api/file={quote(path.as_posix(), safe='/:')}"


def _mount(script: str, function: str, events: tuple[str, ...]) -> str:
    """What runs when a component is there. Gradio looks for the names of its events, in quotes, in this text.

    A part is seen before its script has come. A button pressed meanwhile is pressed once the script is there, and of
    several the last: they may be of one who saw nothing happen.
    """
    return f"""const events = {list(events)};
const send = (name, data) => {{ if (events.includes(name)) trigger(name, data); }};
let pressed = null;
const keepPress = (event) => {{
  const button = event.target.closest("button");
  if (!button) return;
  event.preventDefault();
  pressed = button;
}};
element.addEventListener("click", keepPress, true);
import(new URL("{_address(CLIENT / script)}", document.baseURI))
  .then((script) => {{
    element.removeEventListener("click", keepPress, true);
    script.{function}(element, props, send, watch);
    pressed?.click();
  }})
  .catch((error) => {{
    element.prepend("A part of this page did not load. Reload it; if that does not help, look at the server's log.");
    throw error;
  }});"""


EXPLORER_HTML = (
    _read("explorer/explorer.html")
    .replace(LESSON_PLACE, _read("explorer/lesson/lesson.html").strip())
    .replace(TABS_PLACE, _read("explorer/tabs/tabs.html").strip())
)
"""The explorer's markup, with PLOTLY_PLACE where the address of plotly.js belongs."""
_EXPLORER_STYLES = ("explorer", "panels/shelf", "tabs/tabs", "tabs/how", "lesson/lesson")
EXPLORER_CSS = "".join(_read(f"explorer/{name}.css") for name in _EXPLORER_STYLES)

EXPLORER: dict[str, Any] = {
    "html_template": EXPLORER_HTML.replace(PLOTLY_PLACE, _address(PLOTLY_JS)),
    "css_template": EXPLORER_CSS,
    "js_on_load": _mount(
        "explorer/index.js", "mountExplorer", ("settings", "walk", "methods", "link", "unquery", "unshelve")
    ),
}


def _component(part: str, script: str, function: str, *events: str) -> dict[str, Any]:
    """What gr.HTML needs of a part: its markup and styles lie beside its script, under the part's name."""
    return {
        "html_template": _read(f"{part}.html"),
        "css_template": _read(f"{part}.css"),
        "js_on_load": _mount(script, function, events),
    }


CARDS = _component(
    "cards/cards", "cards/cards.js", "mountCards", "rename", "remove", "create", "move", "discard", "undo"
)
MODES = _component("modes/modes", "modes/modes.js", "mountModes", "reading")
CAMERA = _component("camera/live", "camera/index.js", "mountCamera", "shots", "recorded", "frame", "keep")
PHOTOGRAPHS = _component("cards/photographs", "cards/photographs.js", "mountPhotographs", "photograph")
QUESTION = _component("question/question", "question/question.js", "mountQuestion", "answer", "leave")
ANSWERS = _component("answers/answers", "answers/answers.js", "mountAnswers", "remove")
OFFERS = _component("offers/offers", "offers/offers.js", "mountOffers", "offer")


def preload_tags() -> str:
    """Tags with which a browser asks for its modules early, not for one import after another, but after gradio's."""
    link = '<link rel="modulepreload" fetchpriority="low" href="{}">'
    live = (script for script in SCRIPTS if script.parent.name != "saved_page")
    return "\n".join(link.format(_address(script)) for script in live)
