"""Many visitors and hostile names in a real browser: own sets only, a double click, work called off."""

import pytest
from app_fixtures import DESKTOP, new_page
from hostile import zip_of
from pages import add_zip, open_app, state
from playwright.sync_api import Page, expect
from sample_pictures import picture_bytes, write_zip

pytestmark = pytest.mark.browser


def test_two_browsers_train_at_once_and_see_their_own_only(chromium, app_address: str, tmp_path):
    pages = []
    for texture, other in (("dotted", "striped"), ("checked", "brick")):
        page, _ = new_page(chromium.new_context(viewport=DESKTOP))
        open_app(page, app_address)
        members = {f"my {name}/{n}.png": picture_bytes(n, texture=name) for name in (texture, other) for n in range(6)}
        add_zip(page, zip_of(tmp_path / f"{texture}.zip", members))
        expect(page.locator("#cards input.name")).to_have_count(2)
        pages.append((page, state(page, "id"), {f"my {texture}", f"my {other}"}))
    for page, _, _ in pages:
        page.locator("#train").click()
    for page, before, names in pages:
        page.wait_for_function("before => lluExplorer.state().id !== before", arg=before)
        expect(page.locator("#status")).to_contain_text("Trained on 12 pictures of 2 classes")
        assert {field.input_value() for field in page.locator("#cards input.name").all()} == names
        foreign = set().union(*(others for _, _, others in pages)) - names
        assert not any(name in page.locator("body").inner_text() for name in foreign)
    for page, _, _ in pages:
        page.context.close()


def test_a_double_click_trains_once_and_without_complaint(page: Page, tmp_path):
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#cards input.name")).to_have_count(4)
    before = state(page, "id")
    page.locator("#train").dblclick()
    page.wait_for_function("before => lluExplorer.state().id !== before", arg=before)
    assert page.locator(".toast-body").count() == 0


def test_training_is_called_off_and_the_sliders_never_waited(page: Page, tmp_path):
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#cards input.name")).to_have_count(4)
    page.get_by_role("button", name="Recipe").click()
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
