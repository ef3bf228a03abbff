"""The one kind of error a caller can fix, and how any error, and any name in it, is told in one line."""

import re


def shown(text: str) -> str:
    """A text fit for one line of print: names need not be valid text and may hold line breaks and a terminal's codes.

    What cannot be printed becomes a space, half a character a question mark: also every file and answer can hold it.
    """
    valid = text.encode("utf-8", errors="replace").decode("utf-8")
    return "".join(character if character.isprintable() else " " for character in valid)


def as_written(text: str) -> str:
    """Markdown that shows the text with every sign as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


class LluError(Exception):
    """Something the caller gave cannot be used; the message says what is wrong and what to do, in one line."""

    def __init__(self, message: object = "") -> None:
        super().__init__(shown(str(message)))


def one_line(error: BaseException, limit: int = 160) -> str:
    """The beginning of an error's message as one short line, the error's kind where it has no message."""
    text = shown(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
