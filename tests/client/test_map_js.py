"""The page's pure functions around the map: reading a link, scaling coordinates, keeping a choice."""

import base64
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from support.modules import module_page

pytestmark = pytest.mark.browser

MODULES = ("model/payload", "model/selection", "map/labels", "link")


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = module_page(chromium, *(f"explorer/{name}.js" for name in MODULES))
    yield page
    page.close()


def floats(*values: float) -> str:
    return base64.b64encode(np.array(values, dtype="<f4").tobytes()).decode()


def places(page: Page, x: tuple[float, ...], group: list[int]) -> list[float]:
    """The horizontal places of pictures at x; they lie on a diagonal, without anchors or classes."""
    source = {"images": {"x": floats(*x), "y": floats(*x)}}
    script = "([source, group]) => Array.from(normalisePlaces(decodePlaces(source), group).images.x)"
    return page.evaluate(script, [source, group])


def test_a_link_is_read(page: Page):
    link = page.evaluate("readLink('#set=Small%20shapes&beta=.25&gamma=inf&picture=a%26b.png&colour=llu')")
    expected = {"set": "Small shapes", "picture": "a&b.png", "beta": 0.25, "gamma": float("inf"), "colour": "llu"}
    assert link == expected | {"statistics": None, "lesson": None}
    assert [page.evaluate(f"readLink('#statistics={word}').statistics") for word in ("on", "off", "1")] == [
        True, False, None,
    ]  # fmt: skip


@pytest.mark.parametrize("hash", ["", "#", "#beta=2&gamma=-1&colour=pink", "#beta=x&gamma=&set=&picture="])
def test_what_a_link_says_wrongly_is_left_out(page: Page, hash):
    assert set(page.evaluate("(hash) => Object.values(readLink(hash))", hash)) == {None}


def repeated(page: Page, state: dict, lesson: int = 0) -> dict:
    """What a reader finds in the link to this state of the explorer."""
    opened = {"inLesson": lesson > 0, "step": max(lesson, 1)}
    return page.evaluate("(state) => readLink(linkHash(state))", state | opened)


def test_a_link_repeats_what_is_on_show(page: Page):
    data = {"preset": "Pets & more", "statistics": None, "images": {"names": ["a b.png", "mine.png"], "group": [1, 2]}}
    shown = {"data": data, "selected": 0, "beta": 0.123456, "gamma": 20, "colouring": "truth"}
    expected = {"set": "Pets & more", "beta": 0.123, "gamma": 20, "picture": "a b.png", "colour": "truth"}
    assert repeated(page, shown) == expected | {"statistics": None, "lesson": None}
    for counted in (True, False):
        assert repeated(page, shown | {"data": data | {"statistics": counted}})["statistics"] is counted
    assert repeated(page, shown, lesson=3)["lesson"] == 3


def test_a_link_names_neither_queries_nor_own_pictures(page: Page):
    data = {"preset": "Pets", "images": {"names": ["a.png", "mine.png"], "group": [1, 2]}}
    shown = {"data": data, "selected": 1, "beta": 0.5, "gamma": 20, "colouring": "alpha"}
    assert repeated(page, shown)["picture"] is None
    own = repeated(page, shown | {"selected": 0, "data": data | {"preset": None}})
    assert own["set"] is None
    assert own["picture"] is None


def test_a_query_does_not_shift_the_map(page: Page):
    alone = places(page, (1.0, 2.0, 5.0), [0, 1, 1])
    joined = places(page, (1.0, 2.0, 5.0, 3.0), [0, 1, 1, 2])
    assert joined[:3] == alone == pytest.approx([0, 0.25, 1])
    assert joined[3] == pytest.approx(0.5)


def test_a_far_query_is_held_at_the_edge(page: Page):
    assert places(page, (0.0, 1.0, 40.0), [0, 1, 2])[2] == pytest.approx(1.04)


def test_a_choice_is_kept_by_name(page: Page):
    script = """([old, chosen, names]) => {
        const kept = keptChoice({ images: { names: old } }, Uint8Array.from(chosen), { images: { names } });
        return kept && Array.from(kept);
    }"""
    assert page.evaluate(script, [["a", "b", "c"], [1, 0, 1], ["a", "b", "c", "query"]]) == [1, 0, 1, 0]
    assert page.evaluate(script, [["a", "b"], [0, 1], ["a"]]) is None


def arranged(page: Page, labels: list[dict], points: Sequence[Sequence[float]]) -> list[dict | None]:
    return page.evaluate("(all) => arrangeLabels(...all)", [labels, points, {"width": 400, "height": 300}])


def test_a_class_name_gives_way_to_points_and_stays_on_the_map(page: Page):
    label = {"x": 200, "y": 150, "name": "red panda", "slot": -1}
    crowd = [[190 + step, 150] for step in range(20)]
    (free,), (moved,) = arranged(page, [label], []), arranged(page, [label], crowd)
    assert free is not None
    assert moved is not None
    assert (free["x"], free["y"]) == (200, 150)
    assert (moved["x"], moved["y"]) != (200, 150)
    (corner,) = arranged(page, [label | {"x": 399, "y": 2}], [])
    assert corner is not None
    assert corner["x"] + corner["width"] / 2 <= 400
    assert corner["y"] >= 7


def test_class_names_do_not_overlap_and_a_class_without_pictures_has_no_name(page: Page):
    crowded = [{"x": 200, "y": 150 + row, "name": f"class {row}", "slot": -1} for row in range(30)]
    places = arranged(page, [*crowded, {"x": float("nan"), "y": float("nan"), "name": "none", "slot": -1}], [])
    assert places[-1] is None
    shown = [place for place in places if place]
    assert 2 < len(shown) < 30
    for at, one in enumerate(shown):
        for other in shown[:at]:
            apart = abs(one["x"] - other["x"]) > (one["width"] + other["width"]) / 2
            assert apart or abs(one["y"] - other["y"]) > 15
