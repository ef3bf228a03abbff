"""How much of a body is read: what has come is counted, whatever the request says about itself."""

import json

import pytest
from starlette.formparsers import MultiPartException

from demo.hosting.gate import Gate, bodies
from demo.hosting.gate.bodies import CALL_BYTES, Refusal, check_json
from demo.settings import MB, Limits
from support.requests import Body, Reader, answered

CALL, UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"
CHUNKED = (b"transfer-encoding", b"chunked")


def gate(app, **limits) -> Gate:
    return Gate(app, Limits(**limits), lambda: (True, {}))


def length(number: int) -> tuple[bytes, bytes]:
    return (b"content-length", str(number).encode())


@pytest.mark.parametrize("headers", [[CHUNKED], [length(10), CHUNKED], [length(10)]])
def test_a_call_is_read_no_further_than_its_limit(headers):
    app, body = Reader(), Body(*[b" " * MB] * 300)
    status, answer = answered(gate(app), CALL, body, headers=headers)
    assert (status, app.called) == (413, False)
    assert "at most 2 MB" in answer["detail"]
    assert body.taken <= CALL_BYTES + MB


def test_a_call_that_says_it_is_too_long_is_not_read():
    app, body = Reader(), Body(b"[" * MB, b"[" * MB, b"[" * MB)
    assert answered(gate(app), CALL, body, headers=[length(3 * MB)])[0] == 413
    assert (app.called, body.taken) == (False, 0)


@pytest.mark.parametrize(
    "text", [b"[" * MB, b"[]," * 100_000, b'{"a":' * 100, b"1," * 60_000, b'{"a":[' + b"[" * 70 + b"]" * 70 + b"]}"]
)
def test_a_call_of_many_or_deep_values_is_never_parsed(text):
    app = Reader()
    status, answer = answered(gate(app), CALL, Body(text), headers=[CHUNKED])
    assert (status, app.called) == (413, False)
    assert "more values, or deeper ones" in answer["detail"]


def test_a_call_reaches_the_app_as_it_came():
    app = Reader()
    parts = [b'{"data": [', b'"{} of a, b"', b"]}"]
    assert answered(gate(app), CALL, Body(*parts), headers=[length(24)])[0] == 200
    assert app.told == b"".join(parts)


def test_the_largest_call_of_the_page_passes():
    """As many pictures as a set may have, uploaded one by one and named in one call."""
    path = f"/tmp/llu-uploads-abcdefgh/{'0' * 64}/a photograph of some length.jpg"
    file = {
        "path": path, "url": f"http://127.0.0.1:7860/gradio_api/file={path}", "orig_name": "a photograph.jpg",
        "size": 123_456, "mime_type": "image/jpeg", "is_stream": False, "meta": {"_type": "gradio.FileData"},
    }  # fmt: skip
    body = json.dumps({"data": [[file] * Limits().pictures, "class"], "fn_index": 1, "session_hash": "a"}).encode()
    assert len(body) < CALL_BYTES
    check_json(body)
    with pytest.raises(Refusal):
        check_json(json.dumps({"data": [[file] * 10 * Limits().pictures]}).encode())


def test_a_call_that_breaks_off_is_no_call():
    app = Reader()
    assert answered(gate(app), CALL, Body(b'{"data":', broken=True), headers=[length(24)]) == (0, None)
    assert not app.called


def test_a_call_that_stalls_is_given_up(monkeypatch):
    async def never():
        await bodies.asyncio.sleep(30)

    monkeypatch.setattr(bodies, "STALLED", 0.01)
    status, answer = answered(gate(Reader()), CALL, never, headers=[length(24)])  # pyright: ignore[reportArgumentType]
    assert (status, answer["detail"]) == (408, "Nothing came for a minute; send it again.")


class Form(Reader):
    """Ends as gradio's parser of forms does."""

    ended = ""

    async def __call__(self, scope, receive, send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except MultiPartException as end:
            self.ended = end.message
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b"not this"})


@pytest.mark.parametrize("headers", [[length(10)], [length(10), CHUNKED]])
def test_an_upload_is_counted_as_it_comes(headers):
    app, body = Form(), Body(*[b"a" * MB] * 300)
    status, answer = answered(gate(app, upload_mb=2), UPLOAD, body, headers=headers)
    assert status == 413
    assert app.ended == answer == "The files are too large together; the page takes 2 MB at a time."
    assert body.taken <= 4 * MB


def test_uploads_of_one_address_are_bounded_by_what_came():
    door = gate(Form(), upload_mb=2, uploads_mb=5)

    def upload() -> int:
        return answered(door, UPLOAD, Body(b"a" * MB, b"a" * MB), headers=[length(10), CHUNKED])[0]

    assert [upload() for _ in range(3)] == [200, 200, 429]


def test_an_upload_that_breaks_off_ends_for_its_parser():
    app = Form()
    answered(gate(app), UPLOAD, Body(b"a" * MB, broken=True), headers=[length(3 * MB)])
    assert app.ended == "The upload was broken off."


def test_a_closed_route_reads_nothing():
    app, body = Reader(), Body(b"a" * MB)
    assert answered(gate(app), "/gradio_api/process_recording", body, headers=[CHUNKED])[0] == 404
    assert (app.called, body.taken) == (False, 0)
