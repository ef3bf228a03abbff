"""The training with a visitor's session around them; every public method is one action of the page."""

import hashlib
import shutil
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from demo.hosting.encoders import EncoderShelf
from demo.hosting.examples import Examples
from demo.hosting.line import Cancelled, Turn, WorkRoom
from demo.hosting.store import SessionStore
from demo.payloads.cards import cards_payload, cards_payload_of_features
from demo.payloads.explorer import explorer_payload, methods_payload, positions_payload, walk_payload
from demo.payloads.snippets import client_code, library_code
from demo.payloads.summary import status_line, summary
from demo.payloads.tuning import choose_mask, tuned_panel, waiting_panel
from demo.session import comparison, edits, queries, saving, training
from demo.session.draft import pictures_by_key, unseen_without_pictures
from demo.session.session import Session
from llu_core.errors import LluError
from llu_core.method.recipes import recipe as recipe_named

WAIT_SECONDS = 0.5


class Actions:
    """Reads a visitor's session, changes it and keeps the new one; a visitor's session never leaves here."""

    def __init__(self, store: SessionStore, encoders: EncoderShelf, examples: Examples, room: WorkRoom):
        self.store, self.encoders, self.examples, self.room = store, encoders, examples, room
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
        """Add a zip with one folder per class, or pictures of one class, to the set; or open a feature bundle."""
        session = self.session(request)
        return self._keep(request, edits.add_files(session, files, class_name)) if files else summary(session)

    def rename_class(self, old: str, new: str, request: gr.Request) -> dict[str, Any]:
        """Rename a class of the set."""
        return self._keep(request, edits.rename_class(self.session(request), old, new))

    def delete_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Delete a class of the set and its pictures."""
        return self._keep(request, edits.delete_class(self.session(request), name))

    def create_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Add a class that has no pictures yet to the set."""
        return self._keep(request, edits.create_class(self.session(request), name))

    def move_picture(self, picture: str, class_name: str, request: gr.Request) -> dict[str, Any]:
        """Give a picture of the set another class."""
        return self._keep(request, edits.move_picture(self.session(request), picture, class_name))

    def delete_picture(self, picture: str, request: gr.Request) -> dict[str, Any]:
        """Take a picture out of the set."""
        return self._keep(request, edits.delete_picture(self.session(request), picture))

    def undo(self, request: gr.Request) -> dict[str, Any]:
        """Take back the last change of the set; the adapter stays."""
        return self._keep(request, self.session(request).undone())

    def set_unseen_classes(self, names: str, request: gr.Request) -> dict[str, Any]:
        """Name further classes, separated by commas, that are told apart but not trained."""
        return self._keep(request, edits.set_unseen_classes(self.session(request), names))

    def set_templates(self, templates: str, request: gr.Request) -> dict[str, Any]:
        """Set the prompt templates, one a line, {} for the class name."""
        return self._keep(request, edits.set_templates(self.session(request), templates))

    def train(self, recipe: str, request: gr.Request) -> Iterator[tuple[str, Any]]:
        """Train an adapter on the set; streams its place in line and its progress, ends with the summary."""
        try:
            with self.room.turn(str(request.session_hash)) as turn:
                trained = yield from self._trained(turn, recipe, request)
        except Cancelled as cancelled:
            yield f"{str(cancelled).capitalize()}.", summary(self.session(request))
            return
        # what the visitor edited meanwhile stays
        session = replace(self.session(request), model=trained.model, beta=trained.beta, gamma=trained.gamma)
        yield status_line(session), self._keep(request, session)

    def _trained(self, turn: Turn, recipe: str, request: gr.Request) -> Generator[tuple[str, Any], None, Session]:
        for line in _waiting(turn):
            yield line, gr.skip()
        steps = training.train_adapter(self.session(request), recipe_named(recipe))
        while True:
            turn.check()
            try:
                progress = next(steps)
            except StopIteration as finished:
                return finished.value
            if progress.done % 5 == 0 or progress.done == progress.total:
                detail = f" · {progress.detail}" if progress.detail else ""
                yield f"{progress.phase} {progress.done}/{progress.total}{detail}", gr.skip()

    def cancel(self, request: gr.Request) -> bool:
        """Call off a training or comparison that waits or runs; whether there was one."""
        return self.room.cancel(str(request.session_hash))

    def choose_mask(self, request: gr.Request) -> Iterator[tuple[str, Any]]:
        """Choose beta and gamma on held-out shots and classes of the training set; streams its place in line, ends
        with the reason as HTML and the summary."""
        with self.room.turn(str(request.session_hash)) as turn:
            for line in _waiting(turn):
                yield waiting_panel(line), gr.skip()
            session, tuning = choose_mask(self.session(request))
        yield tuned_panel(tuning), self._keep(request, session)

    def set_mask(self, beta: float, gamma: float | str, request: gr.Request) -> dict[str, Any]:
        """Move beta (0 to 1) and gamma (0 to "inf"); nothing is retrained."""
        try:
            session = training.set_mask(self.session(request), float(beta), float(gamma))
        except ValueError:
            raise LluError(f"beta {beta!r} and gamma {gamma!r} must be numbers; gamma may be inf") from None
        return self._keep(request, session)

    def ask(self, picture: str | None, request: gr.Request) -> dict[str, Any]:
        """Ask both models about a picture; it joins the map, and nothing is retrained."""
        session = self.session(request)
        if picture is None:
            return {}
        session = queries.add_query(session, picture)
        self._keep(request, session)
        return queries.as_json(queries.answer(session, len(queries.require_model(session).queries) - 1))

    def remove_query(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Take a picture that was asked about off the map."""
        return self._keep(request, queries.remove_query(self.session(request), name))

    def add_class(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Let a further class join both predictions at once, without training."""
        return self._keep(request, queries.add_classes(self.session(request), [name]))

    def open_link(self, link: str, request: gr.Request) -> dict[str, Any]:
        """Load the example that the fragment of a copied link names."""
        session = self.session(request)
        title = parse_qs(link.lstrip("#")).get("set", [""])[0]
        if not title or title == session.preset:
            return summary(session)
        return self._keep(request, self.examples.get(session, title))

    def get_pictures(self, request: gr.Request) -> list[dict[str, str]]:
        """The pictures of the set: key (for move_picture and delete_picture), class, part and name."""
        draft = self.session(request).draft
        return [
            {"key": key, "class": draft.class_names[picture.label], "part": part, "name": picture.name}
            for key, (part, picture) in pictures_by_key(draft).items()
        ]

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
        return self._keep(request, training.clear(self.session(request)))

    def forget_visitor(self, request: gr.Request) -> None:
        self.room.cancel(str(request.session_hash))
        self.store.drop(str(request.session_hash))
        shutil.rmtree(self._folder(request), ignore_errors=True)

    def close(self) -> None:
        """Delete the files that were on their way to browsers; nothing more is prepared."""
        self.examples.close()
        self._downloads.cleanup()

    def draw_umap(self, request: gr.Request) -> str:
        before = self.session(request)
        drawn = training.draw_umap(before)
        now = self.session(request)
        if now.model is not None and drawn.model is not None and now.model.id == drawn.model.id:
            now = replace(now, model=replace(now.model, projection=drawn.model.projection))
            self.store.put(str(request.session_hash), now)
        return positions_payload(now)

    def walk(self, event: dict[str, Any], request: gr.Request) -> str:
        return walk_payload(self.session(request), int(event["anchor"]), str(event["kind"]), int(event["index"]))

    def compare(self, run: int, request: gr.Request) -> Iterator[str]:
        """The rows of comparison `run` as the page draws them, one more at a time; an error ends it with a message."""
        session, rows = self.session(request), []
        try:
            with self.room.turn(str(request.session_hash)) as turn:
                for line in _waiting(turn):
                    yield methods_payload(session, run, rows, waiting=line)
                for row in comparison.compare_methods(queries.require_model(session)):
                    turn.check()
                    rows.append(row)
                    yield methods_payload(session, run, rows)
        except LluError as error:
            yield methods_payload(session, run, rows, message=str(error))
        except Exception:  # a defect of ours: the page still hears that the comparison is over
            told = "The next method failed; what is shown here is complete."
            yield methods_payload(session, run, rows, message=told)
            raise

    def compare_methods(self, request: gr.Request) -> list[dict[str, Any]]:
        """Train the compared systems on the set; accuracies in percent on its seen and unseen classes, and seconds."""
        model, rows = queries.require_model(self.session(request)), []
        with self.room.turn(str(request.session_hash)) as turn:
            for _ in _waiting(turn):
                pass
            for row in comparison.compare_methods(model):
                turn.check()
                rows.append(row.as_json())
        return rows

    def render_panels(self, request: gr.Request) -> list[Any]:
        """The left column and the model line, as the session has them."""
        session = self.session(request)
        return [
            f"Model: **{session.encoder.title}**. {session.encoder.note}",
            session.preset,
            _cards(session),
            ", ".join(unseen_without_pictures(session.draft)),
            "\n".join(session.source.templates),
            gr.update(interactive=session.why_not_trainable() is None),
            status_line(session),
            *self.render_code(request),
        ]

    def render_code(self, request: gr.Request) -> list[str]:
        session = self.session(request)
        address = str(request.request.base_url) if request.request is not None else ""
        return [library_code(session), client_code(session, address)]

    def render_explorer(self, request: gr.Request) -> str:
        return explorer_payload(self.session(request))

    def render_answer(self, request: gr.Request) -> tuple[str, None]:
        """The explorer with the newest query selected, and an empty place for the next picture."""
        session = self.session(request)
        model = session.model
        row = len(model.row_names) - 1 if model is not None and len(model.queries) else None
        return explorer_payload(session, select=row), None


def _waiting(turn: Turn) -> Iterator[str]:
    """Tell the place in line until the turn has come."""
    while ahead := turn.ahead(WAIT_SECONDS):
        yield f"Waiting: {ahead} {'training' if ahead == 1 else 'trainings'} before yours."


def _cards(session: Session) -> str:
    shown: Any = {
        "changed": session.changed_since_training,
        "undo": session.history[-1].label if session.history else None,
        "limits": session.limits,
    }
    if session.features is not None:
        return cards_payload_of_features(session.features, **shown)
    return cards_payload(session.draft, **shown)
