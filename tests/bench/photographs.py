"""From the drop of photographs to the trained page: `python tests/bench/photographs.py [--zip FILE]`.

Without --zip these are 200 crops of the photographs that the installation brings, in 10 classes, as JPEG files of 256
pixels. The app is started for it, and its model for photographs is loaded, as it is a while after every start. Prints
the seconds from the drop to the class cards, those from the press on Train to the new map, their sum, those from a
second press, and the phases that the page showed meanwhile.
"""

import argparse
import io
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from demo.session.photographs import photograph_path, photographs
from support.app_fixtures import started
from support.browser_fixtures import FLAGS, executable

CLASSES, SHOTS, SIDE = 10, 20, 256

WATCH = """() => {
  window.shown = [];
  const status = document.querySelector('#status');
  const phases = /Changed since training|Waiting|Loading|Reading pictures|Training|Drawing the map|Trained on/;
  new MutationObserver(() => {
    const phase = status.innerText.match(phases)?.[0];
    if (phase && window.shown.at(-1) !== phase) window.shown.push(phase);
  }).observe(status, { childList: true, subtree: true, characterData: true });
}"""


def write_photographs(path: Path) -> None:
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate((*photographs(8), *photographs(8))[:CLASSES]):
            with Image.open(photograph_path(name)) as photograph:
                whole = photograph.convert("RGB").resize((640, 480))
            for shot in range(SHOTS):
                left, top = int(rng.integers(640 - SIDE)), int(rng.integers(480 - SIDE))
                file = io.BytesIO()
                whole.crop((left, top, left + SIDE, top + SIDE)).save(file, "JPEG", quality=90)
                archive.writestr(f"{name} {number}/{shot}.jpg", file.getvalue())


def seconds_until(page: Page, condition: str) -> float:
    start = time.perf_counter()
    page.wait_for_function(condition, timeout=300_000, polling=20)
    return time.perf_counter() - start


def train(page: Page, model: str) -> float:
    """Press Train; seconds until another model than that is on the map."""
    page.locator("#train").click()
    return seconds_until(page, f"lluExplorer.state().id !== '{model}'")


def measure(page: Page, address: str, path: Path) -> None:
    page.goto(f"{address}?mode=teach")
    page.wait_for_function("window.lluExplorer && lluExplorer.state().projection === 'UMAP'", timeout=300_000)
    time.sleep(20)  # the examples are trained, and the model for photographs is loaded
    model = page.evaluate("lluExplorer.state().id")
    page.evaluate(WATCH)
    page.set_input_files("#drop input[type=file]", path)
    dropped = seconds_until(page, "document.querySelector('#cards').innerText.includes('Changed since training')")
    trained = train(page, model)
    again = train(page, page.evaluate("lluExplorer.state().id"))
    print(f"drop to class cards {dropped:.1f} s, Train to map {trained:.1f} s, together {dropped + trained:.1f} s")
    print(f"Train to map once more {again:.1f} s")
    print(f"shown meanwhile: {', '.join(page.evaluate('window.shown'))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zip", type=Path, help="a zip with one folder of photographs per class")
    options = parser.parse_args()
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryDirectory() as name, started(environment) as (address, _, _), sync_playwright() as browsers:
        path = options.zip or Path(name) / "photographs.zip"
        if options.zip is None:
            write_photographs(path)
        browser = browsers.chromium.launch(executable_path=executable(), args=list(FLAGS))
        measure(browser.new_page(viewport={"width": 1440, "height": 1000}), address, path)
        browser.close()


if __name__ == "__main__":
    main()
