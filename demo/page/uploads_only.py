"""Files come from uploads only: what gradio would fetch from elsewhere, or hold in memory, is refused."""

from typing import Any, NoReturn

import gradio as gr
from gradio import processing_utils, route_utils
from gradio.route_utils import GradioMultiPartParser
from starlette.formparsers import MultiPartException

MAX_FIELD = 64 * 1024
"""Bytes of a form's field that is no file; the page sends none."""


async def _refuse_link(url: str) -> NoReturn:
    raise gr.Error("A link is no file here; upload the file itself.", duration=None, print_exception=False)


class _Parser(GradioMultiPartParser):
    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None and len(self._current_part.data) + end - start > MAX_FIELD:
            raise MultiPartException("A field of the form is too large; only its files are looked at.")
        super().on_part_data(data, start, end)


def take_uploads_only() -> None:
    """For this process: every link that a call names ends here, whichever component it is for."""
    fetching: Any = processing_utils
    parsing: Any = route_utils
    fetching.async_ssrf_protected_get = _refuse_link
    parsing.GradioMultiPartParser = _Parser
