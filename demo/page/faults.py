"""What goes wrong in an action: a message on the page or a line in the log; every call is logged."""

import functools
import html
import inspect
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from demo.hosting import logs
from demo.hosting.broken import FULL_DISK, is_full
from demo.hosting.machine.cores import CORES
from demo.page.arguments import received
from llu_core.errors import LluError

UNFORESEEN = "Something broke in the app itself; your set is as it was. Try again, or reload the page."
UNUSABLE = "The call cannot be used as it was sent; your set is as it was. Look at the endpoint's description."
GONE = "The uploaded file is no longer there; choose it again."

_PLACES = {os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir(), str(Path(__file__).parents[2])}
_PLACE = "|".join(re.escape(place) for place in sorted(_PLACES, key=len, reverse=True) if len(place) > 1)


def friendly(fn: Callable, *, often: bool = False) -> Callable:
    """What the caller can mend becomes a message on the page, what nobody foresaw a log line; generators stay such.

    often: it is called several times a second, so that only what goes wrong is logged.
    """
    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def stream(*args, **kwargs):
            with _told(fn.__name__, args):
                yield from fn(*received(fn, args), **kwargs)

        return stream

    @functools.wraps(fn)
    def call(*args, **kwargs):
        with _told(fn.__name__, args, often):
            return fn(*received(fn, args), **kwargs)

    return call


def with_event(action: Callable, *keys: str, often: bool = False) -> Callable:
    """Call an action with the named entries of a page event's data; often: as for `friendly`."""

    def call(request: gr.Request, event: gr.EventData) -> Any:
        return action(*received(action, [*entries(event._data, *keys), request]))

    call.__name__ = f"on_{action.__name__}"  # for the log; the plain name is the endpoint's
    return friendly(call, often=often)


def entries(sent: Any, *keys: str) -> list[Any]:
    """The named entries of what the page sent; raises LluError where one is missing, as in a program's call only."""
    data = sent if isinstance(sent, dict) else {}
    missing = [key for key in keys if key not in data]
    if missing:
        raise LluError(f"the event lacks {', '.join(missing)}")
    return [data[key] for key in keys]


@contextmanager
def _told(action: str, args: tuple, often: bool = False) -> Iterator[None]:
    start, outcome = time.perf_counter(), "left"
    try:
        with CORES.call():
            yield
        outcome = "done"
    except LluError as error:
        outcome = "refused"
        raise _shown(str(error)) from error
    except OSError as error:
        outcome = "failed"
        logs.event("failure", failure=error, action=action, errno=error.errno)
        raise _shown(FULL_DISK if is_full(error) else UNFORESEEN) from error
    except Exception as error:
        outcome = "failed"
        logs.event("failure", failure=error, action=action)
        raise _shown(UNFORESEEN) from error
    finally:
        visitor = next((logs.pseudonym(str(arg.session_hash)) for arg in args if isinstance(arg, gr.Request)), None)
        seconds = round(time.perf_counter() - start, 3)
        if not often or outcome != "done":
            logs.event("call", action=action, visitor=visitor, outcome=outcome, seconds=seconds)


def _shown(message: str) -> gr.Error:
    """The page renders messages as HTML, and they quote names; where things lie on the server is nobody's business."""
    text = html.escape(_without_places(message), quote=False)
    return gr.Error(text, duration=None, print_exception=False)


def _without_places(message: str) -> str:
    """The message with the last name alone of every path in a folder of the server."""
    return re.sub(rf"(?:{_PLACE})(?:/[^/\s]+)*/(?=[^/\s])", "", message)


class QuietBlocks(gr.Blocks):
    """Blocks whose refusals are sentences without the values that were sent, also those that no action has seen."""

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        super().validate_inputs(block_fn, inputs)
        for block, value in zip(block_fn.inputs, inputs, strict=False):
            # a text box would take the print of a list for a text
            if isinstance(block, gr.Textbox | gr.Dropdown | gr.Radio) and not isinstance(value, str | None):
                raise _shown("what is typed must be a text")

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a call leaves out at its end is as the endpoint describes it; gradio's own clients fill it in."""
        left_out = [getattr(block, "value", None) for block in block_fn.inputs[len(inputs) :]]
        filled = inputs if None in left_out else [*inputs, *left_out]
        return await super().preprocess_data(block_fn, filled, *args, **kwargs)

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*args, **kwargs)
        except gr.Error as error:
            if not error.print_exception:  # `_shown` made it
                raise
            raise _shown(str(error.message)) from None
        except Exception as error:
            logs.event("failure", failure=error, action="call")
            gone = isinstance(error, FileNotFoundError) or isinstance(error.__cause__, FileNotFoundError)
            raise _shown(GONE if gone else UNUSABLE) from None
