"""Building the app from its settings, and running it until it is told to stop."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.middleware import Middleware

from demo.hosting import logs
from demo.hosting.broken import Broken
from demo.hosting.encoders import embedded_later, load_encoder
from demo.hosting.gate import Gate
from demo.hosting.host import Host
from demo.hosting.versions import versions
from demo.page.views import LAUNCH
from demo.page.wiring import build_app
from demo.settings import EMBEDDED, MB, Settings
from llu_core.errors import LluError

THREADS = 40
"""So many calls are answered at once; those that wait in line have a thread each besides."""
LAST_SECONDS = 10.0
"""A training that runs when the app is told to stop may go on for so long."""
TIDY_SECONDS = 60.0


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
        self.demo.launch(**launch_options(self.settings, self.health))
        logs.take_over()
        self.host.examples.prepare()  # not before: the first thing that a new server does is to answer itself
        logs.event("started", model=self.settings.model, versions=versions())
        while not self.stopping.wait(TIDY_SECONDS):
            self.host.forget_old()
        logs.event("stopping", trainings=len(self.host.line))
        self.host.line.close(LAST_SECONDS)
        self.demo.close(verbose=False)
        self.host.close()
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
    """The app with its model; where the chosen one cannot be had, with the embedded one, saying so."""
    os.environ["GRADIO_TEMP_DIR"] = _uploads.name  # read when components are made
    try:
        encoder = embedded_later() if settings.model == EMBEDDED else load_encoder(settings.model)
    except LluError as error:
        print(f"{error}\nGoing on with the embedded model.", flush=True)
        settings = replace(settings, model=EMBEDDED)
        encoder = embedded_later()
    host = Host.of(encoder, settings)
    return App(build_app(host, settings), host, settings)


def launch_options(settings: Settings, health: Callable[[], tuple[bool, dict[str, Any]]]) -> dict[str, Any]:
    """The options of `gr.Blocks.launch`."""
    gate = Middleware(Gate, limits=settings.limits, health=health)
    return LAUNCH | {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": settings.share,
        "auth": settings.login,
        "max_file_size": settings.limits.upload_mb * MB,
        "max_threads": THREADS + settings.limits.waiting,
        "app_kwargs": {"middleware": [gate, Middleware(Broken)]},
        "prevent_thread_lock": True,
    }


_uploads = tempfile.TemporaryDirectory(prefix="llu-uploads-")
"""A folder of this process alone: gradio's own is the same for all users of a machine, and stays."""
