"""Shots that somebody listed, in place of a random draw.

shot_16-seed_1_train.jsonl     one draw: a line a picture, {"_impath": path, "_label": 0, "_classname": name, ...}, with
shot_16-seed_1_val.jsonl       its validation pictures, as the authors of 2SFS publish them (arXiv 2503.11609)
NAME.json                      {"train": [[path, label, class name], ...]}, maybe with "val" and "test": all that shots,
                               validation and test pictures of the source NAME are taken from

A picture is known by the end of its path, so that the folders above the source's own may be written or left out.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from llu_core.data.coop.split_files import list_text, listed_pictures
from llu_core.data.draws import Draw
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError

FOLDER = "split_fewshot"
"""Where draws lie beside a data set."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed picture: its path as written, with "/", and its class, by label or by name."""

    path: str
    label: int | None = None
    class_name: str | None = None


def draw_files(folder: Path, shots: int, seed: int) -> tuple[Path, Path]:
    """The files of the training and of the validation pictures of one draw."""
    start = f"shot_{shots}-seed_{seed}"
    return folder / f"{start}_train.jsonl", folder / f"{start}_val.jsonl"


def listed_draw(
    folder: Path, shots: int, seed: int, train: Sequence[Picture], validation: Sequence[Picture]
) -> Draw | None:
    """The draw listed in a folder, as positions in the pools; None where it is not there. A source without a pool of
    validation pictures has none drawn.

    Raises LluError for a file that cannot be read, or whose pictures the pools do not have.
    """
    of_train, of_validation = draw_files(folder, shots, seed)
    if not of_train.is_file():
        return None
    listed = _read_lines(of_validation) if validation and of_validation.is_file() else ()
    return Draw(_positions(of_train, _read_lines(of_train), train), _positions(of_validation, listed, validation))


def listing_of(source: ImageSource, path: Path, folders: Sequence[str] = ()) -> Path:
    """What `path` has about the source: a NAME.json, or the folder of its draws.

    path: such a file, or a folder that holds one or draws; folders: other names under which the source's files may lie
    in it, besides its own. Raises LluError where nothing is listed of it.
    """
    if path.is_file():
        return path
    for name in ("", source.name, *folders):
        if (path / f"{name}.json").is_file():
            return path / f"{name}.json"
        for folder in (path / name, path / name / FOLDER):
            if any(folder.glob("shot_*_train.jsonl")):
                return folder
    raise LluError(
        f"{path} lists no shots of {source.name}; put {source.name}.json or shot_K-seed_S_train.jsonl there "
        "(docs/evaluation.md)"
    )


def with_split(source: ImageSource, listing: Path) -> ImageSource:
    """The source with the shots of a listing; raises LluError where that lists pictures that it does not have."""
    if listing.is_file():
        return _with_pools(source, listing)
    return replace(source, cached_draw=partial(_draw_there, listing, source.train, source.validation))


def contents_of(listing: Path) -> str:
    """A fingerprint of everything that it lists."""
    files = [listing] if listing.is_file() else sorted(listing.glob("shot_*.jsonl"))
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _draw_there(
    folder: Path, train: Sequence[Picture], validation: Sequence[Picture], shots: int, seed: int
) -> Draw | None:
    draw = listed_draw(folder, shots, seed, train, validation)
    if draw is None:
        name = draw_files(folder, shots, seed)[0].name
        raise LluError(f"{folder} has no {name}; ask for --shots and --seeds that are listed there")
    return draw


def _with_pools(source: ImageSource, file: Path) -> ImageSource:
    """Its pools as the file lists them; test stays as it is where the file lists none."""
    try:
        content = json.loads(list_text(file))
    except (ValueError, RecursionError) as error:
        raise LluError(f"{file} is not JSON ({str(error)[:80]})") from None
    if not isinstance(content, dict) or not isinstance(content.get("train"), list) or not content["train"]:
        raise LluError(f"{file} must hold the list train, of [path, label, class name], and may hold val and test")
    names: dict[int, str] = {}
    everything = (*source.train, *source.validation, *source.test)
    pools: dict[str, tuple[Picture, ...]] = {}
    for part in ("train", "val", "test"):
        entries = list(listed_pictures(file, part, content.get(part, []), names))
        listed = [Listed(entry.path, class_name=names[entry.label]) for entry in entries]
        pools[part] = tuple(everything[at] for at in _positions(file, listed, everything, source.class_names))
    taught = _names((*pools["train"], *pools["val"]))
    both = sorted(taught & _names(pools["test"]))
    if both:
        raise LluError(f"{file} lists {both[0]} for test and for training or validation; a picture is for one of them")
    test = pools["test"] or tuple(each for each in source.test if each.name not in taught)
    return replace(source, train=pools["train"], validation=pools["val"], test=test, cached_draw=None)


def _names(pool: Iterable[Picture]) -> set[str]:
    return {picture.name for picture in pool}


def _read_lines(file: Path) -> tuple[Listed, ...]:
    """The pictures of a .jsonl; raises LluError naming the first line that is not as it must be."""
    found = []
    for number, line in enumerate(list_text(file).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            content = None
        match content:
            case {"_impath": str(path), "_label": int(label)} if type(label) is int:
                found.append(Listed(path.replace("\\", "/"), label=label))
            case _:
                raise LluError(f"{file}: line {number} must be an object with _impath and _label, not {line[:80]}")
    return tuple(found)


def _positions(
    file: Path, listed: Iterable[Listed], pool: Sequence[Picture], class_names: Sequence[str] = ()
) -> tuple[int, ...]:
    """Where the listed pictures are in the pool, each once; class_names: of the source, where classes go by name."""
    at = {picture.name: position for position, picture in enumerate(pool)}
    found: dict[int, None] = {}
    for each in listed:
        position = next((at[end] for end in _ends(each.path) if end in at), None)
        if position is None:
            raise LluError(f"{file}: {each.path[:120]} is not one of the source's pictures for that part")
        label = pool[position].label
        other = each.label if each.class_name is None else each.class_name.replace("_", " ")
        own = label if each.class_name is None else class_names[label].replace("_", " ")
        if other != own:
            raise LluError(f"{file}: {each.path[:120]} is of class {other!r} there, and of {own!r} in the source")
        found[position] = None
    return tuple(found)


def _ends(path: str) -> Iterable[str]:
    """The path, then without its first folder, and so on."""
    parts = PurePosixPath(path).parts
    return ("/".join(parts[start:]) for start in range(len(parts)))
