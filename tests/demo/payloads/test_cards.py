"""The class cards: counts, pictures and their keys, uneven sets, what was left out, and sets that are only read."""

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image

from demo.payloads import cards
from demo.payloads.cards import cards_payload, cards_payload_of_features
from demo.session import draft as drafts
from demo.settings import MB, Limits
from llu_core.data.fewshot import LabelledEmbeddings, Rejected
from llu_core.data.pictures import ImageSource, Picture
from llu_core.files.images import UnreadablePicture
from support.synthetic import problem


def pictures(count: int) -> list[Picture]:
    return [Picture(f"{i}.png", 0, lambda: Image.new("RGB", (80, 40), "teal")) for i in range(count)]


def classes(draft: ImageSource) -> list[dict]:
    return json.loads(cards_payload(draft))["classes"]


def test_a_card_counts_and_shows_its_pictures():
    card = classes(drafts.add_pictures(drafts.empty_draft(), "cat", pictures(3)))[0]
    assert (card["name"], card["count"], card["more"]) == ("cat", "3 pictures to learn from", 0)
    assert [one["name"] for one in card["pictures"]] == ["0.png", "1.png", "2.png"]
    assert card["pictures"][0]["src"].startswith("data:image/webp;base64,")


def test_a_picture_is_found_again_by_its_key():
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures(3))
    key = classes(draft)[0]["pictures"][1]["key"]
    left = classes(drafts.delete_picture(draft, key))[0]
    assert [one["name"] for one in left["pictures"]] == ["0.png", "2.png"]


def test_an_unseen_class_says_so():
    draft = drafts.add_class(drafts.empty_draft(), "newt")
    assert classes(draft)[0]["count"] == "no pictures yet: not taught"
    assert classes(draft)[0]["pictures"] == []


def test_a_large_set_sends_a_bounded_number_of_pictures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cards, "MAX_THUMBNAILS", 10)
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures(9))
    draft = drafts.add_pictures(draft, "dog", pictures(2))
    draft = drafts.add_pictures(draft, "emu", pictures(7))
    assert [(len(card["pictures"]), card["more"]) for card in classes(draft)] == [(4, 5), (2, 0), (4, 3)]


def test_an_unreadable_picture_leaves_a_gap_not_an_error():
    def read():
        raise UnreadablePicture("gone.png", "truncated")

    draft = drafts.add_pictures(drafts.empty_draft(), "cat", [Picture("gone.png", 0, read)])
    assert classes(draft)[0]["pictures"][0]["src"] == ""


def test_a_thumbnail_is_made_once():
    calls = []

    def read():
        calls.append(1)
        return Image.new("RGB", (8, 8))

    draft = drafts.add_pictures(drafts.empty_draft(), "cat", [Picture("a", 0, read)])
    assert cards_payload(draft) == cards_payload(draft)
    assert len(calls) == 1


def test_an_uneven_set_is_pointed_out():
    draft = drafts.add_pictures(drafts.empty_draft(), "cat", pictures(8))
    even = drafts.add_pictures(draft, "dog", pictures(7))
    uneven = drafts.add_pictures(draft, "dog", pictures(1))
    assert json.loads(cards_payload(even))["notes"] == []
    assert "between 1 and 8" in json.loads(cards_payload(uneven))["notes"][0]


def test_every_rejected_file_is_named():
    draft = drafts.with_rejected(drafts.empty_draft(), [Rejected(f"{i}.png", "truncated") for i in range(300)])
    assert json.loads(cards_payload(draft))["notes"] == [f"Left out {i}.png: truncated" for i in range(300)]


@pytest.mark.parametrize("name", ["\"quoted\" 'name'", "<img src=x onerror=alert(1)>", "🦊 Füchse", "x" * 80])
def test_names_travel_as_they_are(name: str):
    assert classes(drafts.add_pictures(drafts.empty_draft(), name, pictures(1)))[0]["name"] == name


def test_undo_changed_and_limits_are_told():
    payload = json.loads(cards_payload(drafts.empty_draft(), undo="deleting a.png", changed=True))
    assert (payload["undo"], payload["changed"], payload["fixed"]) == ("deleting a.png", True, False)
    assert payload["limits"]["pictures"] == Limits().pictures
    assert payload["limits"]["bytes"] == Limits().upload_mb * MB
    assert json.loads(cards_payload(drafts.empty_draft()))["undo"] is None


def test_embeddings_are_shown_to_be_read_only():
    payload = json.loads(cards_payload_of_features(problem(), changed=True))
    assert (payload["fixed"], payload["changed"], payload["undo"]) == (True, True, None)
    assert len(payload["classes"]) == 8
    assert payload["classes"][0]["count"] == "4 pictures to learn from, 5 to test"
    assert payload["classes"][7]["count"] == "not taught, 5 to test"
    assert all(card["pictures"] == [] for card in payload["classes"])


def test_embeddings_with_thumbnails_show_them():
    shots = problem()
    tiles = torch.zeros(len(shots.train), 16, 16, 3, dtype=torch.uint8).numpy()
    train = LabelledEmbeddings(shots.train.embeddings, shots.train.labels, shots.train.names, tiles)
    card = json.loads(cards_payload_of_features(replace(shots, train=train)))["classes"][0]
    assert [one["part"] for one in card["pictures"]] == ["train"] * 4
    assert card["pictures"][0]["key"] == ""
