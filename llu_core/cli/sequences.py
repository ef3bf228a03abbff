"""What `evaluate` asks for in the protocol `sequence`, whose systems are of their own."""

import argparse
from collections.abc import Sequence

from llu_core.cli.options import listed
from llu_core.evaluation.plans import Plan
from llu_core.evaluation.sequence.cells import SEQUENCE_SETS
from llu_core.systems.composed.learners import LEARNERS, learners_named
from llu_core.systems.registry import SYSTEMS

METHODS_HELP = f"of sequence: {', '.join(LEARNERS)}"


def sequence_plan(names: tuple[str, ...], whole: bool) -> Plan | None:
    """All sources, one after the other; None where `all` was asked for on a single one. Raises LluError for one."""
    return None if whole and len(names) == 1 else Plan("sequence", names or SEQUENCE_SETS, tuple(LEARNERS))


def sequence_systems(plan: Plan, options: argparse.Namespace) -> tuple[str, ...]:
    """Those asked for; in `all`, those of them that learn sequences."""
    given, whole = listed(options.methods), options.protocol == "all"
    if options.methods is None or given == ["all"]:
        return plan.systems
    own = [name for name in given if name in LEARNERS] if whole else given
    return tuple(each.name for each in learners_named(own)) if own or not whole else ()


def without_learners(given: Sequence[str]) -> list[str]:
    """The names but for those that only a sequence knows."""
    return [name for name in given if name not in LEARNERS or name in SYSTEMS]
