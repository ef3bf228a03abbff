"""A page of another site in the visitor's browser cannot use the app, whatever it sends."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


class Foreign(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>another site</title>")

    def log_message(self, format: str, *args) -> None:
        pass


@pytest.fixture
def other_site() -> Iterator[str]:
    """The address of a page on another port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


ATTACK = """async (app) => {
  const tell = async (path, options) => {
    try {
      const answer = await fetch(app + path, options);
      return answer.type === "opaque" ? "sent" : answer.status + " " + (await answer.text());
    } catch (error) { return "refused"; }
  };
  const body = JSON.stringify({ data: ["picto", ""] });
  const form = new FormData();
  form.append("files", new Blob(["a stranger's file"]), "stranger.png");
  const json = { "Content-Type": "application/json" };
  return {
    call: await tell("gradio_api/call/load_model", { method: "POST", body, headers: json }),
    plain: await tell("gradio_api/call/load_model", { method: "POST", body }),
    upload: await tell("gradio_api/upload", { method: "POST", body: form }),
    config: await tell("config"),
  };
}"""


def test_a_page_of_another_site_can_neither_load_a_model_nor_upload(
    fresh_page: Page, app_address: str, other_site: str
):
    for name in ("127.0.0.1", "localhost"):
        fresh_page.goto(other_site)
        told = fresh_page.evaluate(ATTACK, app_address.replace("127.0.0.1", name))
        assert set(told.values()) == {"refused"}


def test_a_form_of_another_site_is_answered_with_one_sentence(fresh_page: Page, app_address: str, other_site: str):
    fresh_page.goto(other_site)
    fresh_page.set_content(
        f"<form method=post enctype='text/plain' action='{app_address}gradio_api/call/load_model'>"
        """<input name='{"data": ["picto", ""], "a": "' value='"}'><button>Go</button></form>"""
    )
    with fresh_page.expect_navigation() as went:
        fresh_page.get_by_role("button").click()
    answer = went.value
    assert answer is not None
    assert answer.status == 403
    assert answer.json() == {"detail": "A page of another site may not use this app."}


def test_the_page_itself_may(fresh_page: Page, app_address: str):
    fresh_page.goto(app_address)
    told = fresh_page.evaluate(ATTACK, app_address)
    # what is not called JSON is no call to gradio
    assert {name: answer[:3] for name, answer in told.items()} == dict.fromkeys(told, "200") | {"plain": "422"}
