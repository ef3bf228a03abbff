"""The webcam on the page: shots on class cards, live prediction, and every way of having no camera.

The browser's own fake camera shows a green picture with a clock, so that no two frames are the same.
"""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.app_fixtures import DESKTOP, new_page
from support.browser_fixtures import FLAGS, executable
from support.pages import box_of, hold_first, open_app, open_mode, open_save, state, train

pytestmark = pytest.mark.browser

FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
Opener = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, app_address: str) -> Iterator[Opener]:
    """opened(*flags, script=""): the app in a browser with these flags, after `script` has run in its page."""
    browsers, failures = [], []

    def open_with(*flags: str, script: str = "") -> Page:
        browser = chromium.browser_type.launch(executable_path=executable(), args=[*FLAGS, *flags])
        browsers.append(browser)
        page, errors = new_page(browser.new_context(viewport=DESKTOP))
        failures.append(errors)
        if script:
            page.add_init_script(script)
        return open_app(page, app_address)

    yield open_with
    for browser in browsers:
        browser.close()
    assert failures == [[] for _ in browsers]


def card(page: Page, name: str) -> Locator:
    return page.locator(f'#cards .card[data-name="{name}"]')


def shots_of(page: Page) -> int:
    """How many pictures the recording that is under way has taken."""
    return page.locator(".shots-row img").count()


def record(page: Page, button: Locator, least: int) -> int:
    """Hold a button with the mouse until there are `least` shots; returns how many joined."""
    open_mode(page, "teach")
    button.evaluate("node => node.scrollIntoView({ block: 'center', behavior: 'instant' })")  # not under the foot
    box = box_of(button)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    expect(page.locator(".shots-row img").nth(least - 1)).to_be_attached()
    expect(page.locator(".camera-sign")).to_be_visible()
    expect(page.locator(".shots-count")).to_contain_text(re.compile(r"\d+ pictures"))
    expect(button).to_contain_text(re.compile(r"Recording \d+"))
    page.mouse.up()
    return joined(page)


def joined(page: Page) -> int:
    news = page.locator("#cards .say")
    expect(news).to_contain_text("recorded.")
    expect(page.locator(".camera-sign")).to_have_count(0)
    return int(news.inner_text().split()[0])


def name_class(page: Page, name: str) -> None:
    """Type the name of a new class; while an example is on show it is asked first, and begins another set here."""
    open_mode(page, "teach")
    expect(page.locator("#cards .card").first).to_be_attached()
    page.locator("#cards .new-name").fill(name)
    if page.locator("#preset input").input_value() == "Your set":
        return
    page.locator("#cards .for-new").focus()
    page.keyboard.press("Space")
    expect(page.locator("#cards .say")).to_have_text(f"Where shall the pictures of {name} go?")
    assert shots_of(page) == 0
    page.get_by_role("button", name="Begin another set").click()
    expect(page.locator("#cards .for-new")).to_be_focused()


def record_new(page: Page, name: str, least: int = 4) -> int:
    name_class(page, name)
    taken = record(page, page.locator("#cards .for-new"), least)
    expect(card(page, name).locator(".count")).to_contain_text(f"{taken} pictures")
    return taken


def live_answers(page: Page) -> int:
    return int(page.locator(".live").get_attribute("data-answered") or 0)


def switch_live_on(page: Page) -> None:
    open_mode(page, "ask")
    page.locator(".live-switch").click()
    page.wait_for_function(
        """() => Number(document.querySelector(".live").dataset.answered) > 0
            || document.querySelector(".live-switch[aria-pressed=false] ~ .live-say:not([hidden])")"""
    )
    assert live_answers(page), page.locator(".live-say").inner_text()


