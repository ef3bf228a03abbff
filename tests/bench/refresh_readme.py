"""Puts the summary of a report into README.md: python tests/bench/refresh_readme.py report

The report is made by `python -m llu_core evaluate all --out report`; its summary goes between the two marks.
"""

import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- report/summary.md -->\n", "<!-- end of report/summary.md -->\n"


def refreshed(readme: str, summary: str) -> str:
    """README with `summary` between the marks; raises ValueError where they are not there, once each."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{summary.strip()}\n\n{END}{after}"


if __name__ == "__main__":
    summary = (Path(sys.argv[1]) / "summary.md").read_text(encoding="utf-8")
    README.write_text(refreshed(README.read_text(encoding="utf-8"), summary), encoding="utf-8")
