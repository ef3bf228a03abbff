"""Why a file is not read, while it has no name yet."""


class Refusal(Exception):
    """The bytes at hand cannot or shall not be read; the message is the reason, to be shown beside the file's name."""
