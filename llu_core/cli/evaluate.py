"""`python -m llu_core evaluate`: the options, what they ask for as plans, and the printed rows."""

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from llu_core.cli.evaluate_files import (
    add_files,
    check_measures,
    prepare_files,
    read_templates,
    report,
    run_of,
    write_rows,
)
from llu_core.cli.evaluate_plans import plans_of
from llu_core.cli.options import (
    MODEL_OF_SOURCES,
    SOURCE_HELP,
    add_command,
    add_model,
    add_recipe,
    chosen_recipe,
    embedding_progress,
    listed,
    model_loader,
    model_of_sources,
    positive,
    positives,
    print_left_out,
    print_remarks,
    seeds,
)
from llu_core.cli.printing import means_of, print_rows
from llu_core.cli.sequences import METHODS_HELP as OF_SEQUENCES
from llu_core.data.coop.datasets import datasets_named, missing
from llu_core.data.features import Features
from llu_core.encoders.cache import ModelLoader
from llu_core.encoders.encoder import choose_device
from llu_core.errors import LluError, shown
from llu_core.evaluation.configuration import Setting
from llu_core.evaluation.inputs import SourceFeatures, checked_split
from llu_core.evaluation.plans import Plan, cells
from llu_core.evaluation.runner import Cell, Outcome, cores, run_grid
from llu_core.evaluation.store import ROWS, RowStore
from llu_core.evaluation.timing.sizes import BATCH_SIZES, Sizes
from llu_core.systems.registry import SYSTEMS
from llu_core.terminal import remark

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
    "sequence": "train on one source after the other, test all of them after each",
    "timing": "seconds and memory of a training pass",
    "few-shot": "train and test on all classes, with 1 to 16 shots",
    "all": "every one of these but few-shot, which is not the paper's",
}


METHODS_HELP = (
    f"comma-separated, or all (default: by protocol): {', '.join(SYSTEMS)}; those of LLU also with a recipe of their "
    "own, llu@paper beside llu; saved:DIR: what train or compose saved, as it is; or one's own (docs/library.md); "
    f"{OF_SEQUENCES}"
)


def add(commands) -> None:
    """Add the command to those of the parser."""
    evaluate = add_command(commands, "evaluate", "the paper's protocols, and few-shot", EXAMPLES, run)
    evaluate.set_defaults(list_option="sources")
    evaluate.add_argument(
        "protocol", choices=list(PROTOCOLS), help="; ".join(f"{name}: {what}" for name, what in PROTOCOLS.items())
    )
    evaluate.add_argument("sources", nargs="*", metavar="SOURCE", help=f"{SOURCE_HELP} (default: built-in sets)")
    evaluate.add_argument("--root", type=Path, metavar="DIR", help="folder of CoOp's data folders")
    evaluate.add_argument("--datasets", help="which of them: all (the default), shifted, or names, comma-separated")
    evaluate.add_argument("--methods", help=METHODS_HELP)
    evaluate.add_argument("--shots", type=positives, help="per class, comma-separated (default: 16; few-shot: 1 to 16)")
    evaluate.add_argument("--seeds", type=seeds, help="comma-separated (default: 1,2,3)")
    evaluate.add_argument(
        "--split",
        type=Path,
        metavar="PATH",
        help="a NAME.json or a folder of draws that lists the shots (docs/evaluation.md)",
    )
    evaluate.add_argument(
        "--batch-sizes", type=positives, metavar="LIST", help="timing: pictures of a pass (default: 1,2,4,8,16,32)"
    )
    evaluate.add_argument(
        "--classes", type=positives, metavar="LIST", help="timing: classes of a pass, of the source's (default: all)"
    )
    evaluate.add_argument(
        "--templates", type=Path, metavar="FILE", help="prompt templates, a line each with {} for the class's name"
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
    add_files(evaluate)
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
    prepare_files(options)
    device = str(choose_device(options.device))
    datasets, absent = _datasets(options)
    plans = plans_of(options, datasets)
    options.model = options.model or model_of_sources(name for plan in plans for name in plan.names)
    loader = replace(model_loader(options, options.model), device=device)
    setting = _setting(options, loader)
    where = SourceFeatures(
        loader=loader,
        root=options.root,
        datasets=datasets,
        views=options.views,
        jobs=options.jobs,
        dask=options.dask,
        split=options.split and checked_split(options.split, {name for plan in plans for name in plan.sources}),
        templates=read_templates(options.templates) if options.templates else (),
    )
    features, unusable = _load(where, plans)
    store = RowStore(options.out / ROWS) if options.out else None
    done = _computed([cell for plan in plans for cell in cells(plan, features, setting)], options, store)
    rows = [row for outcome in done for row in outcome.rows]
    print_rows(means := means_of(rows), {type(row) for row in rows})
    write_rows(options, rows, means)
    if store and done:
        notes = [remark for each in features.values() for remark in each.remarks]
        notes += [f"could not be used: {trouble}" for trouble in (*absent, *unusable)]
        store.add_run(run_of(options, setting, done, features.values(), time.perf_counter() - start, notes))
        report(store.path.parent, check_measures(options.measures))
    troubles = [*absent, *unusable, *_failures(done)]
    for trouble in troubles:
        remark(f"error: {trouble}")
    return 2 if troubles else 0


def _setting(options: argparse.Namespace, loader: ModelLoader) -> Setting:
    return Setting(
        recipe=chosen_recipe(options),
        device=loader.device or "cpu",
        views=options.views,
        load_encoder=loader,
        sizes=Sizes(tuple(options.batch_sizes or BATCH_SIZES), tuple(options.classes or ())),
        predictions=options.predictions is not None,
    )


def _computed(grid: Sequence[Cell], options: argparse.Namespace, store: RowStore | None) -> list[Outcome]:
    """The outcomes of all cells; predictions are in no file of rows, so that what is kept does not do for them."""
    kept = store.finished() if store and not options.predictions else {}
    outcomes = run_grid(grid, jobs=options.jobs, dask=options.dask, kept=kept, keep=store.add if store else None)
    with closing(outcomes):
        return list(_printed(outcomes))


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
