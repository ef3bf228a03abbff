"""What `evaluate` asks for in the protocol `sequence`, whose systems are of their own."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from llu_core.evaluation.plans import Plan
from llu_core.evaluation.sequence.cells import SEQUENCE_SETS
from llu_core.systems.composed.learners import LEARNERS, learners_named
from llu_core.systems.registry import SYSTEMS

METHODS_HELP = f"of sequence: {', '.join(LEARNERS)}"


def sequence_plan(names: tuple[str, ...], whole: bool) -> Plan | None:
    """All sources, one after the other; None where `all` was asked for on a single one. Raises LluError for one."""
    return None if whole and len(names) == 1 else Plan("sequence", names or SEQUENCE_SETS, tuple(LEARNERS))


def adjusted_sequence(plan: Plan, given: Sequence[str], options: argparse.Namespace) -> Plan:
    """The plan with --methods, --shots and --seeds; in `all`, with those of the systems that learn sequences."""
    if options.methods is not None and list(given) != ["all"]:
        own = [name for name in given if name in LEARNERS] if options.protocol == "all" else given
        named = learners_named(own) if own or options.protocol != "all" else []
        plan = replace(plan, systems=tuple(each.name for each in named))
    shots = tuple(options.shots) if options.shots else plan.shots
    return replace(plan, shots=shots, seeds=tuple(options.seeds) if options.seeds else plan.seeds)


def without_learners(given: Sequence[str]) -> list[str]:
    """The names but for those that only a sequence knows."""
    return [name for name in given if name not in LEARNERS or name in SYSTEMS]
