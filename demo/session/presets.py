"""The built-in sets by the titles that the page offers, each with the setting it opens on and what to look for."""

from dataclasses import dataclass, replace

from demo.session.session import Session
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.errors import LluError


@dataclass(frozen=True)
class Preset:
    """source: a built-in set. beta, gamma: where the sliders stand at first. beyond: another setting that the caption
    speaks of. caption: what to look for, in a line that the page fills in: {taught}, {untaught}, {elsewhere}, {names}
    and {changed} at the opening setting, after "clip:" without an update, after "beyond:" at `beyond`.

    The opening setting is for the eye: the page's button "Near", on which every set shows what it has to show. It was
    not sought among the test pictures. The paper's own (.5 and 20) changes two of 680 answers on the digits, and hides
    on all sets what locality is for: at beta .5 hardly anything is lost elsewhere, however far the update reaches.
    """

    source: str
    caption: str
    beta: float = 1.0
    gamma: float = 5.0
    beyond: tuple[float, float] = (1.0, 0.0)


NO_EXAMPLE = "(no example)"
"""What stands in the list of examples while another set is on show."""

PRESETS = {
    "New words": Preset(
        "picto:new-words",
        "Taught {clip:taught} → {taught} %, elsewhere {clip:elsewhere} → {elsewhere}; drag γ to 0: elsewhere falls to "
        "{beyond:elsewhere}.",
    ),
    "Coloured shapes, sketched": Preset(
        "picto:sketched-coloured-shapes",
        "Taught {clip:taught} → {taught} %, and not taught {clip:untaught} → {untaught} too, since all are sketches; "
        "drag γ to 0: elsewhere falls from {elsewhere} to {beyond:elsewhere}.",
    ),
    "Patterned shapes, sketched": Preset(
        "picto:sketched-patterned-shapes",
        "Taught {clip:taught} → {taught} %; drag γ to 0: taught rises to {beyond:taught}, but elsewhere falls from "
        "{elsewhere} to {beyond:elsewhere}, and {beyond:names} everyday names move.",
    ),
    "Patterned shapes, mosaic": Preset(
        "picto:mosaic-patterned-shapes",
        "Taught {clip:taught} → {taught} %; drag γ to 0: everything falls, taught to {beyond:taught}, not taught to "
        "{beyond:untaught}, elsewhere to {beyond:elsewhere}.",
    ),
    "Coloured shapes, inverted": Preset(
        "picto:negative-coloured-shapes",
        "Taught {clip:taught} → {taught} %, not taught only {clip:untaught} → {untaught}; drag γ to 0: not taught "
        "rises to {beyond:untaught}, at the price of elsewhere, {elsewhere} → {beyond:elsewhere}.",
    ),
    "Handwritten digits": Preset(
        "picto:digits",
        "Taught {clip:taught} → {taught} %, but digits not taught {clip:untaught} → {untaught}: they lie near the "
        "taught ones; elsewhere, which lies far, has {elsewhere}. At γ 20 taught is at {beyond:taught}, not taught at "
        "{beyond:untaught}.",
        beyond=(1.0, 20.0),
    ),
}


def opening_setting(session: Session) -> tuple[float, float] | None:
    """Beta and gamma that the example in the session opens on, None for other sets."""
    preset = PRESETS.get(session.preset or "")
    return None if preset is None else (preset.beta, preset.gamma)


def load_preset(session: Session, title: str) -> Session:
    """Replace the set by one of the built-in ones."""
    if title not in PRESETS:
        raise LluError(f"unknown example {title!r}; choose one of: {', '.join(PRESETS)}")
    source = open_source(PRESETS[title].source)
    if not isinstance(source, ImageSource):
        raise LluError(f"{title} holds no pictures; choose another example")
    return replace(session, draft=source, features=None, preset=title, history=(), given=None)
