"""Which event calls which action. Every public action is a named endpoint."""

import errno
import functools
import html
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from demo.client import STATIC
from demo.hosting import logs
from demo.hosting.encoders import EncoderShelf
from demo.hosting.examples import Examples
from demo.hosting.line import WorkRoom
from demo.hosting.store import SessionStore
from demo.page.actions import Actions
from demo.page.views import View, build_view
from demo.settings import MB, Settings
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError

UPLOADS_KEPT = (60, 600)
"""Seconds: every minute, uploaded files older than ten are deleted; the session has read them long before."""

UNFORESEEN = "Something broke in the app itself; your set is as it was. Try again, or reload the page."

CONCURRENT, MAX_QUEUE = 4, 1000
"""Calls of one kind that run at once, and calls of all kinds that wait."""
IN_LINE: dict[str, Any] = {"concurrency_limit": None}
"""Of long work: the line is the work room's, which knows whose turn it is and can call work off."""
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


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


def wire(view: View, actions: Actions, demo: gr.Blocks) -> None:
    """Connect every component; an action answers with its summary, then the page is drawn from the session."""
    panels = [
        view.model_line, view.preset, view.cards, view.unseen, view.templates, view.train, view.status,
        view.library_code, view.client_code,
    ]  # fmt: skip
    show_panels = functools.partial(_show, actions.render_panels, panels)
    show_explorer = functools.partial(_show, actions.render_explorer, view.explorer)
    show_umap = functools.partial(_show, actions.draw_umap, view.explorer)

    added = view.files.upload(
        friendly(actions.add_pictures), [view.files, view.class_name], view.summary, api_name="add_pictures"
    )
    # Only what was dropped is taken back: another event must not empty a drop zone that is being filled.
    show_panels(added.then(lambda: (None, ""), None, [view.files, view.class_name], **PRIVATE).then)
    edited = view.templates.blur(
        friendly(actions.set_templates), view.templates, view.summary, api_name="set_templates"
    )
    show_panels(edited.then)
    joining = [
        (view.unseen.blur, actions.set_unseen_classes, [view.unseen], {"api_name": "set_unseen_classes"}),
        (view.add_class.click, actions.add_class, [view.new_class], {"api_name": "add_class"}),
        (view.new_class.submit, actions.add_class, [view.new_class], PRIVATE),
    ]
    for event, action, inputs, named in joining:
        show_explorer(show_panels(event(friendly(action), inputs, view.summary, **named).success).then)
    replacements = [
        (view.preset.input, actions.load_example, [view.preset]),
        (view.reopen.upload, actions.open_adapter, [view.reopen]),
        (view.load_model.click, actions.load_model, [view.model, view.checkpoint]),
        (view.clear.click, actions.clear, []),
    ]
    for event, action, inputs in replacements:
        done = event(friendly(action), inputs, view.summary, api_name=action.__name__)
        show_umap(show_explorer(show_panels(done.success).then).then)
    view.train.click(lambda: gr.update(visible=True), None, view.cancel, queue=False, **PRIVATE)
    trained = view.train.click(
        friendly(actions.train), view.recipe, [view.status, view.summary], api_name="train", **IN_LINE
    )
    ended = trained.then(lambda: gr.update(visible=False), None, view.cancel, **PRIVATE)
    show_umap(show_explorer(show_panels(ended.then).then).then)
    view.cancel.click(friendly(actions.cancel), None, view.summary, api_name="cancel", show_progress="hidden")
    _wire_tuning(view, actions)
    asked = view.query.input(friendly(actions.ask), view.query, view.summary, api_name="ask")
    _show(actions.render_answer, [view.explorer, view.query], asked.then)
    opened = demo.load(
        friendly(actions.open_link), view.link, view.summary, js="() => [window.location.hash]", **PRIVATE
    )
    show_umap(show_panels(show_explorer(opened.then).then).then)
    demo.unload(actions.forget_visitor)
    _wire_downloads(view, actions)
    _wire_cards(view, actions, show_panels)
    _wire_explorer(view, actions, show_panels, show_explorer, show_umap)
    for action in (
        actions.rename_class, actions.delete_class, actions.create_class, actions.move_picture, actions.delete_picture,
        actions.undo, actions.set_mask, actions.remove_query,
    ):  # fmt: skip
        gr.api(friendly(action), api_name=action.__name__)
    gr.api(friendly(actions.compare_methods), api_name="compare_methods", **IN_LINE)
    gr.api(friendly(actions.get_summary), api_name="summary")
    gr.api(friendly(actions.get_pictures), api_name="pictures")


def _show(render: Callable, outputs: Any, event: Callable) -> Any:
    return event(friendly(render), None, outputs, **PRIVATE)


