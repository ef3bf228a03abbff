"""WebDataset shards: tar files in which the files of one name, apart from its ending, are one sample.

A sample is a picture and its class: NAME.jpg beside NAME.cls (a number or a name), NAME.txt (a name) or NAME.json
({"class": ...}). A shard, or a folder of shards: below train/, test/ or val/, or with that word in their names.
classnames.txt in the folder of the shards or above it names the classes of numbers, one a line.
Tar files are read in place with the standard library: neither commands nor pickles, which such sets may also name.
"""

import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from llu_core.data.forms.rows import Row, listed_source, part_called
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError, one_line, shown
from llu_core.files.images import SUFFIXES, UnreadablePicture, check_file_size, decode
from llu_core.files.listing import file_stamp
from llu_core.files.names import text_of
from llu_core.files.refusal import Refusal

NAMES_FILE = "classnames.txt"
MAX_MEMBERS, MAX_LABEL_BYTES = 2_000_000, 2**16
_LABELS = (".cls", ".cls.txt", ".txt", ".json")
_KEYS = ("class", "label", "class_name", "cls")


def shards_of(folder: Path) -> list[Path]:
    """The shards in a folder and in those of its parts; none where pictures lie there, as in folders of classes."""
    if any(path.suffix.lower() in SUFFIXES for path in folder.glob("*/*")):
        return []
    return sorted(path for pattern in ("*.tar", "*/*.tar") for path in folder.glob(pattern) if path.is_file())


def read_shards(place: Path) -> ImageSource:
    """The samples of one shard, or of all in a folder; raises LluError, naming the sample, where a class is missing."""
    shards = shards_of(place) if place.is_dir() else [place]
    names = _class_names(place if place.is_dir() else place.parent)
    rows = [row for shard in shards for row in _rows(shard, place, names)]
    return listed_source(place.stem, rows, class_names=names)


def _class_names(folder: Path) -> tuple[str, ...]:
    found = next((each / NAMES_FILE for each in (folder, folder.parent) if (each / NAMES_FILE).is_file()), None)
    if found is None:
        return ()
    try:
        names = tuple(shown(line).strip() for line in text_of(found.read_bytes()).splitlines() if line.strip())
    except (OSError, Refusal) as error:
        raise LluError(f"{found} cannot be read ({one_line(error)})") from None
    if len(set(names)) < len(names):
        raise LluError(f"{found}: a class is named twice; give every class a name of its own")
    return names


def _rows(shard: Path, place: Path, names: Sequence[str]) -> Iterator[Row]:
    part = _part(shard, place)
    for key, members in _samples(shard):
        picture = next((members[end] for end in members if end in SUFFIXES), None)
        label = next((members[end] for end in _LABELS if end in members), None)
        if picture is None:
            continue
        if label is None:
            raise LluError(f"{shard.name}: {shown(key)} has no class; put {shown(key)}.cls or .txt beside the picture")
        text = _bytes(shard, label)[:MAX_LABEL_BYTES].decode("utf-8", errors="replace")
        class_name = _class_name(shard, key, text, label.name.endswith(".json"), names)
        read = partial(_picture, shard, picture)
        yield Row(shown(picture.name), class_name, part, read, partial(_stamp, shard, picture.offset_data))


def _part(shard: Path, place: Path) -> str:
    words = [*shard.relative_to(place).parts] if place.is_dir() else [shard.name]
    parts = (part_called(word) for name in words for word in re.split(r"[^a-z]+", name.lower()) if word)
    return next((part for part in parts if part), "train")


def _samples(shard: Path) -> Iterator[tuple[str, dict[str, tarfile.TarInfo]]]:
    """(name, ending -> member) of every sample."""
    samples: dict[str, dict[str, tarfile.TarInfo]] = {}
    try:
        with tarfile.open(shard, "r:") as archive:
            for number, member in enumerate(archive):
                if number >= MAX_MEMBERS:
                    raise LluError(f"{shard.name} holds more than {MAX_MEMBERS:,} files, which is the limit")
                folder, slash, name = member.name.rpartition("/")
                key, dot, end = name.partition(".")
                if member.isreg() and dot:
                    samples.setdefault(folder + slash + key, {})[f".{end.lower()}"] = member
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise LluError(f"{shard.name} is no plain tar file or is damaged ({one_line(error)}); make it again") from None
    yield from samples.items()


def _class_name(shard: Path, key: str, text: str, is_json: bool, names: Sequence[str]) -> str:
    told: object = text.strip()
    if is_json:
        try:
            entries = json.loads(text)
            told = next(entries[each] for each in _KEYS if each in entries)
        except (ValueError, TypeError, RecursionError, StopIteration):
            raise LluError(f"{shard.name}: {shown(key)}.json names no class") from None
    word = shown(str(told)).strip()
    if not word.isdecimal():
        if not word:
            raise LluError(f"{shard.name}: {shown(key)} has an empty class")
        return word
    if not names:
        raise LluError(f"{shard.name} numbers its classes; name them in {NAMES_FILE} beside it, one a line, from 0 on")
    if int(word) >= len(names):
        raise LluError(f"{shard.name}: {shown(key)} has class {word[:20]}, {NAMES_FILE} names {len(names):,} from 0 on")
    return names[int(word)]


def _bytes(shard: Path, member: tarfile.TarInfo) -> bytes:
    with shard.open("rb") as file:
        file.seek(member.offset_data)
        return file.read(member.size)


def _picture(shard: Path, member: tarfile.TarInfo) -> Image.Image:
    check_file_size(member.size, member.name)
    try:
        return decode(_bytes(shard, member), member.name)
    except OSError as error:
        raise UnreadablePicture(member.name, f"cannot be read ({error.strerror or error})") from None


def _stamp(shard: Path, offset: int) -> str:
    return f"{file_stamp(shard)} {offset}"
