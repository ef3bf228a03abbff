"""What the commands share: options, argument types, and how a model is loaded."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from llu_core.data.fewshot import Rejected
from llu_core.data.sources import BUILT_IN
from llu_core.encoders.cache import ModelLoader, default_cache_folder
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES, Recipe, recipe
from llu_core.terminal import remark

SOURCE_HELP = (
    "a folder or zip with one folder of pictures per class (optional test/ and new/), a project (.zip), a feature "
    "bundle (.npz, .pt), a list (.csv, .jsonl, .parquet: path, class, split), WebDataset shards (.tar), hf:NAME of "
    "Hugging Face datasets, torchvision:NAME:FOLDER, or a built-in set picto:NAME"
)


def add_command(
    commands, name: str, help: str, examples: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """A subcommand whose help ends in examples."""
    parser = commands.add_parser(
        name, help=help, description=help, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="fast", help=f"{', '.join(RECIPES)} (default: fast)")
    parser.add_argument(
        "--beta",
        type=float,
        help="share of the update at an anchor, 0 to 1; set after training, like a slider (default: the recipe's)",
    )
    parser.add_argument(
        "--gamma",
        type=float,
        help="locality, 0 (everywhere) to inf (at anchors alone); set after training, too (default: the recipe's)",
    )
    parser.add_argument("--lam", type=float, help="weight of the distance to identity, eq. 6 (default: 1000)")


def add_model(parser: argparse.ArgumentParser, default: str) -> None:
    """default: what the help says of it."""
    parser.add_argument(
        "--model",
        help="photo and picto (embedded), vit-b-16, mobileclip2-s0, ..., hf-hub:ORG/NAME, local-dir:PATH, "
        f"NAME@CHECKPOINT (default: {default})",
    )
    parser.add_argument("--device", help="cpu, cuda, ... (default: cuda where there is one)")
    parser.add_argument("--no-cache", action="store_true", help="neither read nor keep embeddings on disk")
    add_precision(parser)


def add_precision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision",
        choices=("auto", "float32"),
        default="auto",
        help="auto: on a CPU what is fastest and agrees with float32, on CUDA half precision; float32: nothing else "
        "(default: auto, or what LLU_PRECISION says)",
    )


def positive(text: str) -> int:
    """An argument type: 1, 2, ..."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def positives(text: str) -> list[int]:
    """An argument type: "1,2,4", each once."""
    return list(dict.fromkeys(positive(part.strip()) for part in text.split(",")))


def seed(text: str) -> int:
    """An argument type: what torch takes as a seed."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**63 - 1}")
    return int(text)


def seeds(text: str) -> list[int]:
    """An argument type: "1,2,3", each once."""
    try:
        return list(dict.fromkeys(seed(part.strip()) for part in text.split(",")))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a comma-separated list of whole numbers") from None


def listed(text: str | None) -> list[str]:
    """ "a, b" -> ["a", "b"]."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


MODEL_OF_SOURCES = "picto for built-in sets, photo for all others"


def model_of_sources(sources: Iterable[str]) -> str:
    """The model that reads these sources unless --model names one; all are read by one, or none could be compared."""
    return "picto" if all(source.startswith(BUILT_IN) for source in sources) else "photo"


def model_loader(options: argparse.Namespace, model: str) -> ModelLoader:
    """Loads `model`, remembering its embeddings unless --no-cache is given."""
    cache = None if options.no_cache else default_cache_folder()
    return ModelLoader(model, options.device, cache, options.precision)


def progress_bar(description: str, unit: str, total: int | None = None) -> tqdm:
    """A progress bar on standard error where that is a terminal; a log file gets none."""
    return tqdm(total=total, desc=description, unit=unit, disable=None)


@contextmanager
def embedding_progress(source: str) -> Iterator[Callable[[int, int], None]]:
    """What to tell (pictures done, pictures in all) while `source` is embedded; a bar appears when it is told."""
    bars: list[tqdm] = []

    def show(done: int, total: int) -> None:
        if not bars:
            bars.append(progress_bar(f"embedding {source}", "picture"))
        bars[0].total = total  # it grows where pictures stand in for others
        bars[0].update(done - bars[0].n)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()


def print_left_out(rejected: Sequence[Rejected]) -> None:
    """A line on standard error for everything that could not be used."""
    for each in rejected:
        remark(f"left out: {each.name}: {each.reason}")


def print_remarks(remarks: Iterable[str]) -> None:
    """A line on standard error for everything that is odd about a set and no reason to refuse it."""
    for each in remarks:
        remark(f"note: {each}")


def make_folders_around(*targets: Path | None) -> None:
    """Make the folders that the targets are to lie in, before the work and not after it."""
    for folder in (target.absolute().parent for target in targets if target is not None):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LluError(f"the folder {folder} cannot be made ({error.strerror or error}); name another") from None


def check_adapter_folder(options: argparse.Namespace, content: str) -> None:
    """Raise LluError where --out is no place for what is to be saved; content: what messages call it."""
    from llu_core.method.adapter_files import holds_adapter

    if options.out.exists() and not options.out.is_dir():
        raise LluError(f"{options.out} is a file; name a folder for the {content}")
    if not options.force and holds_adapter(options.out):
        raise LluError(f"{options.out} holds an adapter already; name another folder, or write over it with --force")


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """--recipe with --lam, trained under its own mask and asked under --beta and --gamma, as sliders do it."""
    chosen = recipe(options.recipe)
    chosen = chosen if options.lam is None else replace(chosen, lam=options.lam)
    return chosen.asked_at(options.beta, options.gamma)
