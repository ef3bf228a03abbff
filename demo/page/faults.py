"""What goes wrong in an action: a message on the page or a line in the log; every call is logged."""

import errno
import functools
import html
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gradio as gr

from demo.hosting import logs
from llu_core.errors import LluError

UNFORESEEN = "Something broke in the app itself; your set is as it was. Try again, or reload the page."


def friendly(fn: Callable) -> Callable:
    """What the caller can mend becomes a message on the page, what nobody foresaw a log line; generators stay such."""
    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def stream(*args, **kwargs):
            with _told(fn.__name__, args):
                yield from fn(*args, **kwargs)

        return stream

    @functools.wraps(fn)
    def call(*args, **kwargs):
        with _told(fn.__name__, args):
            return fn(*args, **kwargs)

    return call


@contextmanager
def _told(action: str, args: tuple) -> Iterator[None]:
    start, outcome = time.perf_counter(), "left"
    try:
        yield
        outcome = "done"
    except LluError as error:
        outcome = "refused"
        raise _shown(str(error)) from error
    except OSError as error:
        outcome = "failed"
        logs.event("failure", failure=error, action=action, errno=error.errno)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise _shown("The disk of this server is full." if full else UNFORESEEN) from error
    except Exception as error:
        outcome = "failed"
        logs.event("failure", failure=error, action=action)
        raise _shown(UNFORESEEN) from error
    finally:
        visitor = next((logs.pseudonym(str(arg.session_hash)) for arg in args if isinstance(arg, gr.Request)), None)
        seconds = round(time.perf_counter() - start, 3)
        logs.event("call", action=action, visitor=visitor, outcome=outcome, seconds=seconds)


def _shown(message: str) -> gr.Error:
    """The page renders messages as HTML, and they quote names."""
    text = html.escape(message, quote=False)
    return gr.Error(text, duration=None, print_exception=False)
