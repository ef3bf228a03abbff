"""The project's documents as they are read: their snippets in order, their commands, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
CARDS = ("SECURITY.md", "CHANGELOG.md", "assets/photo/README.md", "assets/picto_clip/README.md")
COMMAND = "python -m llu_core "


@dataclass(frozen=True)
class Snippet:
    """A fenced block of a document, "sh" or "python"."""

    document: str
    language: str
    text: str

    def commands(self) -> list[list[str]]:
        """What follows `python -m llu_core` on each of its lines, as a shell would hand it on."""
        lines = self.text.splitlines()
        assert all(line.startswith(COMMAND) for line in lines), self
        return [line.removeprefix(COMMAND).split(" #")[0].split() for line in lines]


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def snippets(document: str, language: str = "") -> list[Snippet]:
    """A document's snippets from top to bottom, all or those of a language."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", read(document), re.MULTILINE | re.DOTALL)
    return [Snippet(document, name, text) for name, text in found if language in ("", name)]


def commands(document: str) -> list[str]:
    """Everything that a document says one can type after `python -m llu_core`, in a line of its own or in one."""
    text = read(document)
    lines = re.findall(rf"^ *{COMMAND}(.+)$", text, re.MULTILINE)
    within = re.findall(rf"`{COMMAND}([^`]+)`", text)
    return [re.sub(r"\s+", " ", each.split(" #")[0]) for each in (*lines, *within)]


def links(document: str) -> Iterator[tuple[Path, str]]:
    """(file, anchor or "") of every link and picture that leads to a file of the project."""
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", read(document), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield ((ROOT / document).parent / path if path else ROOT / document), anchor


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    prose = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
