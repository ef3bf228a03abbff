"""Which names a visitor may have."""

import gradio as gr
import pytest

from demo.page.visitors import MAX_NAME, visitor
from llu_core.errors import LluError


def test_a_visitor_has_the_name_of_the_session():
    assert visitor(gr.Request(session_hash="a" * MAX_NAME)) == "a" * MAX_NAME


@pytest.mark.parametrize("name", [None, ""])
def test_who_names_no_session_has_no_set(name):
    """All of these would have one set together."""
    with pytest.raises(LluError, match="names no session"):
        visitor(gr.Request(session_hash=name))


@pytest.mark.parametrize("name", ["a" * (MAX_NAME + 1), "\ud800", "\u00e4"])
def test_a_name_that_no_page_makes_up_is_refused(name):
    with pytest.raises(LluError, match="at most 100 plain letters"):
        visitor(gr.Request(session_hash=name))
