"""A model hub on this machine, which breaks in every way that it is told to."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest

COMMIT = "c0ffee" * 6 + "beef"
LARGE = 100_000
"""Files of more bytes are what goes wrong."""
PAGE = b"<!doctype html><title>Please log in to this network</title>"
PIECE = 16_384

Fault = Literal["", "drops", "once", "stalls", "other", "page", "portal", "endless", "slow"]
"""drops: large files end half-way, always; once: only the first time; stalls: half-way nothing comes any more; other:
their bytes are others than announced; page: a web page comes in their place; portal: one answers everything; endless:
more comes than was announced; slow: they come in pieces, with a pause after each."""


class FakeHub:
    """Serves the files of a folder as any repository. status: what it answers instead, if not 200."""

    def __init__(self, folder: Path):
        self.folder, self.address = folder, ""
        self.fault: Fault = ""
        self.status, self.pause = 200, 0.01
        self.downloads, self.sent = list[str](), 0
        self.closing = threading.Event()

    @contextmanager
    def running(self) -> Iterator["FakeHub"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            server.shutdown()
            server.server_close()
            thread.join()


@contextmanager
def hub_for(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub for this process, with a cache of its own."""
    from huggingface_hub import constants

    with FakeHub(folder).running() as hub:
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        addresses = f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", addresses)
        yield hub


def copied(model: str, folder: Path) -> Path:
    """The files of a `local-dir:` model, copied to a folder that may be changed."""
    return Path(shutil.copytree(model.removeprefix("local-dir:"), folder))


def kept(cache: Path) -> list[Path]:
    """Every large file in a hub's cache, whole or not."""
    return [path for path in cache.rglob("*") if path.is_file() and path.stat().st_size > LARGE // 2]


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._start()

        def do_GET(self) -> None:
            data = self._start()
            if data is not None:
                hub.downloads.append(self.path)
                try:
                    self._send(data, hub.fault if len(data) > LARGE // 2 else "")
                except OSError:  # whoever asked has gone
                    self.close_connection = True

        def _send(self, data: bytes, fault: str) -> None:
            half = data[: len(data) // 2]
            if fault in ("drops", "once"):
                self._write(b"" if fault == "drops" and "Range" in self.headers else half)
                hub.fault = "" if fault == "once" else hub.fault
                self.close_connection = True
            elif fault == "stalls":
                self._write(half)
                hub.closing.wait(60)
            elif fault == "slow":
                for start in range(0, len(data), PIECE):
                    self._write(data[start : start + PIECE])
                    time.sleep(hub.pause)
            else:
                self._write(bytes(len(data)) if fault == "other" else data)

        def _write(self, data: bytes) -> None:
            self.wfile.write(data)
            hub.sent += len(data)

        def _start(self) -> bytes | None:
            path = hub.folder / self.path.rsplit("/", 1)[-1]
            if hub.fault == "portal":
                return self._page()
            if hub.status != 200 or "/resolve/" not in self.path or not path.is_file():
                return self._refuse()
            data = path.read_bytes()
            if hub.fault == "page" and self.command == "GET" and len(data) > LARGE:
                return self._page()
            first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            if hub.fault == "endless" and self.command == "GET" and len(data) > LARGE:
                data += bytes(LARGE)
            self.send_header("Content-Length", str(len(data) - first))
            self.end_headers()
            return data[first:]

        def _refuse(self) -> None:
            self.send_response(404 if hub.status == 200 else hub.status)
            if hub.status == 200:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _page(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(PAGE)

        def log_message(self, format: str, *args) -> None:
            pass

    return Handler
