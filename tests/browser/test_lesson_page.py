"""A learner goes through the lesson, by mouse and by keyboard, on the example that it was made for."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from support.pages import box_of, open_app, state

pytestmark = pytest.mark.browser

NEW_WORDS = "#set=New%20words&lesson="
SIZES = {"laptop": (1440, 900), "projector": (1024, 768), "phone": (390, 844)}


def open_lesson(page: Page, address: str, step: int) -> Page:
    open_app(page, address + NEW_WORDS + str(step))
    page.wait_for_function("(step, { lesson } = lluExplorer.state()) => lesson.open && lesson.step === step", arg=step)
    page.wait_for_function("document.querySelector('#preset input').value === 'New words'")
    expect(page.locator(".lesson-question")).not_to_be_empty()
    return page


def drag(page: Page, slider: Locator, share: float) -> None:
    """Take the thumb of a slider with the mouse and let it go at a share of the way."""
    box = box_of(slider)
    middle = box["y"] + box["height"] / 2
    at = float(slider.evaluate("({ value, min, max }) => (value - min) / (max - min)"))
    inner = box["width"] - 18
    page.mouse.move(box["x"] + 9 + at * inner, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 9 + share * inner, middle, steps=8)
    page.mouse.up()


def outcome(page: Page) -> Locator:
    return page.locator(".lesson-outcome")


def shown(page: Page, name: str) -> str:
    return f"{state(page, f'tiles.{name}'):.1f}"


def settled(page: Page, beta: float, gamma: str) -> None:
    script = "([beta, gamma]) => lluExplorer.state().beta === beta && String(lluExplorer.state().gamma) === gamma"
    page.wait_for_function(script, arg=[beta, gamma])
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_learner_goes_through_all_steps_by_mouse(fresh_page: Page, app_address: str):
    page = open_lesson(fresh_page, app_address, 1)
    next_step = page.locator(".lesson-next")
    expect(page.locator(".lesson-picture")).to_be_visible()
    expect(page.locator(".caption")).to_be_hidden()  # it would tell what is asked
    page.locator(".lesson-choice").first.click()
    expect(outcome(page)).to_contain_text("% sure")
    expect(page.locator(".lesson-choice[data-verdict=right]")).to_have_count(1)
    next_step.click()

    settled(page, 0, "0")
    before = shown(page, "elsewhere")
    expect(page.locator(".lesson-confirm")).to_be_disabled()
    drag(page, page.locator(".lesson-marker"), 0.8)
    page.locator(".lesson-confirm").click()
    settled(page, 1, "0")
    expect(outcome(page)).to_contain_text(f"You said 80, it is {shown(page, 'elsewhere')}")
    expect(outcome(page)).to_contain_text(f"Elsewhere goes from {before} to {shown(page, 'elsewhere')}")
    expect(page.locator(".lesson-flag.truth")).to_have_text(f"{shown(page, 'elsewhere')} %")
    next_step.click()

    expect(page.locator(".lesson-live")).to_contain_text("to go")
    drag(page, page.locator("#gamma-slider"), 0.55)
    expect(outcome(page)).to_contain_text("Elsewhere is")
    assert state(page, "tiles.elsewhere") >= state(page, "clip.elsewhere") - 1
    next_step.click()

    settled(page, 1, "5")
    page.get_by_role("group", name="Your prediction").get_by_role("button", name="Yes").click()
    settled(page, 1, "Infinity")
    expect(outcome(page)).to_contain_text(f"{state(page, 'tiles.changed')} of ")
    expect(page.locator(".why-image .why-number")).to_have_text("\u00b10.0")
    next_step.click()

    drag(page, page.locator("#gamma-slider"), 0.4)
    page.locator(".lesson-confirm").click()
    expect(outcome(page)).to_contain_text(re.compile("Best of .* Yours"))
    assert state(page, "tiles.elsewhere") >= state(page, "clip.elsewhere") - 1
    next_step.click()

    page.get_by_role("group", name="Your prediction").get_by_role("button", name="No").click()
    expect(outcome(page)).to_contain_text("Challenge")
    page.get_by_role("button", name="Open Teach").click()
    expect(page.locator("#drop")).to_be_visible()


def test_a_learner_goes_through_all_steps_by_keyboard(fresh_page: Page, app_address: str):
    page = open_lesson(fresh_page, app_address, 1)
    keys = page.keyboard
    expect(page.locator(".lesson-question")).to_be_focused()

    def go_on() -> None:
        expect(page.locator(".lesson-next")).to_be_focused()
        keys.press("Enter")
        expect(page.locator(".lesson-question")).to_be_focused()

    keys.press("Tab")
    keys.press("Enter")
    go_on()
    keys.press("Tab")
    for _ in range(10):
        keys.press("ArrowRight")
    expect(page.locator(".lesson-marker")).to_have_attribute("aria-valuetext", "60 percent")
    keys.press("Tab")
    keys.press("Enter")
    expect(outcome(page)).to_contain_text(re.compile("You said 60|Well guessed"))
    go_on()
    page.locator("#gamma-slider").focus()
    for _ in range(60):
        keys.press("ArrowRight")
        if outcome(page).inner_text():
            break
    expect(outcome(page)).to_contain_text("Elsewhere is")
    expect(page.locator("#gamma-slider")).to_be_focused()
    page.locator(".lesson-next").press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    go_on()
    keys.press("Tab")
    keys.press("Enter")
    expect(outcome(page)).to_contain_text("Best of")
    go_on()
    expect(page.locator(".lesson-step[aria-current]")).to_have_text("6")


@pytest.mark.parametrize("size", SIZES)
def test_the_dock_is_in_sight_and_covers_no_slider(fresh_page: Page, app_address: str, size: str):
    width, height = SIZES[size]
    fresh_page.set_viewport_size({"width": width, "height": height})
    page = open_lesson(fresh_page, app_address, 4)
    expect(page.locator(".lesson-question")).to_be_in_viewport(ratio=1)
    page.locator(".lesson-choice").last.click()
    expect(outcome(page)).not_to_be_empty()
    dock = box_of(page.locator("#lesson"))
    assert dock["y"] + dock["height"] <= height
    for slider in ("#beta-slider", "#gamma-slider"):
        box = box_of(page.locator(slider))
        assert box["y"] + box["height"] <= dock["y"] or box["y"] >= dock["y"] + dock["height"]
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).type", middle) == "range"
    if size == "phone":
        assert dock["y"] + dock["height"] <= box_of(page.locator("#modes .modes"))["y"]
    else:
        assert dock["height"] <= 121
        area = box_of(page.locator("#explorer-map"))
        assert area["y"] + area["height"] <= dock["y"]
    assert page.locator(".lesson-text").evaluate("(node) => node.scrollHeight <= node.clientHeight + 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_set_offers_the_lessons_example(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, app_address + "#set=Handwritten%20digits&lesson=2")
    page.get_by_role("button", name="Load \u201cNew words\u201d").click()
    page.wait_for_function("document.querySelector('#preset input').value === 'New words'")
    expect(page.locator(".lesson-example")).to_be_hidden()
    expect(page.locator(".lesson-step[aria-current]")).to_have_text("2")


def test_with_the_sliders_hidden_the_lesson_shows_what_they_do(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, f"{app_address}?hide=gamma,presets,x y{NEW_WORDS}3")
    expect(page.locator("#gamma-slider")).to_be_hidden()
    page.get_by_role("button", name="Show me").click()
    expect(outcome(page)).to_contain_text("Elsewhere is")


def test_the_sheet_holds_every_question_and_a_key(fresh_page: Page, app_address: str):
    page = open_lesson(fresh_page, app_address, 2)
    page.locator(".lesson-print").click()
    sheet = page.frame_locator(".lesson-sheet")
    questions = sheet.locator(".question h2").all_text_contents()
    assert len(questions) == 6
    assert page.locator(".lesson-question").inner_text() in questions[1]
    expect(sheet.locator(".key li")).to_have_count(6)
    page.evaluate("() => { lluExplorer.setBeta(1); lluExplorer.setGamma(0); }")
    settled(page, 1, "0")
    expect(sheet.locator(".key li").nth(1)).to_contain_text(f"to {shown(page, 'elsewhere')}")


def test_the_model_in_one_dimension_follows_shots_and_sliders(fresh_page: Page, app_address: str):
    page = open_app(fresh_page, app_address)
    page.evaluate("() => { lluExplorer.setBeta(1); lluExplorer.setGamma(5); }")
    page.locator("#tab-how").click()
    now = page.locator(".sine-now td")
    expect(now).to_have_text([".046", ".094", ".002"])
    expect(page.locator(".sine-reading")).to_contain_text("Learned")
    page.evaluate("lluExplorer.setGamma(100)")
    expect(now).to_have_text([".046", ".765", "0"])
    expect(page.locator(".sine-reading")).to_contain_text("Memorised")
    shot = page.locator(".sine-shot").nth(1)
    shot.press("ArrowUp")
    expect(shot).to_have_attribute("aria-valuetext", re.compile(r"x 0\.9, value 0\.14"))
    shift = state(page, "tabs.how.shift")
    shot.scroll_into_view_if_needed()
    box = box_of(shot)
    page.mouse.move(box["x"] + 7, box["y"] + 7)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] - 30, steps=4)
    page.mouse.up()
    assert state(page, "tabs.how.shift") < shift
    page.locator(".sine-reset").click()
    assert abs(state(page, "tabs.how.shift") - 0.597) < 1e-3
    page.locator(".sine-gamma").press("Home")
    page.wait_for_function("lluExplorer.state().gamma === 0")
    expect(now).to_have_text([".046", ".005", ".640"])
