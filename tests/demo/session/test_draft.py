"""Editing a few-shot set: every edit is a new value, and labels follow the names."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from demo.session import draft as drafts
from demo.settings import Limits
from llu_core.data.pictures import ImageSource, Picture
from llu_core.encoders.prompts import render_prompts
from llu_core.errors import LluError


def pictures(*names: str) -> list[Picture]:
    return [Picture(name, 0, lambda: Image.new("RGB", (8, 8))) for name in names]


@pytest.fixture
def cats_and_dogs() -> ImageSource:
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures("c1", "c2"))
    return drafts.add_pictures(draft, "dog", pictures("d1"))


def named_train(draft: ImageSource) -> list[tuple[str, str]]:
    return [(draft.class_names[p.label], p.name) for p in draft.train]


def test_pictures_of_a_new_class_make_the_class(cats_and_dogs: ImageSource):
    assert cats_and_dogs.class_names == ("cat", "dog")
    assert named_train(cats_and_dogs) == [("cat", "c1"), ("cat", "c2"), ("dog", "d1")]


def test_pictures_of_a_known_class_join_it(cats_and_dogs: ImageSource):
    grown = drafts.add_pictures(cats_and_dogs, " cat ", pictures("c3"))
    assert grown.class_names == ("cat", "dog")
    assert len(grown.train) == 4


def test_renaming_keeps_the_pictures(cats_and_dogs: ImageSource):
    renamed = drafts.rename_class(cats_and_dogs, "cat", "red_panda")
    assert renamed.class_names == ("red panda", "dog")
    assert named_train(renamed)[0] == ("red panda", "c1")
    assert cats_and_dogs.class_names == ("cat", "dog")


def test_renaming_to_a_taken_name_is_refused(cats_and_dogs: ImageSource):
    with pytest.raises(LluError, match="already a class called dog"):
        drafts.rename_class(cats_and_dogs, "cat", "dog")


def test_deleting_a_class_takes_its_pictures_along(cats_and_dogs: ImageSource):
    left = drafts.delete_class(cats_and_dogs, "cat")
    assert left.class_names == ("dog",)
    assert named_train(left) == [("dog", "d1")]


def test_unseen_classes_come_last_and_can_be_replaced(cats_and_dogs: ImageSource):
    draft = drafts.set_unseen_classes(cats_and_dogs, ["newt", "ibis"])
    assert draft.class_names == ("cat", "dog", "newt", "ibis")
    assert draft.base_classes == 2
    assert drafts.unseen_without_pictures(drafts.set_unseen_classes(draft, ["wren"])) == ["wren"]


def test_merging_joins_classes_of_the_same_name(cats_and_dogs: ImageSource):
    other = drafts.add_pictures(drafts.empty_draft(), "dog", pictures("d2"))
    assert named_train(drafts.merge(cats_and_dogs, other))[-2:] == [("dog", "d1"), ("dog", "d2")]


def test_too_many_pictures_or_classes_are_refused_with_the_limit():
    with pytest.raises(LluError, match=r"3 pictures; the page takes 2"):
        drafts.require_within(3, ["cat"], Limits(pictures=2))
    with pytest.raises(LluError, match=r"2 classes; the page takes 1"):
        drafts.require_within(2, ["cat", "dog"], Limits(classes=1))
    with pytest.raises(LluError, match="characters"):
        drafts.require_within(2, ["x" * 300], Limits())


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_class_needs_a_name_of_sensible_length(name: str, cats_and_dogs: ImageSource):
    with pytest.raises(LluError, match="class"):
        drafts.add_pictures(cats_and_dogs, name, pictures("x"))


@pytest.mark.parametrize("template", ["a photo", "a {0}", "a { } b"])
def test_a_template_needs_a_place_for_the_name(template, cats_and_dogs: ImageSource):
    with pytest.raises(LluError, match=r"write \{\} where the class name belongs"):
        drafts.set_templates(cats_and_dogs, [template])


@pytest.mark.parametrize("template", ["a {}, the {}", "{} {", "a {x} {}"])
def test_a_template_means_on_the_page_what_it_means_in_the_library(template, cats_and_dogs: ImageSource):
    assert drafts.set_templates(cats_and_dogs, [template]).templates == (template,)
    assert render_prompts(["cat"], [template]) == [template.replace("{}", "cat")]


def everything(draft: ImageSource) -> Counter:
    return Counter((part, draft.class_names[p.label], p.name) for part, p in drafts.pictures_by_key(draft).values())


def key_of(draft: ImageSource, name: str) -> str:
    return next(key for key, (_, picture) in drafts.pictures_by_key(draft).items() if picture.name == name)


@pytest.fixture
def tested(cats_and_dogs: ImageSource) -> ImageSource:
    """c1, c2 to learn cat, d1 to learn dog, t1 to test newt."""
    newt = drafts.add_pictures(drafts.empty_draft(), "newt", pictures("t1"))
    return drafts.merge(cats_and_dogs, replace(newt, train=(), test=newt.train, base_classes=0))


def test_a_picture_is_moved_and_keeps_its_part(tested: ImageSource):
    moved = drafts.move_picture(tested, key_of(tested, "c1"), "dog")
    assert named_train(moved) == [("cat", "c2"), ("dog", "d1"), ("dog", "c1")]
    retested = drafts.move_picture(tested, key_of(tested, "t1"), "dog")
    assert named_train(retested) == named_train(tested)
    assert ("test", "dog", "t1") in everything(retested)


def test_moving_to_a_new_name_makes_the_class(tested: ImageSource):
    moved = drafts.move_picture(tested, key_of(tested, "c2"), " red_panda ")
    assert ("red panda", "c2") in named_train(moved)
    assert moved.base_classes == 3


def test_moving_to_its_own_class_is_no_change(tested: ImageSource):
    assert drafts.move_picture(tested, key_of(tested, "c1"), "cat") is tested


def test_a_class_that_loses_its_last_picture_stays_unseen(tested: ImageSource):
    for left in (
        drafts.delete_picture(tested, key_of(tested, "d1")),
        drafts.move_picture(tested, key_of(tested, "d1"), "cat"),
    ):
        assert left.class_names == ("cat", "dog", "newt")
        assert left.base_classes == 1
        assert drafts.unseen_without_pictures(left) == ["dog"]


def test_deleting_takes_one_picture(tested: ImageSource):
    left = drafts.delete_picture(tested, key_of(tested, "c1"))
    assert everything(tested) - everything(left) == Counter([("train", "cat", "c1")])


def test_a_key_outlives_other_edits_but_not_its_picture(tested: ImageSource):
    key = key_of(tested, "c2")
    left = drafts.delete_picture(tested, key_of(tested, "c1"))
    assert drafts.picture_of(left, key) == ("cat", "c2")
    gone = drafts.delete_picture(left, key)
    for stale in (key, "nonsense", ""):
        with pytest.raises(LluError, match="changed meanwhile"):
            drafts.delete_picture(gone, stale)
        with pytest.raises(LluError, match="changed meanwhile"):
            drafts.move_picture(gone, stale, "dog")


def test_pictures_of_one_name_are_told_apart_by_their_pixels():
    red, blue = (
        Picture("1.png", 0, drafts.StoredPicture.of(Image.new("RGB", (8, 8), colour))) for colour in ("red", "blue")
    )
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", [red, blue])
    first, second = drafts.pictures_by_key(draft)
    left = drafts.delete_picture(draft, first)
    assert list(drafts.pictures_by_key(left)) == [second]
    assert left.train[0].read is blue.read


def test_exact_copies_have_keys_of_their_own():
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures("1", "1", "1"))
    assert len(drafts.pictures_by_key(draft)) == 3


def test_an_empty_class_can_be_added_once(cats_and_dogs: ImageSource):
    draft = drafts.add_class(cats_and_dogs, " red_panda ")
    assert draft.class_names == ("cat", "dog", "red panda")
    with pytest.raises(LluError, match="already a class called red panda"):
        drafts.add_class(draft, "red panda")
    with pytest.raises(LluError, match="has no name"):
        drafts.add_class(draft, "  ")


def test_a_long_name_from_a_zip_can_still_be_added_to(cats_and_dogs: ImageSource):
    name = "x" * 300
    long = replace(cats_and_dogs, class_names=(name, "dog"))
    assert drafts.add_pictures(long, name, pictures("c3")).class_names == (name, "dog")
    assert drafts.move_picture(long, key_of(long, "d1"), name).base_classes == 1


def test_the_thumbnail_of_a_stored_picture_is_its_middle():
    image = Image.new("RGB", (640, 480), "teal")
    image.paste("red", (0, 0, 80, 480))
    small = drafts.StoredPicture.of(image).thumbnail
    assert small.shape == (64, 64, 3)
    assert (small == np.array(ImageColor.getrgb("teal"))).all()


@given(st.data())
def test_moving_and_moving_back_gives_the_same_set(data):
    some_names = st.lists(st.sampled_from("xyz"), min_size=1)
    draft = drafts.empty_draft()
    for name, names in data.draw(st.dictionaries(st.sampled_from("abc"), some_names, min_size=1)).items():
        draft = drafts.add_pictures(draft, name, pictures(*names))
    keyed = drafts.pictures_by_key(draft)
    key = data.draw(st.sampled_from(list(keyed)))
    home, _ = drafts.picture_of(draft, key)
    moved = drafts.move_picture(draft, key, data.draw(st.sampled_from("abcd")))
    assert everything(moved).total() == everything(draft).total()
    there = next(k for k, (_, picture) in drafts.pictures_by_key(moved).items() if picture.read is keyed[key][1].read)
    assert everything(drafts.move_picture(moved, there, home)) == everything(draft)
