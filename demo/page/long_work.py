"""What takes turns: training, the choice of beta and gamma, and the comparison; each streams its place in line."""

import time
from collections.abc import Generator, Iterator
from typing import Any

import gradio as gr

from demo.hosting.host import Host
from demo.hosting.line import Cancelled, Turn
from demo.page.visitors import Visitors, visitor
from demo.payloads.explorer import systems_payload
from demo.payloads.summary import status_line, summary
from demo.payloads.tuning import tuned_panel, waiting_panel
from demo.session import comparison, training
from demo.session.session import Session
from llu_core.errors import LluError
from llu_core.method.recipes import recipe as recipe_named
from llu_core.steps import relay

Training = Generator[tuple[str, Any], None, tuple[Session, Session]]

WAIT_SECONDS = (0.5, 2.0)
"""Who waits hears of the place in line after the first, if the turn has not come, and then where it changes."""
SHOWN_SECONDS = 0.4
"""So often the page hears how far the work is. Whoever waits behind it also waits while a step is on its way there, so
that of work that is done sooner it hears nothing before the end."""


class LongWork:
    """Works on a visitor's session when the visitor's turn has come, and keeps the new one."""

    def __init__(self, host: Host):
        self.line, self.visitors = host.line, Visitors(host.store)

    def train(self, recipe: str, request: gr.Request) -> Iterator[tuple[str, Any]]:
        """Train an adapter on the set; streams its place in line and its progress, ends with the summary."""
        try:
            long = training.is_long(self.visitors.session(request))
            with self.line.turn(visitor(request), long=long) as turn:
                before, trained = yield from self._trained(turn, recipe, request)
        except Cancelled as cancelled:
            yield f"{str(cancelled).capitalize()}.", summary(self.visitors.session(request))
            return
        session = self.visitors.update(request, training.join_training, before, trained)
        yield status_line(session), summary(session)

    def _trained(self, turn: Turn, recipe: str, request: gr.Request) -> Training:
        """The session as it was when the turn came, and with its adapter."""

        shown = time.monotonic()

        def told(progress: training.Progress) -> tuple[str, Any] | None:
            nonlocal shown
            turn.check()
            if time.monotonic() - shown < SHOWN_SECONDS:
                return None
            shown = time.monotonic()
            detail = f" · {progress.detail}" if progress.detail else ""
            return f"{progress.phase} {progress.done}/{progress.total}{detail}", gr.skip()

        for words in _waiting(turn):
            yield words, gr.skip()
        before, shown = self.visitors.session(request), time.monotonic()
        trained = yield from relay(turn.each(training.train_adapter(before, recipe_named(recipe))), told)
        turn.check()
        return before, trained

    def cancel(self, request: gr.Request) -> bool:
        """Call off a training or comparison that waits or runs; whether there was one."""
        return self.line.cancel(visitor(request))

    def choose_mask(self, request: gr.Request) -> Generator[tuple[str, Any], None, None]:
        """Choose beta and gamma on held-out shots and classes of the training set; streams its place in line, ends
        with the reason as HTML and the summary."""
        with self.line.turn(visitor(request), long=True) as turn:
            for words in _waiting(turn):
                yield waiting_panel(words), gr.skip()
            before = self.visitors.session(request)
            with turn.watched(divisible=True):
                tuning = training.tuned(before)
        yield (
            tuned_panel(tuning),
            self.visitors.change(request, training.join_tuning, before.require_model(), tuning),
        )

    def compare(self, run: int, request: gr.Request) -> Generator[str, None, None]:
        """The rows of comparison `run` as the page draws them, one more at a time; an error ends it with a message."""
        session, rows = self.visitors.session(request), []
        try:
            with self.line.turn(visitor(request), long=True) as turn:
                for words in _waiting(turn):
                    yield systems_payload(session, run, rows, waiting=words)
                for row in turn.each(comparison.compare_systems(session.require_model()), divisible=True):
                    turn.check()
                    rows.append(row)
                    yield systems_payload(session, run, rows)
        except LluError as error:
            yield systems_payload(session, run, rows, message=str(error))
        except Exception:  # a defect of ours: the page still hears that the comparison is over
            told = "The next method failed; what is shown here is complete."
            yield systems_payload(session, run, rows, message=told)
            raise

    def compare_methods(self, request: gr.Request) -> list[dict[str, Any]]:
        """Train the compared systems on the set; accuracies in percent on its seen and unseen classes, and seconds."""
        model, rows = self.visitors.session(request).require_model(), []
        with self.line.turn(visitor(request), long=True) as turn:
            for _ in _waiting(turn):
                pass
            for row in turn.each(comparison.compare_systems(model), divisible=True):
                turn.check()
                rows.append(row.as_json())
        return rows


def _waiting(turn: Turn) -> Iterator[str]:
    """Tell the place in line, where it has changed, until the turn has come."""
    told, (seconds, longer) = 0, WAIT_SECONDS
    while ahead := turn.ahead(seconds):
        if ahead != told:
            yield f"Waiting: {ahead} {'training' if ahead == 1 else 'trainings'} before yours."
        told, seconds = ahead, longer
