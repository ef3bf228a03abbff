"""Many visitors at once: `python tests/bench/load.py [--visitors 30] [--minutes 5]`, or one who does the worst.

Of the many, each adds a set, trains, moves the mask, asks about a picture and takes the predictions home, again and
again and without a pause, against an app started here. Prints calls, failures, the waits for a training, the seconds
of every kind of call, and the app's memory before and after. With `--neighbour` one visitor uploads, trains, chooses
and compares as much as the limits allow, while another makes simple calls; prints how long these took. With `--cancel`
the same work is called off, early and late; prints how long it then went on.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from gradio_client import Client, handle_file

from support.app_fixtures import started
from support.caller import Caller
from support.sample_pictures import picture_bytes, write_zip

SETTLE = 75.0
"""Seconds after the last visitor has gone until memory is read again; what is tidied every minute is tidied then."""


class Tally:
    """What the visitors did, together: seconds by the name of a call, and what failed."""

    def __init__(self) -> None:
        self.calls, self.failures, self.waits = defaultdict[str, list[float]](list), list[str](), list[float]()


def processor_seconds(process: subprocess.Popen) -> float:
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mb(process: subprocess.Popen) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def visit(address: str, folder: Path, end: float, tally: Tally) -> None:
    with Caller(address) as caller:
        while time.monotonic() < end:
            for name, make in ROUND:
                start = time.monotonic()
                try:
                    answer = caller.call(name, *make(caller, folder))
                    if name == "save_predictions":
                        caller.download(answer[0])
                except Exception as error:  # whatever it is, it is counted
                    tally.failures.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
                    continue
                tally.calls[name].append(time.monotonic() - start)
                if name == "train":
                    tally.waits.append(tally.calls[name][-1] - answer[1]["trained"]["train_seconds"])


ROUND: tuple[tuple[str, Callable[[Caller, Path], tuple[Any, ...]]], ...] = (
    ("add_pictures", lambda caller, folder: ([caller.upload(folder / "mine.zip")], "")),
    ("train", lambda *_: ("fast",)),
    ("set_mask", lambda *_: (0.3, 20.0)),
    ("ask", lambda caller, folder: (caller.upload(folder / "what.png"),)),
    ("save_predictions", lambda *_: ()),
    ("clear", lambda *_: ()),
)
"""What a visitor does, again and again: endpoints, and what makes their arguments."""


def crowd(address: str, folder: Path, visitors: int, seconds: float) -> Tally:
    tally, end = Tally(), time.monotonic() + seconds
    threads = [threading.Thread(target=visit, args=(address, folder, end, tally)) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def fill(client: Client, folder: Path) -> None:
    """As much of a set as the limits allow."""
    classes = [f"thing {number}" for number in range(200)]
    with zipfile.ZipFile(folder / "worst.zip", "w") as archive:
        for number in range(2000):
            part = "test" if number % 4 == 0 else "train"
            archive.writestr(f"{part}/{classes[number // 4 % 100]}/{number}.png", picture_bytes(number))
    client.predict([handle_file(folder / "worst.zip")], "", api_name="/add_pictures")
    client.predict(", ".join(classes[100:]), api_name="/set_unseen_classes")
    client.predict("\n".join(f"a {{}} {number}" for number in range(40)), api_name="/set_templates")


def worst(address: str, folder: Path, doing: list[str], over: threading.Event) -> None:
    """One visitor who does as much as the limits allow, and says what."""
    client = Client(address, verbose=False, download_files=str(folder))
    try:
        doing.append("filling")
        fill(client, folder)
        for name, *arguments in (("/train", "fast"), ("/choose_mask",), ("/compare_methods",)):
            doing.append(name)
            client.predict(*arguments, api_name=name)
    finally:
        client.close()
        over.set()


def neighbour(address: str, folder: Path) -> None:
    """Simple calls beside the worst visitor."""
    over, doing, took = threading.Event(), ["nothing"], dict[str, list[float]]()
    client = Client(address, verbose=False, download_files=str(folder))
    client.predict(api_name="/summary")  # the first visitor of all waits until the example is trained
    thread = threading.Thread(target=worst, args=(address, folder, doing, over))
    thread.start()
    while not over.wait(0.2):
        for arguments, name in (((), "/summary"), ((0.3, 20.0), "/set_mask")):
            start, meanwhile = time.monotonic(), doing[-1]
            client.predict(*arguments, api_name=name)
            took.setdefault(meanwhile, []).append(time.monotonic() - start)
    thread.join()
    client.close()
    print("| beside | simple calls | median, s | longest, s | over a second |")
    print("|---|---|---|---|---|")
    for meanwhile, seconds in took.items():
        slow = sum(each > 1 for each in seconds)
        print(
            f"| {meanwhile} | {len(seconds)} | {statistics.median(seconds):.2f} | {max(seconds):.2f} | {slow} |",
            flush=True,
        )


def call_off(address: str, folder: Path) -> None:
    """How long work goes on after it was called off, in all its phases."""
    client = Client(address, verbose=False, download_files=str(folder))
    fill(client, folder)
    print("| work | called off after, s | ended, s later |")
    print("|---|---|---|")
    for name, arguments, after in (
        *(("/train", ("paper",), seconds) for seconds in (0.5, 2, 5, 10, 20)),
        ("/train", ("fast",), None),
        *((name, (), seconds) for name in ("/choose_mask", "/compare_methods") for seconds in (0.5, 1, 2)),
    ):
        work = client.submit(*arguments, api_name=name)
        if after is None:
            work.result()
            continue
        time.sleep(after)
        if work.done():
            print(f"| {name} | {after} | it had ended before |")
            continue
        start = time.monotonic()
        client.predict(api_name="/cancel")
        work.exception()
        print(f"| {name} | {after} | {time.monotonic() - start:.2f} |", flush=True)
    client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--neighbour", action="store_true", help="one visitor does the worst, another makes simple calls"
    )
    parser.add_argument("--cancel", action="store_true", help="one visitor calls the largest work off, again and again")
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryDirectory() as name, started(environment) as (address, process, _):
        folder = Path(name)
        if options.neighbour or options.cancel:
            (neighbour if options.neighbour else call_off)(address, folder)
            return
        write_zip(folder / "mine.zip")
        (folder / "what.png").write_bytes(picture_bytes(7))
        crowd(address, folder, 4, 20.0)  # memory that is taken once: examples, compiled code, arenas of threads
        time.sleep(SETTLE)
        before, worked = resident_mb(process), processor_seconds(process)
        tally = crowd(address, folder, options.visitors, 60 * options.minutes)
        worked = processor_seconds(process) - worked
        time.sleep(SETTLE)
        after, health = resident_mb(process), urllib.request.urlopen(f"{address}health").read().decode()
    print(f"{options.visitors} visitors, {options.minutes:g} minutes: {sum(map(len, tally.calls.values()))} calls")
    print(f"{len(tally.failures)} calls failed")
    for failure in sorted(set(tally.failures)):
        print(f"  {tally.failures.count(failure)} x {failure}")
    print(f"{1000 * worked / max(1, len(tally.waits)):.0f} ms of the processor for a round")
    print("| what | times | median, s | 95 of 100 within, s |")
    print("|---|---|---|---|")
    for name, seconds in (("the wait for a training", tally.waits), *tally.calls.items()):
        *_, most = statistics.quantiles(seconds, n=20)
        print(f"| {name} | {len(seconds)} | {statistics.median(seconds):.2f} | {most:.2f} |")
    print(f"memory {before:.0f} MB before, {after:.0f} MB after ({100 * (after / before - 1):+.1f} %); {health}")


if __name__ == "__main__":
    main()
