"""Listing a folder or a zip of untrusted picture files, the head of each read at most once.

A zip is read in place, never unpacked to disk.
"""

import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from PIL import Image

from llu_core.errors import LluError, shown
from llu_core.files.archives import MAX_BYTES, MAX_MEMBERS, UnreadableMember, open_archive, read_member
from llu_core.files.images import HEAD_BYTES, MAX_PIXELS, UnreadablePicture, check_file_size, decode, why_not_a_picture
from llu_core.files.leftovers import is_leftover
from llu_core.files.names import member_names, text_of
from llu_core.files.refusal import Refusal

MAX_FOLDER_FILES = 1_000_000
MAX_FOLDER_DEPTH = 6
MAX_TEXT_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class Listing:
    """What lies in a folder or zip, by path relative to it ("cat/a.png"); no picture of it is decoded.

    folders: every folder, empty ones too; verdicts: of every visible file, None if it claims to be a picture of a
    fitting size, otherwise the reason why it is none; text(path): what a text file holds, raises UnreadablePicture.
    """

    name: str
    folders: frozenset[str]
    verdicts: Mapping[str, str | None]
    text: Callable[[str], str]


@dataclass(frozen=True, eq=False)
class PictureFiles:
    """The visible files of a folder or zip, by path relative to it ("cat/a.png").

    sizes: bytes of every file; folders: every folder, empty ones too;
    read(path, limit): its first `limit` bytes (all if negative), raises UnreadablePicture;
    stamp(path): a text that changes when the file does; max_pixels: of one picture.
    """

    name: str
    sizes: dict[str, int]
    folders: frozenset[str]
    read: Callable[[str, int], bytes]
    stamp: Callable[[str], str]
    max_pixels: int = MAX_PIXELS

    @cached_property
    def listing(self) -> Listing:
        """The same files as their layout is told from."""
        return Listing(self.name, self.folders, _Verdicts(self.sizes, self.read), self.text)

    def text(self, path: str) -> str:
        """What a text file holds; raises UnreadablePicture for more than MAX_TEXT_BYTES and for other encodings."""
        data = self.read(path, MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise UnreadablePicture(path, f"over the limit of {MAX_TEXT_BYTES >> 20} MB for a list of names")
        try:
            return text_of(data)
        except Refusal as refusal:
            raise UnreadablePicture(path, str(refusal)) from None

    def decode(self, path: str) -> Image.Image:
        """The picture in a file; raises UnreadablePicture."""
        check_file_size(self.sizes[path], path)
        return decode(self.read(path, -1), path, max_pixels=self.max_pixels)


class _Verdicts(Mapping[str, str | None]):
    """Path -> None if the file claims to be a picture of a fitting size, otherwise the reason.

    The head of a file is read once, and only if it is asked about: a folder may hold a million of them.
    """

    def __init__(self, sizes: Mapping[str, int], read: Callable[[str, int], bytes]):
        self._sizes, self._read = sizes, read
        self._known: dict[str, str | None] = {}

    def __getitem__(self, path: str) -> str | None:
        if path not in self._known:
            self._known[path] = self._verdict(path)
        return self._known[path]

    def __contains__(self, path: object) -> bool:
        return path in self._sizes

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def __len__(self) -> int:
        return len(self._sizes)

    def _verdict(self, path: str) -> str | None:
        try:
            check_file_size(self._sizes[path], path)
            return why_not_a_picture(self._read(path, HEAD_BYTES))
        except UnreadablePicture as error:
            return error.reason


def list_folder(root: Path) -> PictureFiles:
    """The files of a folder on disk, links followed. Raises LluError if it cannot be read or is over the limits."""
    sizes: dict[str, int] = {}
    folders: set[str] = set()
    pending = [""]
    try:
        while pending:
            inside = pending.pop()
            with os.scandir(root / inside) as entries:
                for entry in (entry for entry in entries if not is_leftover(entry.name)):
                    path = inside + entry.name
                    # a folder at the depth limit (a link to its own parent, say) counts as a file and is refused as one
                    if entry.is_dir() and path.count("/") < MAX_FOLDER_DEPTH:
                        folders.add(path)
                        pending.append(path + "/")
                    else:
                        sizes[path] = entry.stat().st_size if entry.is_file() else 0
            if len(sizes) > MAX_FOLDER_FILES:
                raise LluError(f"{root} holds more than {MAX_FOLDER_FILES} files; choose a smaller folder")
    except OSError as error:
        raise LluError(f"{root} cannot be read ({error.strerror or error})") from None
    place = root.resolve()
    read = partial(_read_from_folder, root)
    return PictureFiles(shown(place.name), sizes, frozenset(folders), read, lambda path: file_stamp(place / path))


def file_stamp(path: Path) -> str:
    """Where a file lies, its size and when it was written: a text that changes when the file does."""
    try:
        facts = path.stat()
    except OSError:
        return f"{path} unreadable"
    return f"{path} {facts.st_size} {facts.st_mtime_ns}"


def _read_from_folder(root: Path, path: str, limit: int) -> bytes:
    if not (root / path).is_file():  # opening a pipe would wait for ever
        raise UnreadablePicture(path, "not a file that can be read")
    try:
        with (root / path).open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise UnreadablePicture(path, f"cannot be read ({error.strerror or error})") from None


def list_zip(
    path: Path, *, max_files: int = MAX_MEMBERS, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> PictureFiles:
    """The files of a zip. Raises LluError as `open_archive` does, and if it names a place outside itself."""
    archive = open_archive(path, max_members=max_files, max_bytes=max_bytes)
    files: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    members = archive.infolist()
    for member, name in zip(members, member_names(members), strict=True):
        parts = _safe_parts(name, path.name)
        if not parts or any(map(is_leftover, parts)):
            continue
        is_folder = name.endswith("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + is_folder))
        if not is_folder:
            files["/".join(parts)] = member
    sizes = {name: member.file_size for name, member in files.items()}
    read = partial(_read_from_zip, archive, files)
    stamp = partial(_zip_stamp, path.resolve(), files)
    return PictureFiles(shown(path.stem), sizes, frozenset(folders), read, stamp, max_pixels)


def _zip_stamp(archive: Path, files: dict[str, zipfile.ZipInfo], name: str) -> str:
    member = files[name]
    return f"{archive} {member.filename} {member.file_size} {member.CRC:08x}"


def _safe_parts(name: str, archive: str) -> list[str]:
    """A member's path in parts; raises LluError for a path that leads out of the archive."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        raise LluError(f"{archive} names a file outside itself ({name[:60]!r}); such a zip is not read")
    return parts


def _read_from_zip(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], path: str, limit: int) -> bytes:
    try:
        return read_member(archive, files[path], limit)
    except UnreadableMember as error:
        raise UnreadablePicture(path, str(error)) from None
