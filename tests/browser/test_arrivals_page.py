"""What the page asks before it does what may not be meant: where pictures go, their class, words nobody was taught."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from support.pages import add_zip, held_back
from support.sample_pictures import picture_bytes, write_zip

pytestmark = pytest.mark.browser


@pytest.fixture
def teaching(page: Page) -> Page:
    page.evaluate("lluExplorer.openMode('teach')")
    expect(page.locator("#cards .card").first).to_be_visible()
    return page


def drop(page: Page, path: Path) -> None:
    path.write_bytes(picture_bytes(5))
    page.locator("#drop input[type=file]").set_input_files(path)


def ask_for_dog(page: Page) -> tuple[Locator, str]:
    """Press once for a word that nobody was taught; (its field, the tile as it was before)."""
    page.evaluate("lluExplorer.openMode('ask')")
    shown = page.locator("#tile-seen").inner_text()
    field = page.locator("#new-class textarea, #new-class input")
    field.fill("dog")
    page.locator("#add-class").click()
    expect(page.locator("#class-warning")).to_contain_text("never taught dog")
    return field, shown


def test_a_picture_without_a_name_waits_and_asks_where_to_go(teaching: Page, tmp_path: Path):
    page, question = teaching, teaching.locator("#question .question")
    before = page.locator("#cards .card").count()
    drop(page, tmp_path / "one.png")
    expect(question).to_contain_text("What do these pictures show?")
    expect(page.locator("#cards .card")).to_have_count(before)
    question.locator("input").fill("teapot")
    question.locator("input").press("Enter")
    expect(question).to_contain_text("Where shall 1 picture of teapot go?")
    expect(page.locator("#cards .card")).to_have_count(before)
    question.get_by_role("button", name="Add to").click()
    expect(page.locator("#cards .card")).to_have_count(before + 1)
    expect(question).to_be_hidden()
    expect(page.locator("#untrained")).to_contain_text("Not trained yet")
    expect(page.locator("#drop input[type=file]")).to_be_attached()
    page.locator("#cards .undo").click()
    expect(page.locator("#cards .card")).to_have_count(before)


def test_a_zip_over_an_own_set_asks_and_can_be_left(teaching: Page, tmp_path: Path):
    page, question = teaching, teaching.locator("#question .question")
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#cards input.name")).to_have_count(4)
    add_zip(page, write_zip(tmp_path / "again.zip"))
    expect(question).to_contain_text("Where shall the zip go?")
    question.get_by_role("button", name="Leave the files out").click()
    expect(question).to_be_hidden()
    add_zip(page, write_zip(tmp_path / "again.zip"))
    question.get_by_role("button", name="Begin another set").click()
    expect(question).to_be_hidden()
    expect(page.locator('#cards .card[data-name="spotty"] .count')).to_contain_text("6 ")


def test_what_comes_while_the_panels_are_drawn_is_drawn_as_well(page: Page):
    """The drawing after the first press is done on the server and has not come when the second press has its answer."""
    begun, drawing = 0, []

    def hold_second(route: Route) -> None:
        nonlocal begun
        begun += 1
        if begun == 2:  # a press is the first
            drawing.append((route, route.fetch()))
        else:
            route.continue_()

    page.wait_for_function("lluExplorer.state().projection === 'UMAP'")  # nothing else is asked for by then
    with page.expect_response("**/queue/join*"):
        page.evaluate("lluExplorer.openMode('ask')")
    page.locator("#new-class textarea, #new-class input").fill("dog")
    page.route("**/queue/join*", hold_second)
    page.locator("#add-class").click()
    page.get_by_role("button", name="Add anyway").click()
    expect(page.locator("#class-warning")).to_be_empty()
    page.wait_for_timeout(300)  # the answer has come; what follows from it has begun
    [(route, response)] = drawing
    route.fulfill(response=response)
    expect(page.get_by_role("button", name="Remove the possible answer dog")).to_be_visible()


def test_a_name_that_is_typed_while_another_is_added_stays(page: Page):
    page.wait_for_function("lluExplorer.state().projection === 'UMAP'")  # no answer is on its way by then
    field, shown = ask_for_dog(page)
    with held_back(page, "**/queue/data*"):
        page.get_by_role("button", name="Add anyway").click()
        field.fill("cat")
    expect(page.get_by_role("button", name="Remove the possible answer dog")).to_be_visible()
    expect(page.locator("#tile-seen")).not_to_have_text(shown, use_inner_text=True)
    expect(field).to_have_value("cat")


def test_a_word_nobody_was_taught_is_added_at_a_second_press_and_removed_again(page: Page):
    field, shown = ask_for_dog(page)
    assert page.locator("#tile-seen").inner_text() == shown
    page.get_by_role("button", name="Add anyway").click()
    chip = page.get_by_role("button", name="Remove the possible answer dog")
    expect(chip).to_be_visible()
    expect(page.locator("#tile-seen")).not_to_have_text(shown, use_inner_text=True)
    expect(field).to_have_value("")
    chip.click()
    expect(chip).to_have_count(0)
    expect(page.locator("#tile-seen")).to_have_text(shown, use_inner_text=True)


def test_a_press_while_the_way_of_the_answers_before_is_ending_is_answered(page: Page):
    """The word that ends a stream of answers comes late, as on a slow wire, and a press before it does."""
    page.evaluate("""() => {
        const fetched = window.fetch;
        window.fetch = async (...asked) => {
            const answer = await fetched(...asked);
            if (!(asked[0].url ?? String(asked[0])).includes("queue/data")) return answer;
            const late = new TransformStream({
                async transform(chunk, stream) {
                    const [before, ending] = new TextDecoder().decode(chunk).split(/(?=data: {[^\\n]*"close_stream")/);
                    stream.enqueue(new TextEncoder().encode(before));
                    if (!ending) return;
                    window.ending = true;
                    await new Promise((resolve) => setTimeout(resolve, 500));
                    stream.enqueue(new TextEncoder().encode(ending));
                },
            });
            return new Response(answer.body.pipeThrough(late), answer);
        };
    }""")
    ask_for_dog(page)
    page.wait_for_function("window.ending")
    page.get_by_role("button", name="Add anyway").click()
    expect(page.get_by_role("button", name="Remove the possible answer dog")).to_be_visible()


def test_an_upload_tells_how_far_it_is(teaching: Page, tmp_path: Path):
    page, question = teaching, teaching.locator("#question .question")
    path = tmp_path / "large.png"
    path.write_bytes(picture_bytes(5) + bytes(3 * 2**20))
    page.locator("#drop-class textarea, #drop-class input").fill("teapot")
    page.evaluate("""() => {
      window.seen = [];
      new MutationObserver(() => window.seen.push(document.querySelector('.question-text').textContent
        + (document.querySelector('#older-set') ? ' | older' : '')))
        .observe(document.querySelector('#question'), { childList: true, subtree: true, characterData: true });
    }""")
    page.locator("#drop input[type=file]").set_input_files(path)
    expect(question).to_contain_text("Where shall 1 picture of teapot go?")
    told = page.evaluate("window.seen")
    assert any(text.startswith("Uploading ") and "of 4 MB" in text for text in told), told
    page.get_by_role("button", name="Begin another set").click()
    expect(question).to_be_hidden()
    told = page.evaluate("window.seen")
    assert any(text.startswith("Reading large.png") for text in told), told
    expect(page.locator("#untrained")).to_contain_text("Not trained yet")
    expect(page.locator("#older-set")).to_have_count(0)


def test_the_drop_zones_are_called_what_is_read_on_them(teaching: Page):
    page = teaching
    zone = page.locator("#drop button:has(input[type=file]), #drop button[aria-label]").first
    expect(zone).to_have_attribute("aria-label", re.compile("Pictures, a zip or a folder.*Drop File Here", re.S))
    page.evaluate("lluExplorer.openMode('ask')")
    query = page.locator("#query button[aria-label*='Ask about a picture']").first
    expect(query).to_have_attribute("aria-label", re.compile("Drop Image Here", re.S))


def test_a_setting_that_is_no_number_is_refused_in_words(page: Page):
    box, fault = page.locator("#beta-number"), page.locator("#setting-fault")
    before = box.input_value()
    box.fill("two")
    box.press("Enter")
    expect(fault).to_contain_text("\u201ctwo\u201d is no beta from 0 to 1; the setting stays as it was.")
    expect(box).to_have_value(before)
    page.locator("#gamma-number").fill("-1")
    page.locator("#gamma-number").press("Enter")
    expect(fault).to_contain_text("is no gamma from 0 to inf")
    page.locator("#gamma-number").fill("3")
    page.locator("#gamma-number").press("Enter")
    expect(fault).to_be_empty()
