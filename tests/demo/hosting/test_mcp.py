"""The endpoints as tools of the Model Context Protocol: a client lists them, trains and asks."""

import asyncio
import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from demo.hosting.gate.routes import kind_of
from demo.settings import Settings
from support.app_fixtures import started

PICTURE, LINK = "assets/screenshots/explorer.webp", "http://127.0.0.1:9/picture.png"


def test_the_route_of_the_tools_is_closed_unless_it_is_asked_for():
    assert kind_of("POST", "/gradio_api/mcp/") is None
    assert kind_of("POST", "/gradio_api/mcp/", mcp=True) == "call"
    assert kind_of("POST", "/gradio_api/mcp/messages/", mcp=True) is None
    assert kind_of("PUT", "/gradio_api/mcp/", mcp=True) is None


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--share"], {}), ([], {"SPACE_ID": "a/b"}), ([], {"LLU_LOGIN": "a:b"}), (["--host", "0.0.0.0"], {})],
)
def test_tools_are_for_ones_own_machine(arguments: list[str], environment: dict[str, str]):
    with pytest.raises(ValueError, match=r"--mcp gives all its clients one set"):
        Settings.read(["--mcp", *arguments], environment)


def test_without_the_extra_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'gradio\[mcp\]'"):
        Settings.read(["--mcp"], {})


def test_a_client_lists_the_tools_and_works_with_them():
    pytest.importorskip("mcp")
    with started(os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}, "--mcp") as (address, _, _):
        names, summary, moved, *wrong = asyncio.run(visit(f"{address}gradio_api/mcp/"))
    assert {"load_example", "train", "set_mask", "ask_photograph", "save_adapter"} <= names
    assert "Handwritten digits" in summary
    assert "'beta': 0.25" in moved
    assert "is not one of" in wrong[0]
    assert not any("clip_class" in answer for answer in wrong[1:]), "files come from uploads, never from paths or links"


async def visit(address: str) -> list[Any]:
    """The names of the tools, and what some of them answer."""
    connect = importlib.import_module("mcp.client.streamable_http").streamable_http_client
    talk = importlib.import_module("mcp").ClientSession
    async with connect(address) as (read, write, _), talk(read, write) as session:
        await session.initialize()
        names = {tool.name for tool in (await session.list_tools()).tools}

        async def call(end: str, **arguments: Any) -> str:
            name = next(each for each in names if each == end or each.endswith(f"_{end}"))
            answer = await session.call_tool(name, arguments)
            return "".join(getattr(part, "text", "") for part in answer.content)

        summary = await call("load_example", name="Handwritten digits")
        moved = await call("set_mask", beta=0.25, gamma="inf")
        wrong = await call("load_example", name="nothing")
        files = [await call("ask", picture=place) for place in (str(Path(__file__).parents[3] / PICTURE), LINK)]
        return [names, summary, moved, wrong, *files]
