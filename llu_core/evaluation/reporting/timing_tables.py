"""Figure 3 as numbers, and the order in which it puts the systems."""

from collections.abc import Sequence

from llu_core.evaluation.reporting.markdown import NO_ANSWER, markdown_table, reasons
from llu_core.evaluation.results import TimingRow
from llu_core.evaluation.timing.passes import FAST_SUFFIX
from llu_core.systems.recipes_named import title

HOW = (
    "One forward and backward pass of each system's own training over a batch of pictures, against all classes: "
    "milliseconds, megabytes that the pass allocates at most, and, in the last column, megabytes that are held before "
    "it (parameters, class texts, training rows, the optimiser's state). LLU's *plain form* is its loss differentiated "
    "by autograd with respect to all of W and b, the same kind of pass as the others'; its *fast form* is the closed "
    "gradient within the subspace of its recipe, by which it is trained."
)


def timing_section(rows: Sequence[TimingRow]) -> str:
    """A table per source and number of classes, with the order of the systems below."""
    parts = ["## Time and memory of a training pass (Figure 3)", f"{HOW} {_measured(rows)}"]
    for source, classes in dict.fromkeys((row.source, row.classes) for row in rows):
        chosen = [row for row in rows if (row.source, row.classes) == (source, classes)]
        parts += [f"### {source}{f', {classes:,} classes' if classes else ''}", timing_table(chosen), *_orders(chosen)]
    return "\n\n".join([*parts, *reasons(rows)])


def _measured(rows: Sequence[TimingRow]) -> str:
    """How memory was measured, and where."""
    how = ", ".join(dict.fromkeys(row.memory for row in rows if row.memory))
    where = ", ".join(dict.fromkeys(row.where for row in rows if row.where))
    return f"Memory: {how or 'not measured'}." + (f" Measured on: {where}." if where else "")


def timing_table(rows: Sequence[TimingRow], sizes: Sequence[int] = ()) -> str:
    """A line per system and a column per batch size; sizes: those that are shown, () for all."""
    sizes = sizes or sorted({row.batch_size for row in rows})
    found = {(row.method, row.batch_size): row for row in rows}
    body = []
    for method in dict.fromkeys(row.method for row in rows):
        of_system = [row for size in sizes if (row := found.get((method, size)))]
        shown = [cost(found.get((method, size))) for size in sizes]
        held = max((row.held_bytes for row in of_system if row.held_bytes is not None), default=None)
        body.append([timed_title(of_system[0]), *shown, NO_ANSWER if held is None else f"{held / 1e6:.2f} MB"])
    head = ["system", *(f"{size} picture{'s' * (size > 1)}" for size in sizes), "held"]
    return markdown_table(head, body)


def timed_title(row: TimingRow) -> str:
    """ "CLIP-Adapter", "LLU, plain form"."""
    name = title(row.method.removesuffix(FAST_SUFFIX) if row.form else row.method)
    return f"{name}, {row.form}" if row.form else name


def cost(row: TimingRow | None) -> str:
    """ "1.25 ms, 0.40 MB", or a dash."""
    if row is None or row.seconds is None or row.memory_bytes is None:
        return NO_ANSWER
    return f"{1e3 * row.seconds:.2f} ms, {row.memory_bytes / 1e6:.2f} MB"


def _orders(rows: Sequence[TimingRow]) -> list[str]:
    """The systems from the fastest and from the least memory on, at the largest batch that all of them have."""
    known = [row for row in rows if row.seconds is not None and row.memory_bytes is not None]
    methods = {row.method for row in known}
    whole = [size for size in {row.batch_size for row in known} if _methods_at(known, size) == methods]
    if len(methods) < 2 or not whole:
        return []
    at_largest = [row for row in known if row.batch_size == max(whole)]
    fastest = sorted(at_largest, key=lambda row: row.seconds or 0.0)
    lightest = sorted(at_largest, key=lambda row: (row.memory_bytes or 0) + (row.held_bytes or 0))
    return [
        f"In order at {max(whole)} pictures, the fastest first: {' < '.join(map(timed_title, fastest))}. The least "
        f"memory first, held and allocated: {' < '.join(map(timed_title, lightest))}."
    ]


def _methods_at(rows: Sequence[TimingRow], size: int) -> set[str]:
    return {row.method for row in rows if row.batch_size == size}
