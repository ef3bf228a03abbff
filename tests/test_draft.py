"""Editing a few-shot set: every edit is a new value, and labels follow the names."""

import pytest
from PIL import Image

from demo import draft as drafts
from llu_core.errors import LluError
from llu_core.sources import Picture


def pictures(*names: str) -> list[Picture]:
    return [Picture(name, 0, lambda: Image.new("RGB", (8, 8))) for name in names]


@pytest.fixture
def cats_and_dogs():
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures("c1", "c2"))
    return drafts.add_pictures(draft, "dog", pictures("d1"))


def named_train(draft) -> list[tuple[str, str]]:
    return [(draft.class_names[p.label], p.name) for p in draft.train]


def test_pictures_of_a_new_class_make_the_class(cats_and_dogs):
    assert cats_and_dogs.class_names == ("cat", "dog")
    assert named_train(cats_and_dogs) == [("cat", "c1"), ("cat", "c2"), ("dog", "d1")]


def test_pictures_of_a_known_class_join_it(cats_and_dogs):
    grown = drafts.add_pictures(cats_and_dogs, " cat ", pictures("c3"))
    assert grown.class_names == ("cat", "dog")
    assert len(grown.train) == 4


def test_renaming_keeps_the_pictures(cats_and_dogs):
    renamed = drafts.rename_class(cats_and_dogs, "cat", "red_panda")
    assert renamed.class_names == ("red panda", "dog")
    assert named_train(renamed)[0] == ("red panda", "c1")
    assert cats_and_dogs.class_names == ("cat", "dog")


def test_renaming_to_a_taken_name_is_refused(cats_and_dogs):
    with pytest.raises(LluError, match="already a class called dog"):
        drafts.rename_class(cats_and_dogs, "cat", "dog")


def test_deleting_a_class_takes_its_pictures_along(cats_and_dogs):
    left = drafts.delete_class(cats_and_dogs, "cat")
    assert left.class_names == ("dog",)
    assert named_train(left) == [("dog", "d1")]


def test_unseen_classes_come_last_and_can_be_replaced(cats_and_dogs):
    draft = drafts.set_unseen_classes(cats_and_dogs, ["newt", "ibis"])
    assert draft.class_names == ("cat", "dog", "newt", "ibis")
    assert draft.base_classes == 2
    assert drafts.unseen_without_pictures(drafts.set_unseen_classes(draft, ["wren"])) == ["wren"]


def test_merging_joins_classes_of_the_same_name(cats_and_dogs):
    other = drafts.add_pictures(drafts.empty_draft(), "dog", pictures("d2"))
    assert named_train(drafts.merge(cats_and_dogs, other))[-2:] == [("dog", "d1"), ("dog", "d2")]


def test_too_many_pictures_are_refused_with_the_limit(cats_and_dogs):
    with pytest.raises(LluError, match=f"takes {drafts.MAX_PICTURES}"):
        drafts.add_pictures(cats_and_dogs, "cat", pictures(*map(str, range(drafts.MAX_PICTURES))))


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_class_needs_a_name_of_sensible_length(name, cats_and_dogs):
    with pytest.raises(LluError, match="class"):
        drafts.add_pictures(cats_and_dogs, name, pictures("x"))


@pytest.mark.parametrize("template", ["a photo", "a {} and a {}", "a {0}", "{} {"])
def test_a_template_needs_one_place_for_the_name(template, cats_and_dogs):
    with pytest.raises(LluError, match="exactly one"):
        drafts.set_templates(cats_and_dogs, [template])
