"""The routes that are answered: those that the page and gradio_client use, no others."""

import re
from pathlib import Path

import gradio.routes
import pytest

from demo.hosting.gate.routes import kind_of, route_of


@pytest.mark.parametrize(
    ("method", "route", "kind"),
    [
        ("GET", "/", "open"), ("HEAD", "/", "open"), ("GET", "/theme.css", "open"), ("GET", "/assets/a/b.js", "open"),
        ("GET", "/gradio_api/startup-events", "open"), ("GET", "/logout", "open"), ("GET", "/config", "read"),
        ("GET", "/gradio_api/info", "read"), ("GET", "/gradio_api/file=/tmp/a b\n.png", "read"),
        ("GET", "/gradio_api/file=C:/temp/a.png", "read"), ("GET", "/gradio_api/call/v2/train/123", "read"),
        ("GET", "/gradio_api/heartbeat/abc", "read"), ("POST", "/gradio_api/queue/join", "call"),
        ("POST", "/gradio_api/call/train", "call"), ("POST", "/gradio_api/call/v2/train/", "call"),
        ("POST", "/gradio_api/run/train", "call"), ("POST", "/gradio_api/upload", "upload"),
        ("POST", "/login", "login"), ("OPTIONS", "/gradio_api/queue/join", "call"),
    ],
)  # fmt: skip
def test_what_the_page_needs_is_open(method, route, kind):
    assert kind_of(method, route) == kind


@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("POST", "/gradio_api/process_recording"), ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/stream/x"), ("POST", "/gradio_api/stream/x/close"), ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/stream/a/b/1/playlist-file"), ("GET", "/gradio_api/proxy=https://a.hf.space/x"),
        ("GET", "/gradio_api/file=http://example.org/a.png"), ("GET", "/gradio_api/file=HTTPS:/example.org"),
        ("GET", "/gradio_api/file/http://example.org/a.png"), ("GET", "/monitoring"), ("GET", "/monitoring/summary"),
        ("GET", "/monitoring/key"), ("GET", "/gradio_api/runs"), ("POST", "/gradio_api/run-history/connect"),
        ("POST", "/gradio_api/vibe-edit"), ("GET", "/gradio_api/vibe-code"), ("GET", "/gradio_api/token"),
        ("GET", "/gradio_api/custom_component/a/client/b/c"), ("GET", "/gradio_api/dev/reload"), ("GET", "/pwa_icon"),
        ("POST", "/"), ("PUT", "/gradio_api/upload"), ("GET", "/gradio_api/profiling/traces"), ("GET", "//"),
    ],
)  # fmt: skip
def test_what_the_page_does_not_use_is_closed(method, route):
    assert kind_of(method, route) is None


def test_every_route_of_gradio_that_is_written_to_is_known():
    """A new one is closed; somebody should have looked at it."""
    source = Path(gradio.routes.__file__).read_text(encoding="utf-8")
    written = set(re.findall(r"@(?:router|app)\.(?:post|put|delete|patch)\(\s*f?\"([^\"]+)\"", source))
    assert {route.rstrip("/") for route in written} == {
        "/login", "/run-history/connect", "/stream/{event_id}", "/stream/{event_id}/close", "/reset", "/run/{api_name}",
        "/api/{api_name}", "/call/v2/{api_name}", "/call/{api_name}", "/queue/join", "/cancel", "/component_server",
        "/upload", "/process_recording", "/vibe-edit", "/undo-vibe-edit", "/vibe-code", "/vibe-starter-queries",
        "/profiling/clear",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "root", "route"),
    [("/a", "", "/a"), ("/app/a", "/app", "/a"), ("/a", "/app", "/a"), ("/application", "/app", "/application")],
)
def test_a_route_is_told_without_the_path_of_a_proxy(path, root, route):
    assert route_of({"path": path, "root_path": root}) == route
