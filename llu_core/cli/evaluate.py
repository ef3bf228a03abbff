"""`python -m llu_core evaluate`: the options, what they ask for as plans, and the printed rows."""

import argparse
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from llu_core.cli.options import (
    MODEL_OF_SOURCES,
    SOURCE_HELP,
    add_command,
    add_model,
    add_recipe,
    chosen_recipe,
    embedding_progress,
    listed,
    make_folders_around,
    model_loader,
    model_of_sources,
    positive,
    positives,
    print_left_out,
    print_remarks,
    seeds,
)
from llu_core.cli.printing import means_of, print_rows
from llu_core.data.coop.datasets import datasets_named, missing
from llu_core.data.features import Features
from llu_core.encoders.encoder import choose_device
from llu_core.errors import LluError, shown
from llu_core.evaluation.inputs import SourceFeatures
from llu_core.evaluation.plans import (
    ABLATION_SYSTEMS,
    COMPARED_SYSTEMS,
    DEFAULT_SOURCE,
    PLAIN_SETS,
    Plan,
    Setting,
    cells,
    other_sets,
    preset,
    shifted_sets,
    whole_grid,
)
from llu_core.evaluation.results import ROW_TYPES, row_to_json
from llu_core.evaluation.runner import Outcome, RowStore, cores, run_grid
from llu_core.evaluation.timing.sizes import BATCH_SIZES, Sizes
from llu_core.files.writing import write_text
from llu_core.systems.registry import SYSTEMS, systems_named
from llu_core.terminal import remark, say

EXAMPLES = """examples:
  python -m llu_core evaluate base-to-new picto:sketched-coloured-shapes
  python -m llu_core evaluate base-to-new caltech.npz pets.npz --methods clip,llu,llu-linear --json rows.json
  python -m llu_core evaluate base-to-new --root ~/data --datasets all --model vit-b-16 --methods all --out report
  python -m llu_core evaluate domain-shift --root ~/data --model vit-b-16 --out report
  python -m llu_core evaluate timing random:1000 --model random:ViT-B-16-quickgelu --classes 10,100,1000 --methods all
  python -m llu_core evaluate all --out report"""

PROTOCOLS = {
    "base-to-new": "train on the base classes, test base and new ones",
    "cross-dataset": "train on the first source, test on all",
    "domain-shift": "the same, for targets with the first source's class names",
    "ablation": "LLU without one of its parts each",
    "timing": "seconds and memory of a training pass",
    "all": "every one of these",
}


def add(commands) -> None:
    """Add the command to those of the parser."""
    evaluate = add_command(commands, "evaluate", "the paper's protocols", EXAMPLES, run)
    evaluate.set_defaults(list_option="sources")
    evaluate.add_argument(
        "protocol", choices=list(PROTOCOLS), help="; ".join(f"{name}: {what}" for name, what in PROTOCOLS.items())
    )
    evaluate.add_argument("sources", nargs="*", metavar="SOURCE", help=f"{SOURCE_HELP} (default: built-in sets)")
    evaluate.add_argument("--root", type=Path, metavar="DIR", help="folder of CoOp's data folders")
    evaluate.add_argument("--datasets", help="which of them: all (the default), shifted, or names, comma-separated")
    evaluate.add_argument("--methods", help=f"comma-separated, or all (default: by protocol): {', '.join(SYSTEMS)}")
    evaluate.add_argument("--shots", type=positives, help="per class, comma-separated (default: 16)")
    evaluate.add_argument("--seeds", type=seeds, help="comma-separated (default: 1,2,3)")
    evaluate.add_argument(
        "--batch-sizes", type=positives, metavar="LIST", help="timing: pictures of a pass (default: 1,2,4,8,16,32)"
    )
    evaluate.add_argument(
        "--classes", type=positives, metavar="LIST", help="timing: classes of a pass, of the source's (default: all)"
    )
    evaluate.add_argument("--views", type=positive, default=0, metavar="K", help="augmented views per training picture")
    evaluate.add_argument(
        "--full", action="store_true", help="with all: the whole grid of the built-in sets, for hours"
    )
    evaluate.add_argument(
        "--jobs", type=positive, metavar="N", help="processes, one core each (default: 1; all: one per core)"
    )
    evaluate.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler whose workers do the work")
    evaluate.add_argument(
        "--out", type=Path, metavar="DIR", help="write a report there; rows already there are kept (all: ./report)"
    )
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE")
    evaluate.add_argument(
        "--tune", action="store_true", help="also llu-tuned: beta, gamma and lambda chosen on the shots of each cell"
    )
    add_recipe(evaluate)
    add_model(evaluate, MODEL_OF_SOURCES)


