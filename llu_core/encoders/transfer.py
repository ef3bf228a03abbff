"""One file from an address to its place on disk: whole and checked, or not at all, and called off at once."""

import hashlib
import re
import shutil
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from llu_core.errors import LluError, one_line
from llu_core.files.writing import write_whole

TRIES, PAUSE_SECONDS = 3, 1.0
"""A broken download goes on where it was; when nothing new came so many times in a row, it is given up."""
CHUNK = 2**18
AGAIN = "try again, or later where that does not help"
ROOM = "make room there, or let HF_HOME name a folder on another disk"
WEB_PAGE = "log in to the network with a browser where it asks for that, or check HF_ENDPOINT, and try again"
OTHER = "take another model"

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FilesUnavailable(LluError):
    """A configuration or weights that could not be had, as opposed to ones that are wrong; remedy: what to do."""

    def __init__(self, reason: object, remedy: str = OTHER):
        super().__init__(reason)
        self.remedy = remedy


class CalledOff(LluError):
    """Nobody wants the file any more."""


class Transfer:
    """How far a download is, in bytes; total: None where nobody has said."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self._cancelled = threading.Event()
        self._connection: Any = None

    def cancel(self) -> None:
        """End it, also while it waits for bytes; one that waits for an address to answer ends when that has."""
        self._cancelled.set()
        with suppress(Exception):  # there is none, it is closed in this very moment, or it is of another kind
            self._connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def follow(self, response: Any) -> None:
        """Remember the connection of a response, to end it with."""
        self._connection = response.extensions.get("network_stream")
        self.check()

    def check(self) -> None:
        """Raise CalledOff once it is."""
        if self._cancelled.is_set():
            raise CalledOff("it was called off")

    def pause(self, seconds: float) -> None:
        """Wait, unless it is called off."""
        self._cancelled.wait(seconds)
        self.check()

    def __str__(self) -> str:
        return megabytes(self.done) + ("" if self.total is None else f" of {megabytes(self.total)}")


def download(client: Any, request: dict[str, Any], place: Path, transfer: Transfer, *, digest: str, most: int) -> None:
    """Put what `request` (url, headers, timeout) brings at `place`, in a folder that is there.

    client: the hub's; transfer.total: the bytes that were announced; digest: what the hub calls the content, a sha256
    of large files; most: bytes at most. Raises FilesUnavailable for what is too large or other than announced, for a
    disk without room and for a connection that stays broken; CalledOff; and what the hub's client makes of a refusal.
    """
    _require(transfer.total, most)
    require_room(place.parent, transfer.total or 0)
    write_whole(place, lambda file: _receive(client, request, _Incoming(file, transfer, most), digest))


def require_room(folder: Path, size: int) -> None:
    """Raise FilesUnavailable where the disk of `folder` has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise FilesUnavailable(f"it takes {megabytes(size)}, and the disk of {folder} has {megabytes(free)} free", ROOM)


def megabytes(size: int) -> str:
    """In words, 10^6 bytes each."""
    if size < 10_000:
        return f"{size:,} bytes"
    return f"{size / 1e6:,.{0 if size >= 10e6 else 1}f} MB"


class _Incoming:
    """The file as far as it has come, and the sha256 of that."""

    def __init__(self, file: IO[bytes], transfer: Transfer, most: int):
        self.transfer = transfer
        self._file, self._most = file, min(most, transfer.total or most)
        self._sha = hashlib.sha256()

    @property
    def whole(self) -> bool:
        return self.transfer.total is None or self.transfer.done >= self.transfer.total

    @property
    def sha256(self) -> str:
        return self._sha.hexdigest()

    def restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._sha, self.transfer.done = hashlib.sha256(), 0

    def append(self, chunk: bytes) -> None:
        self.transfer.check()
        _require(self.transfer.done + len(chunk), self._most)
        self._file.write(chunk)
        self._sha.update(chunk)
        self.transfer.done += len(chunk)


def _require(size: int | None, most: int) -> None:
    if size is not None and size > most:
        raise FilesUnavailable(f"a file of it is larger than the {megabytes(most)} that it may have")


def _receive(client: Any, request: dict[str, Any], incoming: _Incoming, digest: str) -> None:
    import httpx2  # the client of huggingface_hub, which takes a moment to import

    transfer, failures = incoming.transfer, 0
    while True:
        before, told = transfer.done, "it ended early"
        try:
            _stream(client, request, incoming)
            if incoming.whole:
                break
        except httpx2.TransportError as error:
            transfer.check()  # it may be broken because somebody wanted it to be
            told = one_line(error, 80)
        failures = 0 if transfer.done > before else failures + 1
        if failures >= TRIES:
            raise FilesUnavailable(f"the connection broke after {transfer} ({told})", AGAIN)
        transfer.pause(PAUSE_SECONDS)
    if _SHA256.fullmatch(digest) and incoming.sha256 != digest:
        raise FilesUnavailable(f"what came ({transfer}) is not what the hub announced, by its checksum", AGAIN)


def _stream(client: Any, request: dict[str, Any], incoming: _Incoming) -> None:
    """Append what comes from where the file ends on."""
    from huggingface_hub.utils import hf_raise_for_status

    done = incoming.transfer.done
    headers = request["headers"] | ({"Range": f"bytes={done}-"} if done else {})
    with client.stream("GET", **(request | {"headers": headers})) as response:
        incoming.transfer.follow(response)
        hf_raise_for_status(response)
        if "text/html" in response.headers.get("content-type", ""):
            raise FilesUnavailable("a web page came in place of its file", WEB_PAGE)
        if response.status_code != 206:  # from the beginning, whatever was asked for
            incoming.restart()
        for chunk in response.iter_bytes(CHUNK):
            incoming.append(chunk)
