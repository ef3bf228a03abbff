"""Which event calls which callback. Every public action is a named endpoint; a visitor's session never leaves here."""

import functools
import hashlib
import inspect
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from demo import callbacks, saving
from demo.cards import cards_payload
from demo.draft import unseen_without_pictures
from demo.encoders import EncoderShelf
from demo.examples import Examples
from demo.explorer import PLOTLY_JS
from demo.payload import explorer_payload, positions_payload
from demo.session import Session, SessionStore
from demo.summary import status_line, summary
from demo.views import View, build_view
from llu_core.encoder import Encoder
from llu_core.errors import LluError
from llu_core.training import recipe as recipe_named

UPLOADS_KEPT = (60, 600)
"""Seconds: every minute, uploaded files older than ten are deleted; the session has read them long before."""

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def friendly(fn: Callable) -> Callable:
    """LluError becomes a message on the page; generators stay generators."""

    def shown(error: LluError) -> gr.Error:
        return gr.Error(str(error), title="That did not work", duration=None, print_exception=False)

    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def stream(*args, **kwargs):
            try:
                yield from fn(*args, **kwargs)
            except LluError as error:
                raise shown(error) from error

        return stream

    @functools.wraps(fn)
    def call(*args, **kwargs):
        try:
            return fn(*args, **kwargs)
        except LluError as error:
            raise shown(error) from error

    return call


