"""Logs as one JSON object a line, without personal data.

No names of files or classes, no addresses, no messages that could quote them: what was called, by which visitor under a
name that ends with the process, how it went and how long it took. Of an unexpected error, its kind and where it arose.
"""

import json
import logging
import secrets
import sys
import threading
import traceback
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

LOG = logging.getLogger("llu_explorer")
_OURS = (LOG.name, "llu_core")
_SECRET = secrets.token_bytes(16)


def event(name: str, *, failure: BaseException | None = None, **facts: Any) -> None:
    """Log that something happened; `failure` makes it an error."""
    level = logging.INFO if failure is None else logging.ERROR
    exc_info = None if failure is None else (type(failure), failure, failure.__traceback__)
    LOG.log(level, name, extra={"facts": facts}, exc_info=exc_info)


def pseudonym(session: str) -> str:
    """A name that is the same for one visitor while the process lives, and nobody's."""
    return blake2b(session.encode(), key=_SECRET, digest_size=6).hexdigest()


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        ours = record.name.startswith(_OURS)
        line = {"time": time, "level": record.levelname.lower(), "event": record.getMessage() if ours else "note"}
        if record.name != LOG.name:
            line |= {"logger": record.name}
        if not ours:  # words of other packages may quote anything that was sent
            line |= {"said_at": f"{record.filename}:{record.lineno}"}
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[0] is not None:
            places = traceback.extract_tb(record.exc_info[2])
            at = [f"{place.filename.rpartition('/')[2]}:{place.lineno} {place.name}" for place in places[-12:]]
            line |= {"kind": record.exc_info[0].__name__, "at": at}
        return json.dumps(line, default=str)


def log_to_stderr() -> None:
    """Write every line to stderr from now on, for the whole process; what others would print becomes a line too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    LOG.setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = lambda args: _unforeseen(args.exc_value)
    traceback.print_exc = lambda *args, **kwargs: _unforeseen(sys.exc_info()[1])  # gradio prints what was sent with it
    take_over()


def take_over() -> None:
    """Loggers that brought handlers of their own, the server's when it starts, write as all others do."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger is not LOG and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True


def _unforeseen(failure: BaseException | None) -> None:
    event("failure", failure=failure or RuntimeError(), action="background")