def test_shots_are_recorded_trained_on_and_asked_about_live(opened: Opener):
    page = opened(*FAKE_CAMERA)
    cups, pens = record_new(page, "cup"), record_new(page, "pen")
    expect(page.locator("#model-line")).to_contain_text("photograph model")
    expect(card(page, "cup").locator(".thumb img").first).to_be_visible()
    card(page, "cup").locator("button.thumb").first.click()
    card(page, "cup").locator(".discard").click()
    expect(card(page, "cup").locator(".count")).to_contain_text(f"{cups - 1} pictures")
    more = record(page, card(page, "cup").locator(".record"), 2)
    expect(card(page, "cup").locator(".count")).to_contain_text(f"{cups - 1 + more} pictures")
    page.locator("#cards .undo").click()  # a recording is one step
    expect(card(page, "cup").locator(".count")).to_contain_text(f"{cups - 1} pictures")
    train(page)
    expect(page.locator("#status")).to_contain_text(f"Trained on {cups - 1 + pens} pictures of 2 classes")
    switch_live_on(page)
    page.wait_for_timeout(3000)  # the map is drawn meanwhile
    place = "lluExplorer.where(lluExplorer.state().selected).join()"
    before, place_before = live_answers(page), page.evaluate(place)
    page.wait_for_function("n => Number(document.querySelector('.live').dataset.answered) >= n + 2", arg=before)
    page.wait_for_function(f"before => {place} !== before", arg=place_before)
    expect(page.locator(".live-clip .live-percent")).to_contain_text("%")
    expect(page.locator(".live-llu .live-name")).to_have_text(re.compile("cup|pen"))
    expect(page.locator(".live-alpha .live-name")).to_have_text(re.compile(r"\.\d+"))
    expect(page.locator(".selected .name")).to_have_text("live picture")
    page.locator(".live-switch").click()
    expect(page.locator(".camera-sign")).to_have_count(0)
    expect(page.locator(".selected .name")).not_to_have_text("live picture")
    assert page.locator(".toast-body").count() == 0


def test_a_key_is_held_too_and_its_repeats_do_not_count(opened: Opener):
    page = opened(*FAKE_CAMERA)
    name_class(page, "cup")
    for _ in range(5):  # what a held key sends
        page.keyboard.down("Space")
        page.wait_for_timeout(100)
    expect(page.locator(".shots-row img").nth(3)).to_be_attached()
    page.keyboard.up("Space")
    assert joined(page) >= 4
    expect(page.locator("#cards .card")).to_have_count(1)
    expect(page.locator("#cards .undo")).to_contain_text("record cup")


def test_a_live_picture_is_kept_when_the_visitor_says_so(opened: Opener):
    page = opened(*FAKE_CAMERA)
    queries = page.locator(".tracequery .points path")
    before = queries.count()
    switch_live_on(page)
    page.locator(".live-keep").click()
    expect(page.locator(".live-say")).to_have_text("Kept on the map.")
    page.locator(".live-switch").click()
    expect(queries).to_have_count(before + 1)


def test_live_prediction_goes_on_where_an_answer_is_lost(opened: Opener):
    page = opened(*FAKE_CAMERA)
    lost = hold_first(page, '"picture"')
    switch_live_on(page)
    expect(page.locator(".live-say")).to_be_hidden()
    assert lost


def test_live_prediction_goes_on_with_another_adapter_and_ends_with_the_set(opened: Opener):
    page = opened(*FAKE_CAMERA)
    record_new(page, "cup")
    record_new(page, "pen")
    train(page)
    switch_live_on(page)
    train(page)
    before = live_answers(page)
    page.wait_for_function("n => Number(document.querySelector('.live').dataset.answered) > n", arg=before)
    open_save(page)
    page.locator("#clear").click()
    expect(page.locator(".live-say")).to_contain_text("no trained adapter yet")
    expect(page.locator(".live-switch")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".camera-sign")).to_have_count(0)


def test_the_camera_goes_off_when_the_page_is_out_of_sight(opened: Opener):
    page = opened(*FAKE_CAMERA)
    switch_live_on(page)
    page.evaluate("window.tracks = document.querySelector('.live-video').srcObject.getTracks()")
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { value: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(page.locator(".live-say")).to_contain_text("out of sight")
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]


