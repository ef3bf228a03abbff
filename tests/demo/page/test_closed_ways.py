"""What the running app does not do: fetch what a call names, keep what broke off, write what outlives a visit."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.app_fixtures import started

ALL_ARE_PUBLIC = "import safehttpx\nsafehttpx.is_public_ip = lambda address: True\n"
"""Without gradio's guard of private addresses, so that a test can see what would be fetched from public ones."""


@pytest.fixture(scope="module")
def own_app(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """(address of an app that takes every address for a public one, the folder for its temporary files)."""
    start, temporary = tmp_path_factory.mktemp("start"), tmp_path_factory.mktemp("temporary")
    (start / "sitecustomize.py").write_text(ALL_ARE_PUBLIC)
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(start), "TMPDIR": str(temporary),
    }  # fmt: skip
    with started(environment) as (address, _, _):
        yield address, temporary


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """(the address of a server that answers nothing, what it was asked)."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(1)
                    asked.append(connection.recv(1000))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/picture.png", asked
        finally:
            done.set()
            thread.join()


def called(address: str, name: str, *data) -> str:
    """The events with which a call ends."""
    call = f"{address}gradio_api/call/{name}"
    event = httpx.post(call, json={"data": data}, timeout=60).json()["event_id"]
    return httpx.get(f"{call}/{event}", timeout=60).text


def test_a_link_is_no_file(own_app):
    address, _ = own_app
    with listening() as (link, asked):
        file = {"path": link, "url": link, "meta": {"_type": "gradio.FileData"}}
        for name, data in (
            ("ask", [file]), ("add_pictures", [[file], "a"]), ("open_adapter", [file]), ("set_templates", [file]),
            ("rename_class", [file, "b"]), ("load_model", [file, ""]),
        ):  # fmt: skip
            ended = called(address, name, *data)
            assert "event: error" in ended, name
            assert "upload the file itself" in ended or "must be a text" in ended, name
        for route in ("file=", "file/", "proxy="):
            assert httpx.get(f"{address}gradio_api/{route}{link}").status_code == 404
        assert asked == []


def test_a_call_may_leave_out_what_has_a_default(own_app):
    address, _ = own_app
    assert "event: complete" in called(address, "add_pictures", None, "a")
    assert "event: error" in called(address, "add_pictures", None)


def uploads(folder: Path) -> list[Path]:
    return [path for path in folder.glob("llu-uploads-*/**/*") if path.is_file() and path.name != ".lock"]


def test_an_upload_that_breaks_off_leaves_no_file(own_app):
    address, folder = own_app
    port = int(address.rstrip("/").rpartition(":")[2])
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 5000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        'Content-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    )
    before = uploads(folder)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + b"a" * 1_000_000)
        _wait(lambda: len(uploads(folder)) > len(before))
    _wait(lambda: uploads(folder) == before)


def _wait(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def part(disposition: str, content: bytes) -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


A_FILE, END = part('name="files"; filename="a.png"', b"a" * 100_000), b"--x--\r\n"


@pytest.mark.parametrize("query", ["", "?upload_id=a"])
@pytest.mark.parametrize(
    ("form", "told"),
    [
        (A_FILE + part('name="files"', b"a") + END, "files only"),
        (A_FILE + part('name="other"', b"a" * 1_000_000) + END, "files only"),
        (A_FILE + part('name="other"; filename="b.png"', b"a") + END, "files only"),
        (A_FILE + part('name="files"; filename=".."', b"a") + END, "rename it"),
        (A_FILE + A_FILE, "in the middle of a file"),
    ],
)
def test_a_form_that_is_none_is_refused_in_a_sentence_and_leaves_no_file(own_app, query, form, told):
    address, folder = own_app
    before = uploads(folder)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{address}gradio_api/upload{query}", content=form, headers=headers)
    assert (answer.status_code, uploads(folder)) == (400, before)
    assert told in answer.text
    assert answer.text.endswith(".")


def test_a_form_without_a_sound_boundary_is_the_callers_fault(own_app):
    address, _ = own_app
    headers = {"Content-Type": f"multipart/form-data; boundary={'x' * 3000}"}
    answer = httpx.post(f"{address}gradio_api/upload", content=A_FILE, headers=headers)
    assert (answer.status_code, answer.text) == (400, "The form of the upload cannot be read.")


def test_no_link_outlives_a_visit(own_app):
    address, folder = own_app
    body = {"data": [], "session_hash": "somebody", "fn_index": _function(address, "summary")}
    httpx.post(f"{address}gradio_api/queue/join", json=body).raise_for_status()
    assert httpx.get(f"{address}gradio_api/deep_link", params={"session_hash": "somebody"}).status_code == 404
    assert not list(folder.glob("llu-uploads-*/deep_links/*"))


def _function(address: str, name: str) -> int:
    events = httpx.get(f"{address}config").json()["dependencies"]
    return next(event["id"] for event in events if event["api_name"] == name)


def test_other_pages_and_other_names_are_refused_with_one_sentence(own_app):
    address, _ = own_app
    call = f"{address}gradio_api/call/load_model"
    body = json.dumps({"data": ["picto", ""]})
    for headers in (
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Host": "localhost."},
        {"Host": "evil.example"},
    ):
        answer = httpx.post(call, content=body, headers={"Content-Type": "text/plain", **headers})
        assert answer.status_code == 403
        assert answer.json()["detail"].endswith(".")
    asked = {"Origin": "http://127.0.0.1:1", "Access-Control-Request-Method": "POST"}
    assert httpx.options(call, headers=asked).status_code == 403, "before gradio answers that a page may ask"