class Actions:
    """The callbacks with a visitor's session around them: read it, change it, keep the new one."""

    def __init__(self, store: SessionStore, encoders: EncoderShelf, examples: Examples):
        self.store, self.encoders, self.examples = store, encoders, examples
        self._downloads = tempfile.TemporaryDirectory(prefix="llu-downloads-")

    def session(self, request: gr.Request) -> Session:
        return self.store.get(str(request.session_hash))

    def _keep(self, request: gr.Request, session: Session) -> dict[str, Any]:
        self.store.put(str(request.session_hash), session)
        return summary(session)

    def _folder(self, request: gr.Request) -> Path:
        """The visitor's own folder for files on their way to the browser."""
        folder = Path(self._downloads.name) / hashlib.sha256(str(request.session_hash).encode()).hexdigest()[:16]
        folder.mkdir(exist_ok=True)
        return folder

    def load_example(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Load a built-in example, trained; with another model than the app started with, it is left to train."""
        return self._keep(request, self.examples.get(self.session(request), name))

    def add_pictures(self, files: list[str] | None, class_name: str, request: gr.Request) -> dict[str, Any]:
        """Add a zip with one folder per class, or pictures of one class, to the set."""
        session = self.session(request)
        return self._keep(request, callbacks.add_files(session, files, class_name)) if files else summary(session)

    def rename_class(self, old: str, new: str, request: gr.Request) -> dict[str, Any]:
        """Rename a class of the set."""
        return self._keep(request, callbacks.rename_class(self.session(request), old, new))

    def delete_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Delete a class of the set and its pictures."""
        return self._keep(request, callbacks.delete_class(self.session(request), name))

    def set_unseen_classes(self, names: str, request: gr.Request) -> dict[str, Any]:
        """Name further classes, separated by commas, that are told apart but not trained."""
        return self._keep(request, callbacks.set_unseen_classes(self.session(request), names))

    def set_templates(self, templates: str, request: gr.Request) -> dict[str, Any]:
        """Set the prompt templates, one a line, {} for the class name."""
        return self._keep(request, callbacks.set_templates(self.session(request), templates))

    def train(self, recipe: str, request: gr.Request):
        """Train an adapter on the set; streams progress, ends with the summary."""
        steps = callbacks.train_adapter(self.session(request), recipe_named(recipe))
        while True:
            try:
                progress = next(steps)
            except StopIteration as finished:
                trained: Session = finished.value
                break
            if progress.done % 5 == 0 or progress.done == progress.total:
                detail = f" · {progress.detail}" if progress.detail else ""
                yield f"{progress.phase} {progress.done}/{progress.total}{detail}", gr.skip()
        # what the visitor edited meanwhile stays
        session = replace(self.session(request), model=trained.model, beta=trained.beta, gamma=trained.gamma)
        yield status_line(session), self._keep(request, session)

    def set_mask(self, beta: float, gamma: float | str, request: gr.Request) -> dict[str, Any]:
        """Move beta (0 to 1) and gamma (0 to "inf"); nothing is retrained."""
        try:
            session = callbacks.set_mask(self.session(request), float(beta), float(gamma))
        except ValueError:
            raise LluError(f"beta {beta!r} and gamma {gamma!r} must be numbers; gamma may be inf") from None
        return self._keep(request, session)

    def get_summary(self, request: gr.Request) -> dict[str, Any]:
        """The set, the model and, once trained, its accuracies at the current beta and gamma."""
        return summary(self.session(request))

    def save_adapter(self, request: gr.Request) -> str:
        """The trained adapter as a zip."""
        return str(saving.save_adapter(self.session(request), self._folder(request)))

    def save_predictions(self, request: gr.Request) -> str:
        """CLIP's and LLU's predictions as CSV."""
        path = self._folder(request) / "predictions.csv"
        path.write_text(saving.predictions_csv(self.session(request)), encoding="utf-8")
        return str(path)

    def open_adapter(self, file: str | None, request: gr.Request) -> dict[str, Any]:
        """Reopen an adapter saved before."""
        session = self.session(request)
        if file is None:
            return summary(session)
        with tempfile.TemporaryDirectory() as folder:
            return self._keep(request, saving.open_adapter(session, Path(file), Path(folder)))

    def load_model(self, name: str, checkpoint: str, request: gr.Request) -> dict[str, Any]:
        """Load another CLIP model; the adapter on the page is dropped, the pictures stay."""
        encoder = self.encoders.load(name, checkpoint.strip() or None)
        session = replace(self.session(request), encoder=encoder, encoder_name=name, model=None)
        return self._keep(request, session)

    def clear(self, request: gr.Request) -> dict[str, Any]:
        """Forget the set and the adapter."""
        return self._keep(request, callbacks.clear(self.session(request)))

    def forget_visitor(self, request: gr.Request) -> None:
        self.store.drop(str(request.session_hash))
        shutil.rmtree(self._folder(request), ignore_errors=True)

    def draw_umap(self, request: gr.Request) -> str:
        before = self.session(request)
        drawn = callbacks.draw_umap(before)
        now = self.session(request)
        if drawn.model is not None and now.model is before.model:
            now = replace(now, model=drawn.model)
            self.store.put(str(request.session_hash), now)
        return positions_payload(now)

    def render_panels(self, request: gr.Request) -> list[Any]:
        """The left column and the model line, as the session has them."""
        session = self.session(request)
        return [
            f"Model: **{session.encoder.title}**. {session.encoder.note}",
            session.preset,
            "",
            None,
            cards_payload(session.draft),
            ", ".join(unseen_without_pictures(session.draft)),
            "\n".join(session.draft.templates),
            gr.update(interactive=session.why_not_trainable() is None),
            status_line(session),
        ]

    def render_explorer(self, request: gr.Request) -> str:
        return explorer_payload(self.session(request))


def wire(view: View, actions: Actions, demo: gr.Blocks) -> None:
    """Connect every component; an action answers with its summary, then the page is drawn from the session."""
    panels = [
        view.model_line, view.preset, view.class_name, view.files, view.cards, view.unseen, view.templates,
        view.train, view.status,
    ]  # fmt: skip
    show_panels = functools.partial(_show, actions.render_panels, panels)
    show_explorer = functools.partial(_show, actions.render_explorer, view.explorer)
    show_umap = functools.partial(_show, actions.draw_umap, view.explorer)

    edits = [
        (view.files.upload, actions.add_pictures, [view.files, view.class_name]),
        (view.unseen.blur, actions.set_unseen_classes, [view.unseen]),
        (view.templates.blur, actions.set_templates, [view.templates]),
    ]
    for event, action, inputs in edits:
        show_panels(event(friendly(action), inputs, view.summary, api_name=action.__name__).then)
    replacements = [
        (view.preset.input, actions.load_example, [view.preset]),
        (view.reopen.upload, actions.open_adapter, [view.reopen]),
        (view.load_model.click, actions.load_model, [view.model, view.checkpoint]),
        (view.clear.click, actions.clear, []),
    ]
    for event, action, inputs in replacements:
        done = event(friendly(action), inputs, view.summary, api_name=action.__name__)
        show_umap(show_explorer(show_panels(done.success).then).then)
    trained = view.train.click(friendly(actions.train), view.recipe, [view.status, view.summary], api_name="train")
    show_umap(show_explorer(show_panels(trained.then).then).then)
    loaded = demo.load(actions.render_explorer, None, view.explorer, **PRIVATE)
    show_umap(show_panels(loaded.then).then)
    demo.unload(actions.forget_visitor)
    _wire_downloads(view, actions)
    _wire_page_events(view, actions, show_panels)
    gr.api(friendly(actions.rename_class), api_name="rename_class")
    gr.api(friendly(actions.delete_class), api_name="delete_class")
    gr.api(friendly(actions.set_mask), api_name="set_mask")
    gr.api(actions.get_summary, api_name="summary")


def _show(render: Callable, outputs: Any, event: Callable) -> Any:
    return event(friendly(render), None, outputs, **PRIVATE)


def _wire_downloads(view: View, actions: Actions) -> None:
    """The file is written when it is asked for; a second, silent click then hands it to the browser."""
    for button, action in ((view.download, actions.save_adapter), (view.predictions, actions.save_predictions)):
        button.click(friendly(action), None, button, api_name=action.__name__, show_progress="hidden")


def _wire_page_events(view: View, actions: Actions, show_panels: Callable) -> None:
    """Events of the two HTML components; their data comes with the event."""

    def moved(request: gr.Request, event: gr.EventData) -> None:
        actions.set_mask(event._data["beta"], event._data["gamma"], request)

    def renamed(request: gr.Request, event: gr.EventData) -> None:
        actions.rename_class(event._data["old"], event._data["new"], request)

    def removed(request: gr.Request, event: gr.EventData) -> None:
        actions.delete_class(event._data["name"], request)

    view.explorer.settings(friendly(moved), None, None, trigger_mode="always_last", **PRIVATE)
    show_panels(view.cards.rename(friendly(renamed), None, None, **PRIVATE).then)
    show_panels(view.cards.remove(friendly(removed), None, None, **PRIVATE).then)


def build_app(encoder: Encoder, encoder_name: str) -> gr.Blocks:
    """The whole app around a loaded encoder, with the first example already trained."""
    examples = Examples(encoder, encoder_name)
    actions = Actions(SessionStore(examples.first), EncoderShelf({encoder_name: encoder}), examples)
    examples.prepare()
    gr.set_static_paths([PLOTLY_JS])
    with gr.Blocks(title="LLU Explorer", analytics_enabled=False, delete_cache=UPLOADS_KEPT) as demo:
        wire(build_view(), actions, demo)
    return demo
