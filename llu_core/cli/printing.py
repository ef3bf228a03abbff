"""Rows as lines on a terminal."""

from collections.abc import Sequence

from llu_core.evaluation.means import MeanRow, MeanTransferRow, mean_rows, mean_transfer_rows
from llu_core.evaluation.results import AnyRow, Row, TimingRow, TransferRow
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.evaluation.sequence.scores import SequenceScore, sequence_scores
from llu_core.terminal import say

HEADS = {
    Row: f"{'source':<28} {'method':<14} {'seed':>4} {'shots':>5} {'base':>6} {'new':>6} {'H':>6} {'joint':>6} "
    f"{'OwAUC':>6} {'elsewhere':>9} {'train s':>8}",
    TransferRow: f"{'source':<28} {'method':<14} {'seed':>4} {'shots':>5} {'accuracy':>8}  {'target':<28}",
    SequenceRow: f"{'step, trained on':<28} {'method':<14} {'seed':>4} {'shots':>5} {'base':>6} {'new':>6} "
    f"{'joint':>6} {'elsewhere':>9}  {'target':<28}",
    SequenceScore: f"{'sequence':<28} {'method':<14} {'seed':>4} {'shots':>5} {'Transf':>6} {'Averag':>6} {'Last':>6} "
    f"{'L. new':>6} {'L. jnt':>6} {'elsewhere':>9} {'train s':>8}",
    TimingRow: f"{'source':<28} {'method':<14} {'seed':>4} {'classes':>7} {'batch':>5} {'ms':>9} {'MB':>9} "
    f"{'held MB':>9}",
}


def print_rows(rows: Sequence[AnyRow | SequenceScore], headed: set[type]) -> None:
    """Print a line per row, below the heading of its kind unless that kind is in `headed` already."""
    for row in rows:
        kind = next(kind for kind in HEADS if isinstance(row, kind))
        if kind not in headed:
            headed = headed | {kind}
            say(HEADS[kind])
        say(_line(row))


def _line(row: AnyRow | SequenceScore) -> str:
    what = f"{row.step} {row.trained}" if isinstance(row, SequenceRow) else row.source
    start = f"{what:<28} {row.method:<14} {'mean' if row.seed is None else row.seed:>4}"
    return f"{start} {_numbers(row)}" + (f"  {row.reason}" if row.reason else "")


def _numbers(row: AnyRow | SequenceScore) -> str:
    if isinstance(row, TimingRow):
        memory, held = (None if each is None else each / 1e6 for each in (row.memory_bytes, row.held_bytes))
        milliseconds = None if row.seconds is None else 1e3 * row.seconds
        measured = " ".join(_figure(each, 9, 3) for each in (milliseconds, memory, held))
        return f"{row.classes or '':>7} {row.batch_size:>5} {measured}"
    if isinstance(row, TransferRow):
        return f"{row.shots:>5} {_figure(row.accuracy, 8)}  {row.target:<28}"
    if isinstance(row, SequenceRow):
        found = row.base, row.new, row.joint
    elif isinstance(row, SequenceScore):
        found = row.transfer, row.average, row.last, row.last_new, row.last_joint
    else:
        found = row.base, row.new, row.h, row.joint, row.openworld_auc
    start = f"{row.shots:>5} {' '.join(_figure(value, 6) for value in found)} {_figure(row.elsewhere, 9)}"
    last = f" {row.target:<28}" if isinstance(row, SequenceRow) else _figure(row.train_seconds, 8, 2)
    return f"{start} {last}"


def _figure(value: float | None, width: int, digits: int = 1) -> str:
    return f"{'–' if value is None else f'{value:.{digits}f}':>{width}}"


def means_of(rows: Sequence[AnyRow]) -> list[MeanRow | MeanTransferRow | SequenceScore]:
    """The means over seeds of everything that has a mean."""
    return [
        *mean_rows(row for row in rows if isinstance(row, Row)),
        *mean_transfer_rows(row for row in rows if isinstance(row, TransferRow)),
        *sequence_scores(row for row in rows if isinstance(row, SequenceRow)),
    ]
