"""Files come from uploads only: what gradio would fetch from elsewhere, or hold in memory, is refused."""

from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import gradio as gr
from gradio import processing_utils, route_utils
from gradio.route_utils import GradioMultiPartParser
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException


async def _refuse_link(url: str) -> NoReturn:
    raise gr.Error("A link is no file here; upload the file itself.", duration=None, print_exception=False)


class _Parser(GradioMultiPartParser):
    """Reads the form of an upload, which holds files only; what it has written of a form that it cannot read to its end
    is deleted, whatever the reason is.
    """

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        part: Any = self._current_part
        if part.file is None or part.field_name != "files":
            raise MultiPartException("An upload holds files only, each in a field named files.")
        if Path(part.file.filename or "").name == "..":
            raise MultiPartException("A file of the upload has no name that it could be kept by; rename it.")

    async def parse(self) -> FormData:
        try:
            form = await super().parse()
            if len(self.items) < self._current_files:
                raise MultiPartException("The upload ends in the middle of a file; send it again.")
            return form
        except (MultiPartException, OSError):
            self._delete_begun()
            raise
        except Exception as error:  # what a form can be wrong in is not all foreseen by its reader
            self._delete_begun()
            raise MultiPartException("The form of the upload cannot be read.") from error

    def _delete_begun(self) -> None:
        for file in self._files_to_close_on_error:
            with suppress(OSError):  # on a full disk, what was left to write cannot be
                file.close()
            Path(file.name).unlink(missing_ok=True)


def take_uploads_only() -> None:
    """For this process: every link that a call names ends here, whichever component it is for."""
    fetching: Any = processing_utils
    parsing: Any = route_utils
    fetching.async_ssrf_protected_get = _refuse_link
    parsing.GradioMultiPartParser = _Parser