def test_the_camera_is_off_once_the_button_is_let_go(opened: Opener):
    page = opened(*FAKE_CAMERA)
    page.evaluate(
        """() => {
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            window.streams = [];
            navigator.mediaDevices.getUserMedia = async (wanted) => {
                streams.push(await ask(wanted));
                return streams.at(-1);
            };
        }"""
    )
    record_new(page, "cup", 2)
    states = page.evaluate("streams.flatMap((stream) => stream.getTracks().map((track) => track.readyState))")
    assert states == ["ended"]


def test_a_limit_ends_a_recording_and_what_came_stays(opened: Opener):
    page = opened(*FAKE_CAMERA, script=_limited(shots=3))
    name_class(page, "cup")
    page.keyboard.down("Enter")
    expect(page.locator("#cards .say")).to_contain_text("One recording takes 3 pictures")
    page.keyboard.up("Enter")
    expect(card(page, "cup").locator(".count")).to_contain_text("3 pictures")


def _limited(**limits: int) -> str:
    """A script after which the page believes in other limits of the class cards."""
    return f"""{{
        const read = JSON.parse;
        JSON.parse = (text, ...more) => {{
            const value = read(text, ...more);
            if (value?.limits?.suffixes) Object.assign(value.limits, {json.dumps(limits)});
            return value;
        }};
    }}"""


def test_a_server_that_is_gone_is_told_and_the_camera_goes_off(opened: Opener):
    page = opened(*FAKE_CAMERA)
    switch_live_on(page)
    page.context.set_offline(True)
    expect(page.locator(".live-say")).to_contain_text("The server does not answer")
    expect(page.locator(".camera-sign")).to_have_count(0)


def no_camera(page: Page, sentence: str) -> None:
    """Both ways to use the camera end in the sentence, nothing is lost, and no sign is left."""
    expect(page.locator("#cards .card .record").first).to_be_attached()
    before = page.locator("#cards .card").count()
    open_mode(page, "ask")
    page.locator(".live-switch").click()
    expect(page.locator(".live-say")).to_contain_text(sentence)
    expect(page.locator(".live-switch")).to_have_attribute("aria-pressed", "false")
    open_mode(page, "teach")
    button = page.locator("#cards .card .record").first
    button.focus()
    page.keyboard.down("Space")
    expect(page.locator("#cards .say")).to_contain_text(sentence)
    page.keyboard.up("Space")
    assert page.locator("#cards .card").count() == before
    assert page.locator(".camera-sign, .shots").count() == 0
    expect(button).to_have_text("Hold to record")
    assert state(page, "id")


def test_a_refused_camera_is_told(opened: Opener):
    no_camera(opened(FAKE_CAMERA[0]), "The camera was refused: allow it for this page")


def test_a_missing_camera_is_told(opened: Opener):
    no_camera(opened(FAKE_CAMERA[1]), "No camera was found")


def test_a_camera_in_use_is_told(opened: Opener):
    busy = """navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("x", "NotReadableError"); };"""
    no_camera(opened(*FAKE_CAMERA, script=busy), "in use by another program")


def test_a_page_that_is_not_secure_has_no_camera(opened: Opener):
    insecure = """Object.defineProperty(navigator, "mediaDevices", { value: undefined });"""
    no_camera(opened(*FAKE_CAMERA, script=insecure), "The camera needs a secure page")


def test_a_new_class_needs_its_name_before_its_pictures(opened: Opener):
    page = opened(*FAKE_CAMERA)
    open_mode(page, "teach")
    page.locator("#cards .for-new").focus()
    page.keyboard.press("Space")
    expect(page.locator("#cards .say")).to_contain_text("Type what the pictures show")
    assert shots_of(page) == 0


def test_a_recording_joins_the_example_where_the_visitor_says_so(opened: Opener):
    page = opened(*FAKE_CAMERA)
    open_mode(page, "teach")
    expect(page.locator("#cards .card").first).to_be_attached()
    classes = page.locator("#cards .card").count()
    page.locator("#cards .new-name").fill("cup")
    page.locator("#cards .for-new").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Add to New words").click()
    record(page, page.locator("#cards .for-new"), 2)
    expect(page.locator("#cards .card")).to_have_count(classes + 1)
    expect(page.locator("#preset input")).to_have_value("Your set")
