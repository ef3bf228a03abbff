"""Files that wait: what is asked before it is known where they go."""

from pathlib import Path

import pytest

from demo.session import edits
from demo.session.presets import PRESETS, load_preset
from demo.session.session import Session
from demo.session.uploads.manner import JOIN, REPLACE
from demo.session.uploads.question import question_about
from llu_core.errors import LluError
from support.sample_pictures import picture_bytes, write_zip


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "one.png"
    path.write_bytes(picture_bytes(1))
    return str(path)


def kind(session: Session, files: list[str], class_name: str) -> str | None:
    question = question_about(session, files, class_name)
    return question and question.kind


def test_a_question_is_asked_only_where_it_is_not_plain(session: Session, zipped: Session):
    example = load_preset(session, next(iter(PRESETS)))
    known = example.draft.class_names[0]
    assert kind(session, ["a.png"], "") == "name"
    assert kind(session, ["a.png"], "x" * 200) == "name"
    assert kind(session, ["a.png"], "thing") is None
    assert kind(example, ["a.png"], known) is None
    assert kind(example, ["a.png"], "thing") == "manner"
    assert kind(example, ["a.zip"], "") is None
    assert kind(zipped, ["a.zip"], "") == "manner"
    assert kind(zipped, ["a.png", "a.zip"], "thing") == "manner"
    assert kind(zipped, ["a.npz"], "") is None


def test_the_answer_is_what_happens(session: Session, zipped: Session, picture: str, tmp_path: Path):
    example = load_preset(session, next(iter(PRESETS)))
    joined = edits.add_files(example, [picture], "thing", JOIN)
    assert set(joined.draft.class_names) == {*example.draft.class_names, "thing"}
    assert edits.add_files(zipped, [picture], "thing", REPLACE).draft.class_names == ("thing",)
    again = edits.add_files(zipped, [write_zip(tmp_path / "again.zip")], "", REPLACE)
    assert len(again.draft.train) == len(zipped.draft.train)
    assert again.undone().source is zipped.source


def test_programs_that_say_nothing_get_what_they_got(session: Session, zipped: Session, picture: str):
    example = load_preset(session, next(iter(PRESETS)))
    assert edits.add_files(example, [picture], "thing").draft.class_names == ("thing",)
    assert "thing" in edits.add_files(zipped, [picture], "thing").draft.class_names
    assert len(edits.add_files(zipped, [picture], "thing").draft.class_names) > 1


def test_another_manner_is_refused_in_a_sentence(zipped: Session, picture: str):
    with pytest.raises(LluError, match='can "join" the set or "replace" it'):
        edits.add_files(zipped, [picture], "thing", "perhaps")
