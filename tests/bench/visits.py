"""What visits leave behind: `python tests/bench/visits.py [--visits 200]`.

Each opens the page as a browser does: it says that it is there, has its example drawn, and goes. Prints the app's
memory before and after, and what a visit left.
"""

import argparse
import os
import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import httpx

from bench.load import resident_mb
from support.app_fixtures import started

WARM_UP = 20
SETTLE = 60.0
"""Seconds after the last visit within which all of it must be gone."""


def opening_events(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The event of opening the page, and those that follow from it."""
    events = [event for event in config["dependencies"] if any(target[1] == "load" for target in event["targets"])]
    for event in events:
        events += [after for after in config["dependencies"] if after["trigger_after"] == event["id"]]
    return events


def visit(client: httpx.Client, events: list[dict[str, Any]]) -> None:
    session = secrets.token_hex(6)
    with ExitStack() as stack:
        stack.enter_context(client.stream("GET", f"heartbeat/{session}"))
        for event in events:
            body = {"data": [""] * len(event["inputs"]), "fn_index": event["id"], "session_hash": session}
            client.post("queue/join", json=body).raise_for_status()
            with client.stream("GET", "queue/data", params={"session_hash": session}) as answers:
                assert any('"close_stream"' in line for line in answers.iter_lines())  # left then, as a tab does


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=200)
    visits = parser.parse_args().visits
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with started(environment) as (address, process, _):
        client = httpx.Client(base_url=f"{address}gradio_api/", timeout=60.0)
        events = opening_events(httpx.get(f"{address}config").json())
        for _ in range(WARM_UP):
            visit(client, events)
        time.sleep(SETTLE)
        before = resident_mb(process)
        for _ in range(visits):
            visit(client, events)
        during = resident_mb(process)
        time.sleep(SETTLE)
        after = resident_mb(process)
    print(
        f"{visits} visits of {len(events)} events: {before:.0f} MB before, {during:.0f} MB at the end, {after:.0f} MB"
    )
    print(f"a minute later ({100 * (after / before - 1):+.1f} %, {(after - before) / visits:.2f} MB a visit)")


if __name__ == "__main__":
    main()
