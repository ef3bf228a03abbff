"""The class cards: counts, unseen classes, uneven sets, and names of what was left out."""

import json

from PIL import Image

from demo import draft as drafts
from demo.cards import cards_payload
from llu_core.fewshot import Rejected
from llu_core.sources import Picture


def pictures(count: int) -> list[Picture]:
    return [Picture(f"{i}.png", 0, lambda: Image.new("RGB", (80, 40), "teal")) for i in range(count)]


def test_a_card_counts_and_shows_its_pictures():
    card = json.loads(cards_payload(drafts.add_pictures(drafts.empty_draft(), "cat", pictures(3))))["classes"][0]
    assert (card["name"], card["count"]) == ("cat", "3 pictures to learn from")
    assert len(card["thumbnails"]) == 3
    assert card["thumbnails"][0].startswith("data:image/webp;base64,")


def test_an_unseen_class_says_so():
    draft = drafts.set_unseen_classes(drafts.empty_draft(), ["newt"])
    assert json.loads(cards_payload(draft))["classes"][0]["count"] == "unseen: not trained"


def test_an_uneven_set_is_pointed_out():
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures(8))
    even = drafts.add_pictures(draft, "dog", pictures(7))
    uneven = drafts.add_pictures(draft, "dog", pictures(1))
    assert json.loads(cards_payload(even))["notes"] == []
    assert "between 1 and 8" in json.loads(cards_payload(uneven))["notes"][0]


def test_every_rejected_file_is_named():
    draft = drafts.with_rejected(drafts.empty_draft(), [Rejected("a.png", "truncated")])
    assert json.loads(cards_payload(draft))["notes"] == ["Left out a.png: truncated"]
