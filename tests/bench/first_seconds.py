"""From the start of the app to a visitor's first map: `python tests/bench/first_seconds.py`, with nothing else to do.

Prints medians over ROUNDS starts, in seconds: from `python app.py` to its address, from there to the explorer with its
numbers, and to the map in UMAP.
"""

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from playwright.sync_api import Browser, sync_playwright

from support.app_fixtures import started
from support.browser_fixtures import FLAGS, executable

ROUNDS = 3
WAITED_FOR = (
    "window.lluExplorer?.state()?.accuracies",
    "document.querySelector('#explorer')?.innerText.includes('UMAP')",
)


def first_seconds(browser: Browser) -> list[float]:
    """Seconds of one start: to the address, and from there to each of WAITED_FOR."""
    begun = time.perf_counter()
    with started(os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}) as (address, _, _):
        served = time.perf_counter()
        page, seconds = browser.new_page(), [served - begun]
        page.set_default_timeout(120_000)
        page.goto(address)
        for condition in WAITED_FOR:
            page.wait_for_function(condition)
            seconds.append(time.perf_counter() - served)
        page.close()
    return seconds


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        starts = [first_seconds(browser) for _ in range(ROUNDS)]
        browser.close()
    address, explorer, umap = (statistics.median(each) for each in zip(*starts, strict=True))
    print(f"address {address:.1f} s, from there to the explorer {explorer:.1f} s, to the map in UMAP {umap:.1f} s")


if __name__ == "__main__":
    main()
