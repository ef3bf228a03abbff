"""The built-in sets by the titles that the page offers."""

from dataclasses import replace

from demo.session.session import Session
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.errors import LluError

PRESETS = {
    "Coloured shapes, sketched": "picto:sketched-coloured-shapes",
    "Patterned shapes, sketched": "picto:sketched-patterned-shapes",
    "Patterned shapes, mosaic": "picto:mosaic-patterned-shapes",
    "Coloured shapes, inverted": "picto:negative-coloured-shapes",
    "New words": "picto:new-words",
    "Handwritten digits": "picto:digits",
}


def load_preset(session: Session, title: str) -> Session:
    """Replace the set by one of the built-in ones."""
    if title not in PRESETS:
        raise LluError(f"unknown example {title!r}; choose one of: {', '.join(PRESETS)}")
    source = open_source(PRESETS[title])
    if not isinstance(source, ImageSource):
        raise LluError(f"{title} holds no pictures; choose another example")
    return replace(session, draft=source, features=None, preset=title, history=(), given=None)
