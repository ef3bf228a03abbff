"""Zips that strangers made: bounded before they are listed, read in place, never unpacked to disk."""

import mmap
import stat
import zipfile
from itertools import pairwise
from pathlib import Path

from llu_core.errors import LluError, one_line

MAX_MEMBERS = 50_000
MAX_BYTES = 2 * 2**30
"""What all members of a zip may unpack to together."""
MAX_NAME_LENGTH = 1000
MAX_DEPTH = 16

_DIRECTORY_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 1
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class UnreadableMember(Exception):
    """One member of a zip cannot be read; the message is the reason, the other members are not touched by it."""


def open_archive(path: Path, *, max_members: int = MAX_MEMBERS, max_bytes: int = MAX_BYTES) -> zipfile.ZipFile:
    """The zip at `path`, found to be within the limits, without passwords and without members inside each other.

    Raises LluError, one line, for anything else.
    """
    try:
        _check_count(path, max_members)
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise LluError(f"{path.name} cannot be read ({error.strerror or error})") from None
    except LluError:
        raise
    except UnicodeDecodeError:
        raise LluError(f"{path.name} says that its names are UTF-8, and they are not; make it again") from None
    except Exception:  # a damaged directory of members raises nearly every type there is
        raise LluError(f"{path.name} is not a zip file or is damaged; make it again") from None
    try:
        _check_members(archive, path.name, max_bytes)
    except LluError:
        archive.close()
        raise
    return archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int = -1) -> bytes:
    """The first `limit` bytes of a member, all if negative; raises UnreadableMember."""
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadableMember("a link, which is not followed; put the file itself into the zip")
    if member.compress_type not in _READ:
        raise UnreadableMember("packed in a rare way; make the zip with the usual compression")
    try:
        with archive.open(member) as file:
            return file.read(limit)
    except Exception as error:  # as above, for the bytes of one member
        raise UnreadableMember(f"damaged inside the zip ({one_line(error)})") from None


def _check_count(path: Path, most: int) -> None:
    """Refuse too many members before zipfile makes an object of each, whatever the zip says about their number.

    Every entry that zipfile could find begins with this signature.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise LluError(f"{path.name} is an empty file; make it again")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            count, offset = 0, data.find(_DIRECTORY_ENTRY)
            while offset >= 0 and count <= most:
                count, offset = count + 1, data.find(_DIRECTORY_ENTRY, offset + 4)
    if count > most:
        raise LluError(f"{path.name} holds more than {most:,} files, which is the limit")


def _check_members(archive: zipfile.ZipFile, name: str, max_bytes: int) -> None:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if total > max_bytes:
        raise LluError(f"{name} unpacks to {_size(total)}, over the limit of {_size(max_bytes)}")
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise LluError(f"{name} is encrypted; make a zip without a password")
        path = member.filename
        if len(path) > MAX_NAME_LENGTH or path.replace("\\", "/").strip("/").count("/") >= MAX_DEPTH:
            raise LluError(f"{name} holds a file with a name too long or too deep ({path[:40]!r}...); shorten it")
    by_place = sorted(members, key=lambda member: member.header_offset)
    starts = [*(member.header_offset for member in by_place), archive.start_dir]
    for member, (start, following) in zip(by_place, pairwise(starts), strict=True):
        if start + _LOCAL_HEADER_BYTES + member.compress_size > following:
            raise LluError(f"{name} has files that overlap, as a zip bomb has; it is not read")


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{-(-count // 2**20)} MB"
