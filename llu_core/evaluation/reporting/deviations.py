"""What a report says of its systems: where they depart from the code that was published with them."""

from collections.abc import Sequence

from llu_core.evaluation.results import AnyRow
from llu_core.systems.recipes_named import without_recipe
from llu_core.systems.registry import SYSTEMS


def deviations_section(rows: Sequence[AnyRow]) -> str:
    """A line per system of these rows that departs, systems of one text in one line; "" where none does."""
    told: dict[str, list[str]] = {}
    for name in dict.fromkeys(without_recipe(row.method) for row in rows):
        system = SYSTEMS.get(name)
        if system is not None and system.deviations:
            told.setdefault(system.deviations, []).append(system.title)
    if not told:
        return ""
    lines = [f"- {', '.join(titles)}: {said}" for said, titles in told.items()]
    return "\n\n".join(["## Where systems depart from their published code", "\n".join(lines)])
