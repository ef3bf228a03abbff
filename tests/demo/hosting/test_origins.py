"""By which names the app is asked, and by which pages."""

import pytest
from starlette.datastructures import Headers

from demo.hosting.gate.origins import Origins
from demo.settings import Settings

OWN = "127.0.0.1:7860"


def refusal(settings: Settings, method: str = "POST", route: str = "/gradio_api/queue/join", **headers: str):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Origins.of(settings).refusal(method, route, Headers(raw=raw))


@pytest.mark.parametrize("bound", ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.2"])
@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "LOCALHOST:80", "[::1]", "[::1]:7860"])
def test_a_loopback_bind_is_asked_by_the_loopback_names(bound, host):
    assert refusal(Settings(host=bound), "GET", "/", host=host) is None


@pytest.mark.parametrize(
    "host",
    ["localhost.", "localhost.:7860", "evil.example:7860", "127.0.0.1.nip.io", "", "[::1", "0.0.0.0"],
)
def test_a_loopback_bind_is_asked_by_no_other_name(host):
    assert "on its own machine" in str(refusal(Settings(), "GET", "/", host=host))
    assert refusal(Settings(), "GET", "/") is not None, "without any"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "GET"])
@pytest.mark.parametrize(
    "origin",
    ["http://127.0.0.1:7861", "http://localhost:7860", "https://evil.example", "null", "http://127.0.0.1.:7860"],
)
def test_a_loopback_bind_answers_no_other_page(method, origin):
    assert "another site" in str(refusal(Settings(), method, host=OWN, origin=origin))


def test_the_page_itself_and_a_program_are_answered():
    assert refusal(Settings(), host=OWN, origin=f"http://{OWN}") is None
    assert refusal(Settings(), host=OWN) is None


def test_a_page_cannot_call_itself_the_apps_own():
    told = {"x_forwarded_host": "evil.example", "host": OWN, "origin": "http://evil.example"}
    assert refusal(Settings(), **told) is not None


NETWORK = Settings(host="0.0.0.0")


def test_behind_a_proxy_the_page_is_known_by_the_name_that_the_proxy_was_asked_by():
    assert refusal(NETWORK, host="app.example", origin="https://app.example") is None
    assert refusal(NETWORK, host="10.0.0.7:7860", x_forwarded_host="app.example", origin="https://app.example") is None
    assert refusal(NETWORK, host="inner", origin="https://app.example", sec_fetch_site="same-origin") is None
    assert refusal(NETWORK, host="app.example", origin="https://evil.example", sec_fetch_site="cross-site") is not None
    assert refusal(NETWORK, host="app.example", origin="https://evil.example") is not None
    assert refusal(NETWORK, host="app.example") is None


def test_a_public_page_may_be_shown_by_others():
    assert refusal(Settings(public=True), host="x.hf.space", origin="https://blog.example") is None


def test_whoever_has_logged_in_is_not_spoken_for_by_other_pages():
    public = Settings(public=True, login=("name", "word"))
    foreign = {"host": "x.gradio.live", "origin": "https://evil.example", "sec_fetch_site": "cross-site"}
    assert refusal(public, **foreign) is not None
    assert refusal(public, "GET", "/logout", **foreign) is not None
    assert refusal(public, "GET", "/", host="x.gradio.live", sec_fetch_site="cross-site") is None, "a link to it"
    assert refusal(public, **foreign | {"sec_fetch_site": "same-origin"}) is None


def test_sharing_and_spaces_are_public():
    assert Settings.read(["--share"], {}).public
    assert Settings.read([], {"SPACE_ID": "a/b"}).public
    assert not Settings.read([], {}).public
