"""What a call brings: wrong types are one sentence without the value, and no text carries what cannot be printed."""

from collections.abc import Callable

import pytest
from gradio import Error

from demo.page.arguments import received
from demo.page.faults import friendly
from llu_core.errors import LluError

SECRET = "grandmother"


def action(name: str, beta: float, gamma: float | str, run: int, files: list[str] | None) -> None:
    """An action of every type that the page's have."""


GOOD = ["cat", 0.5, "inf", 3, ["a.png"]]


def test_what_fits_is_handed_on():
    assert received(action, GOOD) == GOOD
    assert received(action, ["cat", 1, 2.0, 3, None]) == ["cat", 1, 2.0, 3, None]


@pytest.mark.parametrize("wrong", [5, None, [SECRET], {SECRET: SECRET}, {"a": [[SECRET]]}])
@pytest.mark.parametrize(("index", "says"), [(0, "a text"), (1, "a number"), (3, "a whole number")])
def test_a_wrong_type_is_one_sentence_without_the_value(index: int, says: str, wrong: object):
    args = [*GOOD[:index], wrong, *GOOD[index + 1 :]]
    if index and wrong == 5:
        return
    with pytest.raises(LluError, match=f"must be {says}") as told:
        received(action, args)
    assert SECRET not in str(told.value)


def test_texts_are_cleaned_on_the_way_in_and_keep_their_lines():
    def note(text: str) -> str:
        return text

    call: Callable[[str], str] = friendly(note)
    assert call("a {}\nb\x1b[2J\ud800 {}\u202e") == "a {}\nb [2J? {} "


def test_messages_show_no_path_of_the_server(tmp_path):
    def refuse() -> None:
        raise LluError(f"{tmp_path / 'folder' / 'config.json'} cannot be read")

    with pytest.raises(Error) as told:
        friendly(refuse)()
    assert told.value.message == "config.json cannot be read"
