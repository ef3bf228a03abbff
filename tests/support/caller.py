"""Calls of the app over HTTP, as its documented two requests a call, at next to no cost to whoever makes many.

gradio_client takes as long for a call as the app: thirty of them on the app's machine would be measured, not the app.
"""

import http.client
import json
import secrets
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from support.app_fixtures import PATIENCE


class CallFailed(RuntimeError):
    """The app answered with an error, or not in the way that it documents."""


class Caller:
    """One visitor, with one connection that stays open; not to be shared between threads."""

    def __init__(self, address: str):
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
        self._session = secrets.token_hex(8)

    def upload(self, file: Path) -> dict[str, Any]:
        """The file as a call names it, after it was sent."""
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n'
        body = b"".join((f"{head}\r\n".encode(), file.read_bytes(), f"\r\n--{boundary}--\r\n".encode()))
        sent = self._ask("POST", "upload", body, f"multipart/form-data; boundary={boundary}")
        return {"path": json.loads(sent)[0], "orig_name": file.name, "meta": {"_type": "gradio.FileData"}}

    def call(self, name: str, *arguments: Any) -> list[Any]:
        """What an endpoint answers in the end."""
        body = json.dumps({"data": arguments, "session_hash": self._session}).encode()
        event = json.loads(self._ask("POST", f"call/{name}", body, "application/json"))["event_id"]
        *_, last = self._ask("GET", f"call/{name}/{event}").decode().strip().split("\n\n")
        kind, _, data = last.partition("\ndata: ")
        if kind != "event: complete":
            raise CallFailed(f"{name}: {last[:300]}")
        return json.loads(data)

    def download(self, file: dict[str, Any]) -> bytes:
        """A file that a call has answered with."""
        return self._ask("GET", f"file={quote(file['path'])}")

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, route: str, body: bytes | None = None, kind: str | None = None) -> bytes:
        self._connection.request(method, f"/gradio_api/{route}", body, {"Content-Type": kind} if kind else {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise CallFailed(f"{route}: {answer.status} {content[:300].decode(errors='replace')}")
        return content
