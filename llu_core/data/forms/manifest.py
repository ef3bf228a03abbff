"""A list of pictures with their classes: .csv, .tsv, .jsonl or .parquet with a line or row a picture.

| column | also called | |
|---|---|---|
| path | file, filename, file_name, image | relative to the list, or absolute; in parquet also the picture itself |
| class | label, class_name, category | its name |
| split | part, subset | optional: train, test or val; train where it is missing |
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from PIL import Image

from llu_core.data.fewshot import Rejected
from llu_core.data.forms.rows import Row, library, listed_source, part_called
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError, one_line, shown
from llu_core.files.images import UnreadablePicture, decode
from llu_core.files.listing import file_stamp
from llu_core.files.names import text_of
from llu_core.files.refusal import Refusal

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
MAX_BYTES, MAX_ROWS = 512 * 2**20, 5_000_000
GROUPS_KEPT = 2
"""So many row groups of a parquet file are held at a time, with the pictures in them."""
_PATH = ("path", "file", "filename", "file_name", "filepath", "image")
_CLASS = ("class", "label", "class_name", "category")
_SPLIT = ("split", "part", "subset")

Line = Mapping[str, Any]


def read_manifest(path: Path) -> ImageSource:
    """The pictures of the list at `path`; raises LluError for a list that cannot be used, naming the line."""
    lines = _parquet(path) if path.suffix.lower() == ".parquet" else _lines(path)
    rows, missing = [], []
    for number, line in lines:
        row = _row(path, number, line)
        (missing if isinstance(row, Rejected) else rows).append(row)
        if number > MAX_ROWS:
            raise LluError(f"{path.name} has more than {MAX_ROWS:,} lines, which is the limit; divide it")
    return listed_source(path.stem, rows, missing)


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    """(number of the line, what it says) of a list of text."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LluError(f"{path.name} is over the limit of {MAX_BYTES >> 20} MB for a list; divide it")
        text = text_of(path.read_bytes())
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None
    except Refusal as refusal:
        raise LluError(f"{path.name}: {refusal}") from None
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _json_lines(path, text)
        return
    dialect = "excel-tab" if path.suffix.lower() == ".tsv" else _dialect(text)
    table = csv.DictReader(io.StringIO(text, newline=""), dialect=dialect)
    try:
        for line in table:
            yield table.line_num, line
    except csv.Error as error:
        raise LluError(f"{path.name}, line {table.line_num}: {one_line(error)}") from None


def _dialect(text: str) -> type[csv.Dialect] | str:
    """Commas, or the semicolons that some spreadsheets write."""
    head = text.split("\n", 1)[0]
    try:
        return csv.Sniffer().sniff(head, delimiters=",;\t") if ";" in head or "\t" in head else "excel"
    except csv.Error:
        return "excel"


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Line]]:
    for number, each in enumerate(text.splitlines(), start=1):
        if not each.strip():
            continue
        try:
            line = json.loads(each)
        except (ValueError, RecursionError) as error:
            raise LluError(f"{path.name}, line {number}: no JSON ({one_line(error)})") from None
        if not isinstance(line, dict):
            raise LluError(f"{path.name}, line {number}: must be an object with path, class and, if you like, split")
        yield number, line


def _row(path: Path, number: int, line: Line) -> Row | Rejected:
    by_name = {str(key).strip().lower(): value for key, value in line.items() if key is not None}
    place, label, split = (_first(by_name, names) for names in (_PATH, _CLASS, _SPLIT))
    for wanted, value in (("path", place), ("class", label)):
        if value is None or value == "":
            raise LluError(
                f"{path.name}, line {number}: no {wanted}; the columns are path, class and, if you like, split"
            )
    part = part_called(split)
    if part is None:
        raise LluError(f"{path.name}, line {number}: split is {shown(str(split))[:40]}; write train, test or val")
    class_name = shown(str(label)).strip()
    if isinstance(place, partial):  # the picture itself
        return Row(f"{path.stem} {number}", class_name, part, place)
    file = path.parent / str(place)
    if not file.is_file():
        return Rejected(shown(str(place)), "there is no such file")
    return Row(shown(str(place)), class_name, part, partial(decode, file, str(place)), partial(file_stamp, file))


def _first(line: Line, names: tuple[str, ...]) -> Any:
    return next((line[name] for name in names if line.get(name) not in (None, "")), None)


def _parquet(path: Path) -> Iterator[tuple[int, Line]]:
    """The rows of a parquet file; a picture that lies in it is read when it is wanted, with its row group."""
    parquet = library("pyarrow.parquet", "a .parquet file")
    try:
        file = parquet.ParquetFile(path)
        columns = {name: str(file.schema_arrow.field(name).type) for name in file.schema_arrow.names}
        within = [name for name, kind in columns.items() if "binary" in kind]  # alone or in a struct with its path
        plain = [name for name in columns if name not in within]
        read, number = lru_cache(maxsize=GROUPS_KEPT)(partial(_pictures_of, file, within)), 0
        for group in range(file.num_row_groups):
            for at, line in enumerate(file.read_row_group(group, columns=plain).to_pylist()):
                number += 1
                inside = {"image": partial(_inside, partial(read, group), at, f"row {number}")} if within else {}
                yield number, line | inside
    except LluError:
        raise
    except Exception as error:  # the reader has errors of its own, which it also lets slip for bytes that lie
        raise LluError(f"{path.name} cannot be read as parquet ({one_line(error)})") from None


def _pictures_of(file: Any, columns: list[str], group: int) -> list[Any]:
    return file.read_row_group(group, columns=columns[:1]).column(0).to_pylist()


def _inside(read: Callable[[], list[Any]], at: int, name: str) -> Image.Image:
    value = read()[at]
    data = value.get("bytes") if isinstance(value, dict) else value
    if not data:
        raise UnreadablePicture(name, "the row holds no picture")
    return decode(data, name)
