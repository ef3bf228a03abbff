"""Loading another model by hand: what is told before, the bar, the way back, and a hub that breaks."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.app_fixtures import PATIENCE, started
from support.fake_hub import FakeHub, copied
from support.pages import move, open_app, open_mode, open_reader, state

pytestmark = pytest.mark.browser
NAME = "hf-hub:someone/clip"


@pytest.fixture(scope="module")
def hub(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    with FakeHub(copied(tiny_model, tmp_path_factory.mktemp("hub") / "served")).running() as hub:
        yield hub


@pytest.fixture(scope="module")
def address(hub: FakeHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app of its own, which may ask a hub."""
    own = {"HF_ENDPOINT": hub.address, "HF_HUB_CACHE": str(tmp_path_factory.mktemp("cache")), "HF_HUB_OFFLINE": "0"}
    with started(os.environ | own | {"PYTHONUNBUFFERED": "1"}) as (address, _, _):
        yield address


@pytest.fixture
def page(fresh_page: Page, address: str) -> Page:
    return open_app(fresh_page, address)


def choose(page: Page, name: str) -> None:
    """Open the panel by an offer, and type a name."""
    open_reader(page)
    page.locator("#offers button").first.click()
    field = page.locator("#model-name input")
    expect(field).to_be_visible()
    field.fill(name)
    field.press("Enter")


def test_a_better_model_is_one_click_away_and_told_before_it_is_loaded(page: Page, hub: FakeHub):
    offers = page.locator("#offers button")
    expect(offers).to_have_text(["MobileCLIP2-S0 · 300 MB", "ViT-B/32 · 605 MB", "ViT-B/16 · 598 MB"])
    open_reader(page)
    offers.nth(1).click()
    facts = page.locator("#model-facts")
    expect(facts).to_contain_text("OpenAI CLIP ViT-B/32 · 605 MB to download · fast on a CPU")
    expect(facts).to_contain_text("Licence: MIT")
    expect(page.locator("#cancel-model")).to_be_hidden()
    assert hub.downloads == []


def test_cancel_leaves_everything_as_it_was_and_the_next_try_is_whole(page: Page, hub: FakeHub):
    move(page, "beta-slider", 3)
    before = [state(page, part) for part in ("id", "beta", "gamma")]
    line = page.locator("#model-line summary").text_content()
    hub.fault, hub.pause = "slow", 0.1
    choose(page, NAME)
    page.locator("#load-model").click()
    told = page.locator("#model-progress")
    expect(told.locator("progress")).to_be_visible()
    expect(told).to_contain_text(re.compile(r"Downloading: [\d.]+ MB of 3.2 MB"))
    page.locator("#cancel-model").click()
    expect(told).to_have_text("Called off; everything is as it was.")
    expect(page.locator("#cancel-model")).to_be_hidden()
    assert [state(page, part) for part in ("id", "beta", "gamma")] == before
    assert page.locator("#model-line summary").text_content() == line
    hub.fault = "drops"
    page.locator("#load-model").click()
    expect(told).to_contain_text("the connection broke after 1.6 MB of 3.2 MB")
    expect(told).to_contain_text("try again, or later where that does not help; everything is as it was.")
    assert [state(page, part) for part in ("id", "beta", "gamma")] == before
    hub.fault = ""
    page.locator("#load-model").click()
    expect(told).to_have_text("someone/clip reads everything now; train to see it on the map.")
    expect(page.locator("#model-line")).to_contain_text("Read by someone/clip")
    expect(page.locator("#offers button")).to_have_count(0)
    expect(page.locator("#model-facts")).to_contain_text("already here")
    page.locator("#train").click()
    expect(page.locator("#status")).to_contain_text("Trained on")


def test_the_panel_fits_a_phone(page: Page, tmp_path: Path):
    page.set_viewport_size({"width": 390, "height": 844})
    open_reader(page)
    page.locator("#offers button").first.click()
    expect(page.locator("#model-facts")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_whoever_turns_to_what_reads_pictures_has_the_models_loaded_once(fresh_page: Page):
    with started(os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}) as (address, _, printed):
        page = open_app(fresh_page, f"{address}?mode=ask")

        def times() -> int:
            return sum("on_load_ahead" in line for line in printed)

        for _ in range(int(10 * PATIENCE)):
            if times():
                break
            page.wait_for_timeout(100)
        for mode in ("explore", "teach", "ask"):
            open_mode(page, mode)
        page.wait_for_timeout(1000)
        assert times() == 1
