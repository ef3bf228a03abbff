"""A model hub on this machine that breaks off downloads when told."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c0ffee" * 6 + "beef"


class FakeHub:
    """Serves the files of a folder as one repository. broken: large downloads end half-way."""

    def __init__(self, folder: Path):
        self.folder, self.broken, self.address = folder, False, ""

    @contextmanager
    def running(self) -> Iterator["FakeHub"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._start()

        def do_GET(self) -> None:
            data = self._start()
            if data is None:
                return
            if hub.broken and len(data) > 100_000:
                self.wfile.write(b"" if "Range" in self.headers else data[: len(data) // 2])
                self.close_connection = True
            else:
                self.wfile.write(data)

        def _start(self) -> bytes | None:
            path = hub.folder / self.path.rsplit("/", 1)[-1]
            if "/resolve/" not in self.path or not path.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None
            data = path.read_bytes()
            first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - first))
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            return data[first:]

        def log_message(self, format: str, *args) -> None:
            pass

    return Handler