def _wire_tuning(view: View, actions: Actions) -> None:
    """The page's own sliders move to what was chosen, as if by hand."""
    chosen = view.tune.click(
        friendly(actions.choose_mask), None, [view.tuned, view.summary], api_name="choose_mask", trigger_mode="once",
        **IN_LINE,
    )  # fmt: skip
    move = "({ trained }) => { lluExplorer.setBeta(trained.beta); lluExplorer.setGamma(String(trained.gamma)); }"
    chosen.success(None, view.summary, None, js=move)


def _wire_downloads(view: View, actions: Actions) -> None:
    """The file is written when it is asked for; a click on the hidden button then hands it to the browser."""
    hand_over = "() => setTimeout(() => document.querySelector('#download-file').click(), 50)"
    for button, action in ((view.download, actions.save_adapter), (view.predictions, actions.save_predictions)):
        written = button.click(friendly(action), None, view.file, api_name=action.__name__, show_progress="hidden")
        written.success(None, None, None, js=hand_over)


def _with_event(action: Callable, *keys: str) -> Callable:
    """Call an action with the named entries of a page event's data."""

    def call(request: gr.Request, event: gr.EventData) -> None:
        action(*_entries(event, *keys), request)

    call.__name__ = f"on_{action.__name__}"  # for the log; the plain name is the endpoint's
    return friendly(call)


def _entries(event: gr.EventData, *keys: str) -> list[Any]:
    """Of what the page sent; raises LluError where something is missing, as only a program's call can have it."""
    data = event._data if isinstance(event._data, dict) else {}
    missing = [key for key in keys if key not in data]
    if missing:
        raise LluError(f"the event lacks {', '.join(missing)}")
    return [data[key] for key in keys]


def _wire_cards(view: View, actions: Actions, show_panels: Callable) -> None:
    """Every edit on the class cards; afterwards the cards are drawn anew, also where it was refused."""
    edits = [
        (view.cards.rename, _with_event(actions.rename_class, "old", "new")),
        (view.cards.remove, _with_event(actions.delete_class, "name")),
        (view.cards.create, _with_event(actions.create_class, "name")),
        (view.cards.move, _with_event(actions.move_picture, "picture", "to")),
        (view.cards.discard, _with_event(actions.delete_picture, "picture")),
        (view.cards.undo, _with_event(actions.undo)),
    ]
    for event, edit in edits:
        show_panels(event(edit, None, None, trigger_mode="multiple", **PRIVATE).then)


def _wire_explorer(
    view: View, actions: Actions, show_panels: Callable, show_explorer: Callable, show_umap: Callable
) -> None:
    """What the explorer asks the server for: to remember the sliders, an arc's points, a comparison, another set."""

    def walk(request: gr.Request, event: gr.EventData) -> str:
        return actions.walk(event._data, request)

    def compare(request: gr.Request, event: gr.EventData) -> Iterator[str]:
        yield from actions.compare(int(event._data["run"]), request)

    newest = {"trigger_mode": "always_last", **PRIVATE}
    moved = view.explorer.settings(_with_event(actions.set_mask, "beta", "gamma"), None, None, **newest)
    _show(actions.render_code, [view.library_code, view.client_code], moved.then)
    view.explorer.walk(friendly(walk), None, view.explorer, **newest)
    view.explorer.methods(friendly(compare), None, view.explorer, trigger_mode="multiple", **PRIVATE, **IN_LINE)
    show_explorer(view.explorer.unquery(_with_event(actions.remove_query, "name"), None, None, **PRIVATE).then)
    linked = view.explorer.link(_with_event(actions.open_link, "hash"), None, None, **PRIVATE)
    show_umap(show_explorer(show_panels(linked.success).then).then)


def build_app(encoder: Encoder, settings: Settings) -> tuple[gr.Blocks, Actions]:
    """The whole app around an encoder; `actions.examples.prepare()` trains the examples before anybody asks."""
    limits = settings.limits
    examples = Examples(encoder, settings.model, limits=limits, cache=settings.cache)
    store = SessionStore(
        lambda: examples.first,
        capacity=limits.visitors,
        seconds=60.0 * limits.idle_minutes,
        max_bytes=limits.store_mb * MB,
    )
    shelf = EncoderShelf(settings.model, encoder, open=settings.choose_models)
    actions = Actions(store, shelf, examples, WorkRoom(limits.waiting))
    gr.set_static_paths(list(STATIC))
    with gr.Blocks(title="LLU Explorer", analytics_enabled=False, delete_cache=UPLOADS_KEPT) as demo:
        wire(build_view(settings), actions, demo)
    demo.queue(default_concurrency_limit=CONCURRENT, max_size=MAX_QUEUE)
    return demo, actions
