"""README's picture, made from the running app: `python tests/bench/screenshot.py [--out FILE]`.

The app is started for it and shows its first example, in light colours and 1,440 pixels wide. A test picture whose
answer the update fixes is chosen, so that the panel beside the map tells why; what stands below the map is left out.
"""

import argparse
import io
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from support.app_fixtures import PATIENCE, started
from support.browser_fixtures import FLAGS, executable
from support.pages import box_of, open_app, state

SIZE: ViewportSize = {"width": 1440, "height": 1160}
CHOSEN = "blicket"
"""The class of the picture that is chosen: one of the first example's made-up words."""
MARGIN = 8
"""Pixels of the page's ground that stay below the explorer."""


def show(page: Page, address: str) -> None:
    """Open the app on its trained example, its map in its final form, and choose a fixed picture of the class."""
    open_app(page, address)
    page.wait_for_function("lluExplorer.state().projection === 'UMAP'")
    page.locator(".changed-fixed .item", has_text=CHOSEN).first.click()
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    page.mouse.move(1, 1)  # off everything that shows a tip
    page.wait_for_function("lluExplorer.state().resting")
    page.wait_for_timeout(2000)  # what fades in has done so
    assert state(page, "why.total") > 0


def picture(page: Page) -> Image.Image:
    """The window from its top to the foot of the explorer's map."""
    screen = box_of(page.locator(".explorer .screen"))
    height = screen["y"] + screen["height"] + MARGIN
    data = page.screenshot(clip={"x": 0, "y": 0, "width": SIZE["width"], "height": round(height)})
    return Image.open(io.BytesIO(data)).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "screenshots" / "explorer.webp")
    options = parser.parse_args()
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with started(environment) as (address, _, _), sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=executable(), args=list(FLAGS))
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.set_default_timeout(1000 * PATIENCE)
        show(page, address)
        picture(page).save(options.out, quality=90, method=6)
        browser.close()
    print(f"{options.out}: {options.out.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