def run(options: argparse.Namespace) -> int:
    """Do what the options say; returns the exit status, 2 if anything failed."""
    start = time.perf_counter()
    whole = options.protocol == "all"
    options.out = options.out or (Path("report") if whole else None)
    options.jobs = options.jobs or (cores() if whole else 1)
    if options.out and options.out.exists() and not options.out.is_dir():
        raise LluError(f"{options.out} is a file; name a folder for the report")
    if options.json and options.json.is_dir():
        raise LluError(f"{options.json} is a folder; name a file for the rows")
    make_folders_around(options.json, options.out)
    device = str(choose_device(options.device))
    datasets, troubles = _datasets(options)
    plans = _plans(options, datasets)
    options.model = options.model or model_of_sources(name for plan in plans for name in plan.names)
    loader = replace(model_loader(options, options.model), device=device)
    sizes = Sizes(tuple(options.batch_sizes or BATCH_SIZES), tuple(options.classes or ()))
    setting = Setting(chosen_recipe(options), device, options.views, loader, sizes)
    where = SourceFeatures(
        loader=loader,
        root=options.root,
        datasets=datasets,
        views=options.views,
        jobs=options.jobs,
        dask=options.dask,
    )
    features, unusable = _load(where, plans)
    grid = [cell for plan in plans for cell in cells(plan, features, setting)]
    store = RowStore(options.out / "rows.jsonl") if options.out else None
    with closing(run_grid(grid, jobs=options.jobs, dask=options.dask, store=store)) as outcomes:
        done = list(_printed(outcomes))
    rows = [row for outcome in done for row in outcome.rows]
    print_rows(means := means_of(rows), {type(row) for row in rows})
    if options.json:
        listing = [row_to_json(row) for row in (*rows, *means)]
        write_text(options.json, json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
    troubles += [*unusable, *_failures(done)]
    if options.out and done:
        notes = [remark for each in features.values() for remark in each.remarks]
        notes += [f"could not be used: {trouble}" for trouble in troubles]
        _write_report(options, setting, done, time.perf_counter() - start, notes)
    for trouble in troubles:
        remark(f"error: {trouble}")
    return 2 if troubles else 0


def _datasets(options: argparse.Namespace) -> tuple[tuple[str, ...], list[str]]:
    """Names of the data folders that are there, and a line for each that is not."""
    if options.root is None:
        if options.datasets:
            raise LluError("--datasets names data folders; say with --root DIR where they lie")
        return (), []
    asked = listed(options.datasets) or (["imagenet", "shifted"] if options.protocol == "domain-shift" else ["all"])
    names = [row.name for row in datasets_named(asked)]
    absent = dict(missing(options.root, names))
    found = tuple(name for name in names if name not in absent)
    if not found and not options.sources:
        raise LluError("; ".join(absent.values()))
    return found, list(absent.values())


def _plans(options: argparse.Namespace, datasets: tuple[str, ...]) -> list[Plan]:
    """What to run, by the options; unknown methods are refused here, before any work."""
    names = tuple(dict.fromkeys((*options.sources, *datasets)))
    if options.protocol == "all" and not names:
        plans = whole_grid() if options.full else preset()
    elif options.full:
        raise LluError("--full is the whole grid of the built-in sets; use it with `evaluate all` and no sources")
    else:
        protocols = list(ROW_TYPES) if options.protocol == "all" else [options.protocol]
        plans = [plan for protocol in protocols if (plan := _plan(protocol, names, options)) is not None]
    adjusted = [_adjusted(plan, options) for plan in plans]
    return [plan for plan in adjusted if plan.systems]


def _plan(protocol: str, names: tuple[str, ...], options: argparse.Namespace) -> Plan | None:
    """The plan of one protocol; None where `all` was asked for and there is nothing to transfer to."""
    whole = options.protocol == "all"
    default = COMPARED_SYSTEMS if whole else ("clip", "llu")
    if protocol == "base-to-new":
        return Plan(protocol, names or PLAIN_SETS, default)
    if protocol == "ablation":
        return Plan(protocol, names or PLAIN_SETS, ABLATION_SYSTEMS)
    first = (names or (DEFAULT_SOURCE,))[0]
    if protocol == "timing":
        return Plan(protocol, (first,), COMPARED_SYSTEMS, seeds=(1,))
    shift = protocol == "domain-shift"
    targets = names[1:] if len(names) > 1 and not (whole and shift) else ()
    targets = targets or (shifted_sets(first) if shift else other_sets(first))
    return Plan(protocol, (first,), default, targets) if targets or not whole else None


def _adjusted(plan: Plan, options: argparse.Namespace) -> Plan:
    """The plan with --methods, --shots and --seeds; in `all`, each protocol takes those of the systems it knows."""
    given = listed(options.methods)
    if options.methods is not None and given != ["all"]:
        systems = tuple(system.name for system in systems_named(given))
        if options.protocol == "all":
            systems = tuple(name for name in plan.systems if name in systems)
        plan = replace(plan, systems=systems)
    elif given == ["all"]:
        plan = replace(plan, systems=COMPARED_SYSTEMS if plan.protocol != "ablation" else ABLATION_SYSTEMS)
    if options.tune and plan.systems and plan.protocol != "timing":
        plan = replace(plan, systems=tuple(dict.fromkeys((*plan.systems, "llu-tuned"))))
    shots = tuple(options.shots) if options.shots else plan.shots
    return replace(plan, shots=shots, seeds=tuple(options.seeds) if options.seeds else plan.seeds)


def _load(where: SourceFeatures, plans: Sequence[Plan]) -> tuple[dict[str, Features], list[str]]:
    """Every source that can be used, embedded, and a line for each that cannot."""
    draws: dict[str, tuple[tuple[int, int], ...]] = {}
    for plan in plans:
        for name in plan.names:
            draws[name] = draws.get(name, ()) + (plan.draws if name in plan.sources else ())
    features, unusable = {}, []
    for name, wanted in draws.items():
        try:
            with embedding_progress(name) as show:
                loaded = where.load(name, tuple(dict.fromkeys(wanted)), show)
        except LluError as error:
            unusable.append(str(error))
            continue
        features[name] = _named_apart(loaded, name, features)
        print_left_out(loaded.problem.rejected)
        print_remarks(loaded.remarks)
    return features, list(dict.fromkeys(unusable))


def _named_apart(loaded: Features, source: str, others: Mapping[str, Features]) -> Features:
    """Two files of one name would become one line of a table: the second is called by its SOURCE."""
    taken = {features.problem.name for features in others.values()}
    return (
        replace(loaded, problem=replace(loaded.problem, name=shown(source))) if loaded.problem.name in taken else loaded
    )


def _printed(outcomes: Iterable[Outcome]) -> Iterable[Outcome]:
    """The outcomes as they come, each row printed."""
    kinds: set[type] = set()
    for outcome in outcomes:
        print_rows(outcome.rows, kinds)
        kinds |= {type(row) for row in outcome.rows}
        yield outcome


def _failures(outcomes: Sequence[Outcome]) -> list[str]:
    """A line per distinct error, with the first cell that it ended."""
    cells_of: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.error:
            cells_of.setdefault(outcome.error, []).append(outcome.cell.name)
    return [
        f"{error} ({names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})"
        for error, names in cells_of.items()
    ]


def _write_report(
    options: argparse.Namespace, setting: Setting, outcomes: Sequence[Outcome], seconds: float, notes: Sequence[str]
) -> None:
    from llu_core.evaluation.report import About, command_line, write_report

    workers = f"Dask cluster {options.dask}" if options.dask else f"{options.jobs} on {cores()} cores"
    about = About(
        command=command_line(),
        model=options.model,
        device=setting.device,
        recipe=str(setting.recipe),
        workers=workers,
        views=setting.views,
        seconds=seconds,
        notes=tuple(notes),
    )
    say(f"report: {write_report(options.out, outcomes, about)}")
