"""The one kind of error a caller can fix."""


class LluError(Exception):
    """Something the caller gave cannot be used; the message says what is wrong and what to do, in one line."""
