"""Loading another model for a visitor: its download, the reading of the set with it, and the way back from both."""

from collections.abc import Generator, Iterator
from typing import Any

import gradio as gr

from demo.hosting.host import Host
from demo.hosting.line import Cancelled
from demo.hosting.loads import Visit
from demo.page.visitors import Visitors, visitor
from demo.payloads.models import bar_panel, message_panel, step_panel
from demo.payloads.summary import summary
from demo.session import models
from demo.session.training import Progress, is_long
from llu_core.encoders.backbones import parse_backbone
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.hub import LoadingStep
from llu_core.encoders.loading import CannotLoad
from llu_core.encoders.locating import known_width
from llu_core.errors import LluError
from llu_core.steps import relay

Shown = tuple[str, Any]
WAIT_SECONDS = 0.25
AS_IT_WAS = "everything is as it was"


class ModelLoading:
    """Gives a visitor's session another model when it has come and has read the set; before that nothing changes."""

    def __init__(self, host: Host):
        self.host, self.visitors = host, Visitors(host.store)

    def load_model(self, name: str, checkpoint: str | None, request: gr.Request) -> Iterator[Shown]:
        """Load another CLIP model and read the set with it; streams its progress, ends with the summary. An adapter
        that was trained on pictures is dropped then, the pictures stay."""
        try:
            with self.host.encoders.loads.visit(visitor(request)) as visit:
                encoder = yield from self._loaded(name, (checkpoint or "").strip() or None, visit, request)
                yield from self._read(encoder, visit, request)
                visit.check()
                changed = self.visitors.change(request, models.with_model, encoder, name)
        except Cancelled:
            yield message_panel(f"Called off; {AS_IT_WAS}."), summary(self.visitors.session(request))
            return
        except LluError as error:
            told = LluError(f"{_in_words(error)}; {AS_IT_WAS}")
            yield message_panel(f"{told}."), gr.skip()
            raise told from error
        yield message_panel(f"{encoder.title} reads everything now{_what_next(changed)}."), changed

    def load_ahead(self, request: gr.Request) -> None:
        """Begin to load what reads pictures: the visitor is about to bring some."""
        self.host.encoders.load_ahead()

    def cancel_model(self, request: gr.Request) -> bool:
        """Call off a model that is being loaded; whether there was one."""
        return self.host.encoders.loads.cancel(visitor(request))

    def _loaded(
        self, name: str, checkpoint: str | None, visit: Visit, request: gr.Request
    ) -> Generator[Shown, None, Encoder]:
        self.host.encoders.require_open(name, checkpoint)
        backbone, _ = parse_backbone(name, checkpoint)
        yield step_panel(LoadingStep("Downloading"), backbone.megabytes), gr.skip()
        width = known_width(backbone)
        if width is not None:  # what cannot be used is not downloaded
            models.require_fits(self.visitors.session(request), backbone.title, width)
        steps = self.host.encoders.load_steps(name, checkpoint, visit)
        encoder = yield from relay(steps, lambda step: (step_panel(step, backbone.megabytes), gr.skip()))
        models.require_fits(self.visitors.session(request), encoder.title, encoder.width, encoder.identity)
        return encoder

    def _read(self, encoder: Encoder, visit: Visit, request: gr.Request) -> Iterator[Shown]:
        """Takes a turn in the line like a training, which would read the set otherwise."""

        def told(step: Progress) -> Shown:
            visit.check()
            return bar_panel(f"{step.phase}: {step.done} of {step.total} pictures", step.done, step.total), gr.skip()

        with self.host.line.turn(visitor(request), long=is_long(self.visitors.session(request))) as turn:
            visit.turn = turn
            visit.check()
            while ahead := turn.ahead(WAIT_SECONDS):
                yield bar_panel(f"Waiting to read the set again: {ahead} before you", None, None), gr.skip()
            session = self.visitors.session(request)
            yield from relay(turn.each(models.read_steps(session, encoder)), told)


def _in_words(error: LluError) -> str:
    """What is wrong and what to do, without what only a command line can do."""
    if isinstance(error, CannotLoad):
        return f"{error.name} cannot be loaded: {error.reason}; {error.remedy}"
    return str(error).rstrip(".")


def _what_next(changed: dict[str, Any]) -> str:
    return "" if changed["trained"] else "; train to see it on the map"
