"""Many visitors and hostile names in a real browser: own sets only, work called off, names never markup."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support.app_fixtures import DESKTOP, new_page
from support.hostile import zip_of
from support.pages import add_zip, open_app, open_mode, open_save, state, train
from support.sample_pictures import picture_bytes, write_zip

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=window.hacked=1>"


def test_two_browsers_train_at_once_and_see_their_own_only(chromium: Browser, app_address: str, tmp_path: Path):
    pages = []
    for texture, other in (("dotted", "striped"), ("checked", "brick")):
        page, _ = new_page(chromium.new_context(viewport=DESKTOP))
        open_app(page, app_address)
        members = {f"my {name}/{n}.png": picture_bytes(n, texture=name) for name in (texture, other) for n in range(6)}
        add_zip(page, zip_of(tmp_path / f"{texture}.zip", members))
        expect(page.locator("#cards input.name")).to_have_count(2)
        pages.append((page, state(page, "id"), {f"my {texture}", f"my {other}"}))
    for page, _, _ in pages:
        open_mode(page, "teach")
        page.locator("#train").click()
    for page, before, names in pages:
        page.wait_for_function("before => lluExplorer.state().id !== before", arg=before)
        expect(page.locator("#status")).to_contain_text("Trained on 12 pictures of 2 classes")
        assert {field.input_value() for field in page.locator("#cards input.name").all()} == names
        foreign = set().union(*(others for _, _, others in pages)) - names
        assert not any(name in page.locator("body").inner_text() for name in foreign)
    for page, _, _ in pages:
        page.context.close()


def test_a_double_click_trains_once_and_without_complaint(page: Page, tmp_path: Path):
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#cards input.name")).to_have_count(4)
    before = state(page, "id")
    open_mode(page, "teach")
    page.locator("#train").dblclick()
    page.wait_for_function("before => lluExplorer.state().id !== before", arg=before)
    assert page.locator(".toast-body").count() == 0


def test_training_is_called_off_and_the_sliders_never_waited(page: Page, tmp_path: Path):
    add_zip(page, write_zip(tmp_path / "mine.zip", shots=150, tests=1))  # seconds of training by the paper's recipe
    expect(page.locator("#cards input.name")).to_have_count(4)
    open_mode(page, "teach")
    page.get_by_role("button", name="Training speed").click()
    page.get_by_label("paper").check()
    before = state(page, "id")
    page.locator("#train").click()
    expect(page.locator("#cancel")).to_be_visible()
    page.locator("#beta-slider").fill("0")
    page.wait_for_function("lluExplorer.state().tiles.changed === 0")
    page.locator("#cancel").click()
    expect(page.locator("#cancel")).to_be_hidden()
    expect(page.locator("#status")).to_contain_text("Changed since training")
    assert state(page, "id") == before


def test_names_from_files_are_text_everywhere(page: Page, tmp_path: Path, foreign_requests: list[str]):
    members = {f"{EVIL}/{EVIL} {n}.png": picture_bytes(n, texture="dotted") for n in range(5)}
    members |= {f'=HYPERLINK("http:,,x")/@{n}.png': picture_bytes(n, texture="striped") for n in range(5)}
    add_zip(page, zip_of(tmp_path / "evil.zip", members | {f"{EVIL}/broken {EVIL}.png": b"nothing"}))
    expect(page.locator("#cards input.name")).to_have_count(2)
    expect(page.locator("#cards")).to_contain_text(f"broken {EVIL}.png")
    train(page)
    for row in range(5):
        page.mouse.move(*page.evaluate(f"lluExplorer.where({row})"))
    page.locator("#explorer-map").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    for tab in page.locator("#explorer [role=tab]").all():
        tab.click()
    open_mode(page, "teach")
    page.locator("#cards .new-name").fill(EVIL)  # a class that is there: the refusal quotes it
    page.locator("#cards .create button[type=submit]").click()
    expect(page.get_by_text(f"already a class called {EVIL}").first).to_be_visible()
    open_save(page)
    with page.expect_download() as download:
        page.locator("#download-predictions").click()
    download.value.save_as(tmp_path / "predictions.csv")
    with (tmp_path / "predictions.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = {cell for row in csv.reader(file) for cell in row}
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not any(cell.startswith(("=", "@", "+")) for cell in cells)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
    assert foreign_requests == []


def test_a_link_cannot_bring_markup_into_a_message(fresh_page: Page, app_address: str):
    fresh_page.goto(f"{app_address}#set=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E")
    expect(fresh_page.locator(".toast-body").first).to_contain_text("unknown example")
    assert fresh_page.evaluate("window.hacked") is None
    assert fresh_page.locator("img[src=x]").count() == 0


def test_the_foot_of_the_page_tells_the_versions_and_the_limits(page: Page):
    expect(page.locator("#versions")).to_contain_text("LLU Explorer")
    expect(page.locator("#privacy").first).to_contain_text("megapixels")
