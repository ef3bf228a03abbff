"""Building the app from its settings, and running it until it is told to stop."""

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware

from demo.hosting import logs
from demo.hosting.broken import Broken
from demo.hosting.encoders import embedded_encoder, load_encoder
from demo.hosting.folders import forget_old_files, own_folder
from demo.hosting.gate import Gate
from demo.hosting.gate.login import Login
from demo.hosting.gate.origins import Origins
from demo.hosting.host import Host
from demo.hosting.machine.memory import give_back
from demo.hosting.machine.threads import join_all
from demo.hosting.versions import versions
from demo.page.leftovers import swept
from demo.page.views import LAUNCH
from demo.page.wiring import build_app
from demo.payloads.explorer import explorer_payload
from demo.session.readers import Reader
from demo.settings import EMBEDDED, MB, Settings
from llu_core.errors import LluError, one_line
from llu_core.terminal import remark, say

THREADS = 40
"""So many calls are answered at once; those that wait in line have a thread each besides."""
LAST_SECONDS = 10.0
"""A training that runs when the app is told to stop may go on for so long."""
TIDY_SECONDS = 60.0
WORKER = "AnyIO worker thread"
"""What the threads are called in which calls are answered; those that are still under way at the end may end too."""


@dataclass(frozen=True, eq=False)
class App:
    """demo: what Hugging Face Spaces and `gradio` look for; launch() serves it and returns when it was stopped."""

    demo: Any
    host: Host
    settings: Settings
    stopping: threading.Event = field(default_factory=threading.Event)

    def launch(self) -> None:
        logs.log_to_stderr()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            self.demo.launch(**launch_options(self.settings, self.health))
        except OSError as error:  # the port was taken meanwhile, or all that gradio tries are
            remark(f"error: the app cannot be served ({one_line(error)})")
            raise SystemExit(2) from None
        logs.take_over()
        self.host.examples.prepare(explorer_payload)  # not before: a new server first of all answers itself
        logs.event("started", model=self.settings.model, versions=versions())
        while not self.stopping.wait(TIDY_SECONDS):
            self.host.forget_old()
            forget_old_files(Path(_uploads.name))
            give_back()
        logs.event("stopping", trainings=len(self.host.line))
        self.host.line.close(LAST_SECONDS)
        self.demo.close(verbose=False)
        self.host.close()
        join_all([thread for thread in threading.enumerate() if thread.name == WORKER], LAST_SECONDS)
        logs.event("stopped")

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Tells whether visitors are served, and how many there are; nothing about any one of them."""
        stopping = self.stopping.is_set()
        return not stopping, {
            "status": "stopping" if stopping else "ok",
            "versions": versions(),
            "model": self.settings.model,
            "visitors": len(self.host.store),
            "held_mb": round(self.host.store.held_bytes / MB, 1),
            "trainings": len(self.host.line),
        }

    def _stop(self, number: int, frame: Any) -> None:
        if self.stopping.is_set():  # asked twice
            os._exit(1)
        self.stopping.set()


def build(settings: Settings) -> App:
    """The app with its model; where the chosen one cannot be had, with the embedded ones, saying so."""
    os.environ["GRADIO_TEMP_DIR"] = _uploads.name  # read when components are made
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")  # of calls, with the visitor's name; nothing reads it
    examples = _reader(settings.model, Settings.model)
    if examples.name != settings.model:  # then each has its own again
        settings = replace(settings, model=Settings.model, own_model=Settings.own_model)
    own = None if settings.own_model == settings.model else _reader(settings.own_model, Settings.own_model)
    host = Host.of(examples.encoder, settings, own=own)
    return App(build_app(host, settings), host, settings)


def _reader(name: str, instead: str) -> Reader:
    """The model of that name; where it cannot be had, the embedded one `instead`, saying so."""
    try:
        return Reader(name, embedded_encoder(name) if name in EMBEDDED else load_encoder(name))
    except LluError as error:
        say(f"{error}\nGoing on with the embedded model {instead}.")
        return Reader(instead, embedded_encoder(instead))


def launch_options(settings: Settings, health: Callable[[], tuple[bool, dict[str, Any]]]) -> dict[str, Any]:
    """The options of `gr.Blocks.launch`."""
    login = Login() if settings.login else None

    @asynccontextmanager
    async def life(app: Any) -> AsyncIterator[None]:
        # Around everything of gradio's: as a middleware of its own it would come after those that answer other pages.
        origins = Origins.of(settings)
        app.middleware_stack = Gate(app.middleware_stack, settings.limits, health, origins, login, mcp=settings.mcp)
        async with swept(app):
            yield

    return LAUNCH | {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": settings.share,
        "mcp_server": settings.mcp,
        "auth": settings.login,
        "max_file_size": settings.limits.upload_mb * MB,
        "max_threads": THREADS + settings.limits.waiting,
        "app_kwargs": {"lifespan": life, "middleware": [Middleware(Broken)]},
        "prevent_thread_lock": True,
    }


_uploads = own_folder("llu-uploads-")
"""A folder of this process alone: gradio's own is the same for all users of a machine, and stays."""
