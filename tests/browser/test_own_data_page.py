"""The visitor's own set on its cards: relabel, undo, folders, bundles, and names that mean harm."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from llu_core.data.bundles import save_bundle
from support.app_fixtures import new_page
from support.pages import add_zip, choose_folder, open_app, open_mode, train
from support.sample_pictures import picture_bytes, picture_folder, write_zip
from support.synthetic import problem

pytestmark = pytest.mark.browser


@pytest.fixture
def own(page: Page, tmp_path: Path) -> Page:
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#cards input.name")).to_have_count(4)
    open_mode(page, "teach")
    return page


def card(page: Page, name: str):
    return page.locator(f'#cards .card[data-name="{name}"]')


def test_a_picture_moves_to_another_class_and_back_by_undo(own: Page):
    card(own, "spotty").locator("button.thumb").first.click()
    card(own, "spotty").locator("select.move-to").select_option("stripy")
    card(own, "spotty").get_by_role("button", name="Move", exact=True).click()
    expect(card(own, "stripy").locator(".count")).to_contain_text("7 pictures")
    expect(own.locator("#cards .undo")).to_contain_text("Undo")
    own.locator("#cards .undo").click()
    expect(card(own, "stripy").locator(".count")).to_contain_text("6 pictures")


def test_a_picture_is_deleted_and_training_says_it_is_out_of_date(own: Page):
    train(own)
    expect(own.locator("#cards .badge")).to_have_count(0)
    card(own, "spotty").locator("button.thumb").first.click()
    card(own, "spotty").locator(".discard").click()
    expect(card(own, "spotty").locator(".count")).to_contain_text("5 pictures")
    expect(own.locator("#cards .badge")).to_contain_text("Changed since training")


def test_pictures_are_added_to_a_card(own: Page, tmp_path: Path):
    (tmp_path / "more.png").write_bytes(picture_bytes(9))
    with own.expect_file_chooser() as chooser:
        card(own, "spotty").get_by_label("Add pictures to spotty").click()
    chooser.value.set_files(tmp_path / "more.png")
    expect(card(own, "spotty").locator(".count")).to_contain_text("7 pictures")


def test_a_folder_becomes_classes(page: Page, tmp_path: Path):
    names = {"ant", "b\u00ear \U0001f43b"}
    choose_folder(page, picture_folder(tmp_path, *names))
    expect(page.locator("#cards input.name")).to_have_count(2)
    assert {field.input_value() for field in page.locator("#cards input.name").all()} == names


def test_names_are_text_never_markup(own: Page):
    name = '<img src=x onerror=alert(1)> "it\'s" \U0001f995'
    field = own.get_by_label("Name of the class spotty")
    field.fill(name)
    field.press("Enter")
    expect(card(own, "stripy")).to_be_visible()
    expect(own.locator("#cards input.name").first).not_to_have_value("spotty")
    train(own)
    expect(own.locator("#explorer .bars")).to_be_visible()
    assert own.locator("#explorer img[src=x], #cards img[src=x]").count() == 0


def test_a_feature_bundle_is_explored_without_pictures(page: Page, tmp_path: Path):
    add_zip(page, save_bundle(tmp_path / "features.npz", problem()))
    expect(page.locator("#cards .card")).to_have_count(8)
    train(page)
    expect(page.locator(".selected .thumb.picture")).to_have_text("T")
    page.locator("#tab-table").click()
    expect(page.locator(".table-range")).to_contain_text("of 56")


def test_leaving_in_mid_training_harms_nobody(own: Page, app_address: str):
    own.locator("#train").click()
    own.goto("about:blank")
    open_app(own, app_address)


def test_two_tabs_have_two_sets(own: Page, app_address: str):
    other, _ = new_page(own.context)
    open_app(other, app_address)
    expect(other.locator("#cards .card")).not_to_have_count(4)
    expect(own.locator("#cards .card")).to_have_count(4)
    other.close()
