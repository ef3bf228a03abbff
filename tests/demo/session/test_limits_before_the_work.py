"""Limits are checked before the work that they bound: nothing is encoded, read or grown beyond them."""

from dataclasses import replace

import pytest

from demo.session import draft as drafts
from demo.session import edits, queries
from demo.session.session import Session
from demo.settings import Limits
from llu_core.errors import LluError
from support.sample_pictures import picture_bytes, write_zip


class Deaf:
    """An encoder that must not be asked for texts."""

    def __init__(self, encoder):
        self.encoder = encoder

    def __getattr__(self, name: str):
        return getattr(self.encoder, name)

    def encode_texts(self, texts):
        pytest.fail(f"{len(texts)} texts were encoded")


@pytest.fixture
def deaf(trained) -> Session:
    """A trained session with room for one more class, whose encoder must not be asked for texts."""
    limits = Limits(classes=len(trained.model.shots.class_names) + 1)
    return replace(trained, encoder=Deaf(trained.encoder), limits=limits)


def test_names_are_counted_before_they_are_encoded(deaf):
    many = ", ".join(f"thing {number}" for number in range(40_000))
    with pytest.raises(LluError, match="would be 40,000 classes"):
        edits.set_unseen_classes(deaf, many)
    with pytest.raises(LluError, match="classes; the page takes"):
        queries.add_classes(deaf, ["one", "two"])
    with pytest.raises(LluError, match="the class has no name"):
        queries.add_classes(deaf, [" "])


def test_the_adapters_own_classes_are_bounded_too(trained):
    grown = replace(trained, limits=Limits(classes=len(trained.model.shots.class_names) + 1))
    grown = queries.add_classes(grown, ["newt"])
    grown = edits.edit(grown, "delete", drafts.delete_class, "newt")
    with pytest.raises(LluError, match="classes; the page takes"):
        queries.add_classes(grown, ["ibis"])


def test_templates_times_classes_are_bounded(zipped):
    bounded = replace(zipped, limits=Limits(prompts=2 * len(zipped.draft.class_names)))
    two = edits.set_templates(bounded, "a {}.\nthe {}.")
    with pytest.raises(LluError, match=r"prompts; the page takes .*; use fewer templates"):
        edits.set_templates(bounded, "a {}.\nthe {}.\nno {}.")
    with pytest.raises(LluError, match="use fewer templates"):
        edits.edit(two, "add", drafts.add_class, "newt")


def test_a_call_names_every_file_once(session, tmp_path, monkeypatch):
    monkeypatch.setattr(edits, "list_zip", pytest.fail)
    monkeypatch.setattr(edits, "decode", pytest.fail)
    path = write_zip(tmp_path / "mine.zip")
    with pytest.raises(LluError, match=r"mine.zip is named more than once"):
        edits.add_files(session, [path] * 50)
    with pytest.raises(LluError, match="these are 3 files; the page takes 2 at a time"):
        edits.add_files(replace(session, limits=Limits(files=2)), [tmp_path / name for name in "abc"], "cat")
    with pytest.raises(LluError, match="these are 3 pictures; the page takes 2"):
        edits.add_files(replace(session, limits=Limits(pictures=2)), [tmp_path / name for name in "abc"], "cat")


def test_the_files_of_several_zips_are_counted_together(session, tmp_path):
    paths = [write_zip(tmp_path / name) for name in ("a.zip", "b.zip")]
    alone = edits.add_files(replace(session, limits=Limits(files=60)), paths[:1])
    assert len(alone.draft.train) == 18
    with pytest.raises(LluError, match="files"):
        edits.add_files(replace(session, limits=Limits(files=60)), paths)


def test_all_that_a_visitor_holds_is_one_number(session, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    small = replace(session, limits=Limits(visitor_mb=1))
    heavy = drafts.with_rejected(small.draft, [drafts.Rejected("n" * 2**20, "r" * 2**20)])
    with pytest.raises(LluError, match="keeps 1 MB for one visitor"):
        replace(small, draft=heavy).within_memory(small)
    assert replace(small, draft=heavy).within_memory(replace(small, draft=heavy)), "what does not grow may stay"
