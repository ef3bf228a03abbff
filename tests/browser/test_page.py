"""A real browser on the real app with the embedded model: what a newcomer does, and that it works."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.pages import (
    add_zip,
    choose_folder,
    held_back,
    hold_first,
    move,
    open_app,
    open_mode,
    open_save,
    tile,
    train,
)
from support.sample_pictures import picture_folder, write_zip

pytestmark = pytest.mark.browser


def test_the_first_screen_shows_a_trained_example_and_stays_on_this_machine(page: Page, foreign_requests: list[str]):
    expect(page.locator("#explorer .js-plotly-plot")).to_have_count(1)
    expect(page.locator("#model-line")).to_contain_text("Embedded")
    assert foreign_requests == []


def test_a_page_that_nobody_has_touched_settles(fresh_page: Page, app_address: str):
    open_app(fresh_page, app_address)
    fresh_page.wait_for_function("location.hash.includes('beta=1')")
    for kind in ("fixed", "moved"):
        count = int(fresh_page.locator(f".changed-{kind} .count").inner_text())
        expect(fresh_page.locator(f".changed-{kind} .item:visible")).to_have_count(min(count, 60))


def test_without_plotly_everything_but_the_map_works(fresh_page: Page, app_address: str):
    fresh_page.route("**/plotly.min.js", lambda route: route.abort())
    open_app(fresh_page, app_address)
    before = tile(fresh_page, "changed")
    move(fresh_page, "gamma-slider", -20)
    fresh_page.wait_for_function("before => document.querySelector('#tile-changed').innerText !== before", arg=before)
    expect(fresh_page.locator(".map-note")).to_contain_text("Everything else works.")


def test_a_page_that_waits_for_the_server_says_so_and_takes_a_folder(fresh_page: Page, app_address: str, tmp_path):
    with held_back(fresh_page, "**/queue/data*"):  # the way of all answers
        fresh_page.goto(app_address)
        expect(fresh_page.locator(".empty-message")).to_have_text("Loading the explorer.")
        expect(fresh_page.locator("#beta-slider")).to_be_hidden()
        choose_folder(fresh_page, picture_folder(tmp_path, "ant", "bee"))
    expect(fresh_page.locator("#cards input.name")).to_have_count(2)


def test_a_button_that_is_pressed_before_its_script_has_come_is_not_pressed_in_vain(fresh_page: Page, app_address: str):
    with held_back(fresh_page, "**/modes/modes.js"):
        fresh_page.goto(app_address)
        for _ in range(2):  # as one does who sees nothing happen
            fresh_page.locator(".modes [data-mode=teach]").click()
        assert fresh_page.locator("body").get_attribute("data-mode") is None
    expect(fresh_page.locator("body")).to_have_attribute("data-mode", "teach")
    expect(fresh_page.locator("#teach")).to_be_focused()


def test_pictures_and_adapter_are_deleted_and_the_page_says_what_to_do(page: Page):
    open_save(page)
    page.locator("#clear").click()
    expect(page.locator(".empty-message")).to_contain_text("Add pictures")
    expect(page.locator("#beta-slider")).to_be_hidden()
    expect(page.locator("#cards input.name")).to_have_count(0)
    expect(page.locator("#train")).to_be_disabled()


def test_sliders_move_the_tiles_without_asking_the_server(page: Page):
    before = tile(page, "changed")
    page.route("**/*", lambda route: None)  # from here on nothing that the page asks for is answered
    move(page, "beta-slider", -50)
    expect(page.locator("#tile-changed")).not_to_have_text(before, use_inner_text=True)
    move(page, "beta-slider", -100)
    page.wait_for_function("lluExplorer.state().tiles.changed === 0")


def test_the_server_keeps_the_last_of_two_settings_also_where_it_was_slow_to_answer(page: Page):
    page.wait_for_function("lluExplorer.state().projection === 'UMAP'")  # no answer is on its way by then
    open_save(page)
    page.get_by_role("button", name="Code").first.click()
    with held_back(page, "**/queue/data*"):
        for gamma in ("7", "9"):
            page.locator("#gamma-number").fill(gamma)
            page.locator("#gamma-number").press("Enter")
            page.wait_for_function("gamma => location.hash.includes(`gamma=${gamma}&`)", arg=gamma)
    expect(page.locator("#save")).to_contain_text("1.0, 9.0")


def test_a_training_that_is_refused_takes_its_cancel_button_along(page: Page):
    open_mode(page, "teach")
    late = hold_first(page, '"fast"')
    page.locator("#train").click()
    expect(page.locator("#cancel")).to_be_visible()
    open_save(page)
    page.locator("#clear").click()
    expect(page.locator(".empty-message")).to_contain_text("Add pictures")
    late[0].continue_()
    expect(page.locator(".toast-body")).to_contain_text("Add pictures of at least one class first")
    expect(page.locator("#cancel")).to_be_hidden()


def test_a_zip_is_trained_and_answers_the_sliders(page: Page, tmp_path: Path):
    add_zip(page, write_zip(tmp_path / "mine.zip", broken=True))
    cards = page.locator("#cards")
    expect(cards).to_contain_text("Left out spotty/broken.png")
    names = [field.input_value() for field in cards.locator("input.name").all()]
    assert sorted(names) == ["bricky", "chequered", "spotty", "stripy"]
    expect(page.locator("#status")).to_contain_text("Changed since training")

    train(page)
    expect(page.locator("#status")).to_contain_text("Trained on 18 pictures of 3 classes")
    before = tile(page, "changed")
    page.locator("#beta-slider").fill("1")
    page.locator("#gamma-number").fill("0")
    page.locator("#gamma-number").press("Enter")
    page.wait_for_function("lluExplorer.state().gamma === 0 && lluExplorer.state().beta === 1")
    expect(page.locator("#tile-changed")).not_to_have_text(before, use_inner_text=True)


def test_a_class_is_renamed_and_deleted_on_its_card(page: Page, tmp_path: Path):
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    open_mode(page, "teach")
    cards = page.locator("#cards")
    expect(cards.locator("input.name")).to_have_count(4)
    field = cards.get_by_label("Name of the class spotty")
    field.fill("polka dots")
    field.press("Enter")
    expect(cards.get_by_label("Name of the class polka dots")).to_have_value("polka dots")
    cards.get_by_label("Delete the class polka dots").click()
    expect(cards.locator("input.name")).to_have_count(3)


def test_bad_files_get_a_message_and_lose_nothing(page: Page, tmp_path: Path):
    path = tmp_path / "bad.zip"
    path.write_bytes(b"not a zip")
    cards = page.locator("#cards input.name")
    expect(cards).not_to_have_count(0)
    count = cards.count()
    add_zip(page, path)
    message = page.locator(".toast-body")
    expect(message).to_contain_text("zip")
    assert "Traceback" not in message.inner_text()
    expect(cards).to_have_count(count)


def test_beta_and_gamma_are_chosen_and_the_sliders_follow(page: Page):
    trained = page.locator("#gamma-number").input_value()
    open_mode(page, "teach")
    page.locator("#tune").click()
    reason = page.locator("#tuned p").first
    expect(reason).to_contain_text("held-out")
    expect(reason).to_contain_text("elsewhere")
    page.wait_for_function("""() => {
      const { beta, gamma } = lluExplorer.state();
      const told = document.querySelector('#tuned p').textContent.toLowerCase();
      const named = [`beta ${beta}, gamma ${gamma},`, `beta ${beta} and gamma ${gamma} stay`];
      return named.some((words) => told.includes(words));
    }""")
    expect(page.locator("#tuned svg .chosen")).to_have_count(1)
    page.locator("#reset-settings").click()
    expect(page.locator("#gamma-number")).to_have_value(trained)
