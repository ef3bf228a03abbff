"""What is said about files that wait or are read, and about answers that were added by name, for the page."""

import html
import json
from collections.abc import Sequence
from pathlib import Path

from demo.payloads.cards import choices_told
from demo.session.session import Session
from demo.session.uploads.question import Question

NOTHING = "null"


def question_payload(question: Question) -> str:
    """The question as JSON: {kind, text, choices: [{manner, title, words}]}."""
    return json.dumps({"kind": question.kind, "text": question.text, "choices": choices_told(question.choices)})


def reading_payload(files: Sequence[str], done: int = 0, total: int = 0) -> str:
    """That the files have arrived and are being read, as a question without a choice; total: pictures, 0 if unknown."""
    only = Path(files[0]).name if len(files) == 1 else f"{len(files):,} files"
    what = f"{done:,} of {total:,} pictures" if total > 1 else only
    return json.dumps({"kind": "work", "text": f"Reading {what} \u2026", "choices": []})


def answers_payload(session: Session) -> str:
    """The classes that are known by name only and can be taken away, as a JSON list."""
    return json.dumps(list(session.model.answers) if session.model else [])


def warning_panel(told: str) -> str:
    """A warning as HTML that is read aloud; "" where there is none."""
    return f'<p class="warned" role="alert">{html.escape(told)}</p>' if told else ""
