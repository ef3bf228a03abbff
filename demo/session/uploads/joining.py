"""Sets in a zip that a visitor adds to the shelf: of a project, of an adapter, of several that were saved together."""

from pathlib import Path

from demo.session.model import Model
from demo.session.session import Session
from demo.session.uploads.adapter import model_of_anchors, read_adapters
from demo.session.uploads.project import open_project
from demo.settings import MB
from llu_core.data.forms.project import is_project
from llu_core.errors import LluError
from llu_core.files.listing import list_zip


def read_sets(session: Session, path: Path) -> list[tuple[str, Model]]:
    """The trained sets in a zip, with their names; this takes long, and changes nothing.

    Raises LluError for a project without an adapter, and for what is no saved adapter.
    """
    if not is_project(list_zip(path, max_bytes=session.limits.unpacked_mb * MB)):
        return [(name, model_of_anchors(trained, name)) for name, trained, _ in read_adapters(session, path)]
    model = open_project(session, path).model
    if model is None:
        raise LluError(f"{path.name} is a project without an adapter; open it, train it, then put it on the shelf")
    return [(model.shots.name, model)]
