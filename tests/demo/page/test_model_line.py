"""The line that says who reads the set, and which of its classes that model was never taught."""

from dataclasses import replace

import gradio as gr
import pytest

from demo.hosting.maps.maps import Maps
from demo.hosting.store import SessionStore
from demo.page.rendering import Rendering
from demo.page.visitors import Visitors
from demo.session import draft as drafts
from demo.session import edits
from demo.session.session import Session
from support.drawers import InProcess


def model_line(session: Session) -> str:
    store = SessionStore(lambda: session)
    return Rendering(Visitors(store), Maps(InProcess())).render_panels(gr.Request(session_hash="ada"))[0]


@pytest.fixture
def own(zipped: Session) -> Session:
    """A set of drawn pictures with a class that is no drawing."""
    renamed = edits.edit(zipped, "rename", drafts.rename_class, zipped.draft.class_names[0], "*red* [panda](x)")
    return replace(renamed, encoder_name="picto")


def test_it_names_the_classes_that_were_never_taught_as_they_were_typed(own: Session):
    line = model_line(own)
    assert line.startswith(
        "<details><summary>Read by <b>Toy encoder</b> <b>\u26a0 words it was never taught</b></summary>"
    )
    assert "Knows nothing. It was never taught " in line
    assert r"\*red\* \[panda\]\(x\)" in line


def test_it_says_nothing_of_an_example_and_of_models_whose_words_nobody_knows(own: Session):
    for session in (replace(own, preset="New words"), replace(own, encoder_name="vit-b-16")):
        assert (
            model_line(session)
            == "<details><summary>Read by <b>Toy encoder</b></summary>\n\nKnows nothing. \n\n</details>"
        )
