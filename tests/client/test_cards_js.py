"""What a visitor does on the class cards, in a page that holds nothing else: every action ends in one event."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from demo.client import CARDS
from demo.payloads.cards import cards_payload
from demo.session import draft as drafts
from llu_core.data.fewshot import Rejected
from llu_core.data.pictures import ImageSource, Picture
from support.modules import module_page

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=window.hacked=1>"
PAGE = f"""<style>{CARDS["css_template"]}</style>
<div id="drop"><input type="file" multiple></div><div id="drop-class"><textarea></textarea></div>
<div id="cards">{CARDS["html_template"]}</div>"""
MOUNT = """(value) => {
    window.events = [];
    window.props = { value };
    const trigger = (name, data) => events.push([name, data]);
    const watch = (key, draw) => { window.show = (next) => { props.value = next; draw(); }; };
    mountCards(document.querySelector("#cards"), props, trigger, watch);
}"""
DROP_FOLDER = """async () => {
    const picture = new File(["pixels"], "1.png", { type: "image/png" });
    const file = { name: "ä 1.png", isFile: true, file: (resolve) => resolve(picture) };
    const folder = (name, inside) => {
        const answers = [inside, []];
        const readEntries = (resolve) => resolve(answers.shift());
        return { name, isDirectory: true, createReader: () => ({ readEntries }) };
    };
    const entries = [folder("pets", [folder("Füchse", [file]), folder("empty", [])])];
    const event = new Event("drop", { bubbles: true, cancelable: true });
    const items = entries.map((entry) => ({ webkitGetAsEntry: () => entry }));
    event.dataTransfer = { types: ["Files"], files: [], items };
    const field = document.querySelector("#drop input");
    const changed = new Promise((resolve) => field.addEventListener("change", resolve, { once: true }));
    field.dispatchEvent(event);
    await changed;
    return [field.files[0].name, event.defaultPrevented];
}"""


def a_set() -> ImageSource:
    def pictures(count: int, colour: str) -> list[Picture]:
        return [Picture(f"{i}.png", 0, partial(Image.new, "RGB", (40, 40), colour)) for i in range(count)]

    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures(9, "teal"))
    draft = drafts.add_class(drafts.add_pictures(draft, MARKUP, pictures(3, "tomato")), '🦊 "newt"')
    return drafts.with_rejected(draft, [Rejected("<b>a</b>.png", "truncated")])


@pytest.fixture
def draft() -> ImageSource:
    return a_set()


@pytest.fixture
def page(chromium: Browser, draft: ImageSource) -> Iterator[Page]:
    page = module_page(chromium, "cards/cards.js", content=PAGE, viewport={"width": 330, "height": 800})
    page.evaluate(MOUNT, cards_payload(draft, undo="add pictures", changed=True))
    yield page
    page.close()


def events(page: Page) -> list:
    return page.evaluate("events.splice(0)")


def key(draft: ImageSource, name: str, class_name: str = "cat") -> str:
    keyed = drafts.pictures_by_key(draft)
    return next(k for k in keyed if drafts.picture_of(draft, k) == (class_name, name))


def test_names_are_shown_as_text(page: Page):
    assert page.locator("input.name").nth(1).input_value() == MARKUP
    page.locator(".card").first.locator(".thumb").first.click()
    assert MARKUP in page.locator("select.move-to").inner_text()
    assert page.locator(".notes").inner_text().endswith("Left out <b>a</b>.png: truncated")
    assert page.evaluate("window.hacked") is None


def test_six_pictures_at_first_then_all(page: Page):
    card = page.locator(".card").first
    assert card.locator(".thumb").count() == 6
    card.get_by_role("button", name="all 9").click()
    assert card.locator(".thumb").count() == 9
    card.get_by_role("button", name="fewer").press("Enter")
    assert card.locator(".thumb").count() == 6


def test_the_keyboard_reaches_and_deletes_a_picture(page: Page, draft: ImageSource):
    page.locator(".card").first.locator(".thumb").first.focus()
    for name in ("ArrowRight", "Enter"):
        page.keyboard.press(name)
    assert page.locator(".bar-name").inner_text() == "1.png"
    page.keyboard.press("Escape")
    assert page.locator(".bar").count() == 0
    page.keyboard.press("Delete")
    assert events(page) == [["discard", {"picture": key(draft, "1.png")}]]
    page.evaluate("show", cards_payload(drafts.delete_picture(draft, key(draft, "1.png"))))
    assert page.evaluate("document.activeElement.title") == "2.png"


def test_a_picture_is_moved_to_a_class_or_a_new_one(page: Page, draft: ImageSource):
    thumbs = page.locator(".card").first.locator(".thumb")
    thumbs.nth(2).click()
    page.get_by_label("Move to").select_option(label='🦊 "newt"')
    page.get_by_role("button", name="Move", exact=True).click()
    thumbs.nth(0).click()
    page.get_by_label("Move to").select_option(label="new class …")
    page.keyboard.type("red panda")
    page.keyboard.press("Enter")
    assert events(page) == [
        ["move", {"picture": key(draft, "2.png"), "to": '🦊 "newt"'}],
        ["move", {"picture": key(draft, "0.png"), "to": "red panda"}],
    ]


def test_a_redraw_leaves_the_open_bar_of_an_unchanged_card(page: Page, draft: ImageSource):
    page.locator(".card").nth(1).locator(".thumb").first.click()
    page.evaluate("show", cards_payload(drafts.delete_picture(draft, key(draft, "1.png"))))
    assert page.locator(".card").nth(1).locator(".bar").count() == 1
    assert page.evaluate("document.activeElement.className") == "move-to"


def test_renaming_creating_deleting_and_undoing(page: Page):
    field = page.get_by_label("Name of the class cat")
    field.fill("lynx")
    field.press("Enter")
    page.get_by_label("Name of a new class").fill(" red_panda ")
    page.get_by_role("button", name="+ class").click()
    page.get_by_role("button", name="Delete the class cat").click()
    page.get_by_role("button", name="Undo: add pictures").click()
    assert events(page) == [
        ["rename", {"old": "cat", "new": "lynx"}],
        ["create", {"name": "red panda"}],
        ["remove", {"name": "cat"}],
        ["undo", {}],
    ]


@pytest.mark.parametrize(
    ("name", "reason"), [('🦊 "newt"', "already a class"), ("x" * 300, "at most 80"), (" ", "Type what")]
)
def test_a_name_that_cannot_be_is_not_sent(page: Page, name: str, reason):
    page.get_by_label("Name of a new class").fill(name)
    page.get_by_role("button", name="+ class").click()
    assert reason in page.locator(".say").inner_text()
    assert events(page) == []


def test_pictures_are_added_to_a_card(page: Page, tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add pictures to cat").click()
    chooser.value.set_files(path)
    page.wait_for_function("document.querySelector('#drop input').files.length === 1")
    assert page.locator("#drop-class textarea").input_value() == "cat"


def test_a_dropped_folder_becomes_a_zip(page: Page):
    assert page.evaluate(DROP_FOLDER) == ["pets.zip", True]
    text = page.evaluate("document.querySelector('#drop input').files[0].text()")
    assert "pets/Füchse/ä 1.png" in text
    assert "pets/empty/" in text


def test_a_set_of_embeddings_cannot_be_edited(page: Page, draft: ImageSource):
    payload = json.loads(cards_payload(draft)) | {"fixed": True}
    page.evaluate("show", json.dumps(payload))
    assert page.locator(".card input, .card .delete, .card .add").count() == 0
    assert not page.get_by_label("Name of a new class").is_visible()
