"""The one kind of error a caller can fix, and how any error is told in one line."""


class LluError(Exception):
    """Something the caller gave cannot be used; the message says what is wrong and what to do, in one line."""


def one_line(error: BaseException, limit: int = 160) -> str:
    """The beginning of an error's message as one short line, the error's kind where it has no message."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
