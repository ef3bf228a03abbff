"""What `evaluate` is to compute, from its options: a plan for each protocol."""

import argparse
from dataclasses import replace

from llu_core.cli.options import listed
from llu_core.cli.sequences import sequence_plan, sequence_systems, without_learners
from llu_core.errors import LluError
from llu_core.evaluation.plans import (
    ABLATION_SYSTEMS,
    ALL_SHOTS,
    COMPARED_SYSTEMS,
    DEFAULT_SOURCE,
    PAPER_PROTOCOLS,
    PLAIN_SETS,
    Plan,
    other_sets,
    preset,
    shifted_sets,
    whole_grid,
)
from llu_core.systems.recipes_named import systems_called, without_recipe
from llu_core.systems.registry import own_system


def plans_of(options: argparse.Namespace, datasets: tuple[str, ...]) -> list[Plan]:
    """What to run, by the options; unknown methods are refused here, before any work."""
    names = tuple(dict.fromkeys((*options.sources, *datasets)))
    if options.protocol == "all" and not names:
        plans = whole_grid() if options.full else preset()
    elif options.full:
        raise LluError("--full is the whole grid of the built-in sets; use it with `evaluate all` and no sources")
    else:
        protocols = list(PAPER_PROTOCOLS) if options.protocol == "all" else [options.protocol]
        plans = [plan for protocol in protocols if (plan := _plan(protocol, names, options)) is not None]
    adjusted = [_adjusted(plan, options) for plan in plans]
    return [plan for plan in adjusted if plan.systems]


def _plan(protocol: str, names: tuple[str, ...], options: argparse.Namespace) -> Plan | None:
    """The plan of one protocol; None where `all` was asked for and there is nothing to transfer to."""
    whole = options.protocol == "all"
    default = COMPARED_SYSTEMS if whole else ("clip", "llu")
    if protocol == "base-to-new":
        return Plan(protocol, names or PLAIN_SETS, default)
    if protocol == "few-shot":
        return Plan(protocol, names or PLAIN_SETS, default, shots=ALL_SHOTS)
    if protocol == "ablation":
        return Plan(protocol, names or PLAIN_SETS, ABLATION_SYSTEMS)
    if protocol == "sequence":
        return sequence_plan(names, whole)
    first = (names or (DEFAULT_SOURCE,))[0]
    if protocol == "timing":
        return Plan(protocol, (first,), COMPARED_SYSTEMS, seeds=(1,))
    shift = protocol == "domain-shift"
    targets = names[1:] if len(names) > 1 and not (whole and shift) else ()
    targets = targets or (shifted_sets(first) if shift else other_sets(first))
    return Plan(protocol, (first,), default, targets) if targets or not whole else None


def _adjusted(plan: Plan, options: argparse.Namespace) -> Plan:
    """The plan with --methods, --tune, --shots and --seeds."""
    systems = sequence_systems(plan, options) if plan.protocol == "sequence" else _systems(plan, options)
    shots, seeds = tuple(options.shots or plan.shots), tuple(options.seeds or plan.seeds)
    return replace(plan, systems=systems, shots=shots, seeds=seeds)


def _systems(plan: Plan, options: argparse.Namespace) -> tuple[str, ...]:
    """Those asked for; in `all`, each protocol takes those of the systems it knows, by whatever recipe, and all but the
    ablation one's own."""
    systems, given = plan.systems, listed(options.methods)
    if options.methods is not None:
        ablation = plan.protocol == "ablation"
        whole = ABLATION_SYSTEMS if ablation else COMPARED_SYSTEMS
        known = without_learners(given) if options.protocol == "all" else given
        named = [name for each in known for name in (whole if each == "all" else (each,))]
        systems = tuple(system.name for system in systems_called(named)) if named or not given else ()
        if options.protocol == "all":
            known = tuple(name for name in systems if without_recipe(name) in plan.systems)
            systems = (*known, *(name for name in systems if own_system(name) and not ablation))
    tuned = ("llu-tuned",) if options.tune and systems and plan.protocol != "timing" else ()
    return tuple(dict.fromkeys((*systems, *tuned)))
