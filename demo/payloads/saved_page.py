"""What is on show, written as one HTML file that opens without the app."""

from pathlib import Path

from demo.client.saved_page import saved_page
from demo.payloads.explorer import explorer_payload
from demo.session.session import Session
from llu_core.files.writing import write_text


def save_page(session: Session, folder: Path) -> Path:
    """Write the explorer with its data as a page in `folder`; returns its path. Raises LluError without an adapter."""
    model = session.require_model()
    path = folder / "llu-explorer.html"
    write_text(path, saved_page(session.preset or model.shots.name, explorer_payload(session)))
    return path
