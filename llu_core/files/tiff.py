"""TIFF directories, in TIFF pictures and in the EXIF data of others, read within what the file has room for.

A directory names, for each tag, how many values it has and where they lie. Nothing keeps a small file from naming the
same megabytes again and again, and whoever reads them all takes gigabytes; so here the sizes are added up first.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

from llu_core.files.refusal import Refusal

ORIENTATION = 0x0112
MAX_STRIPS = 65_536
"""Strips or tiles of one picture."""
MAX_TILE_PIXELS = 4096 * 4096

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value by the number of its type."""
_INTEGERS = {3: "H", 4: "L", 16: "Q"}
_WIDTH, _HEIGHT, _COMPRESSION = 256, 257, 259
_STRIPS, _TILE_WIDTH, _TILE_HEIGHT, _TILES = (273, 279), 322, 323, (324, 325)
_PIXEL_TAGS = frozenset(
    [
        *(*range(254, 260), 262, 266, 273, 274, *range(277, 280), 284, 292, 293, 297, 317, 320),
        *(*range(322, 326), 332, 333, 334, 336, 338, 339, 347, *range(529, 533)),
    ]
)
"""What the pixels are read by; everything else (EXIF, colour profiles, notes) is left out."""
_PACKINGS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
"""None, CCITT, LZW, JPEG, Deflate (two numbers), PackBits."""


@dataclass(frozen=True)
class _Entry:
    tag: int
    kind: int
    count: int
    raw: bytes  # the entry itself, as it stands in the file
    value: bytes  # its last field: the value where it fits in, otherwise the offset

    @property
    def size(self) -> int:
        """Bytes of its values; of a kind that nobody knows, and that is left unread, none."""
        return self.count * _SIZES.get(self.kind, 0)


@dataclass(frozen=True)
class _Layout:
    """Byte order and field widths: of a classic TIFF, or of a BigTIFF."""

    order: str
    big: bool

    @classmethod
    def of(cls, data: bytes) -> "_Layout":
        if data[:4] not in _MAGIC:
            raise Refusal("damaged: its header cannot be read")
        return cls("<" if data[:2] == b"II" else ">", b"+" in data[:4])

    def number(self, code: str, data: bytes, at: int) -> int:
        try:
            return struct.unpack_from(self.order + code, data, at)[0]
        except struct.error:
            raise Refusal("damaged or cut off") from None

    def directory(self, data: bytes) -> list[_Entry]:
        """The first directory; raises Refusal where its values claim more bytes than the file has."""
        offset = self.number("Q", data, 8) if self.big else self.number("L", data, 4)
        head, width, field = (8, 20, 8) if self.big else (2, 12, 4)
        count, claimed, entries = self.number("Q" if self.big else "H", data, min(offset, len(data))), 0, []
        if count > 65_535:
            raise Refusal("its metadata claim more than the file holds")
        for number in range(count):
            at = offset + head + number * width
            raw = data[at : at + width]
            if len(raw) < width:
                raise Refusal("damaged or cut off")
            values = self.number("Q" if self.big else "L", raw, 4)
            entry = _Entry(self.number("H", raw, 0), self.number("H", raw, 2), values, raw, raw[-field:])
            claimed += entry.size if entry.size > field else 0
            if claimed > len(data):
                raise Refusal("its metadata claim more than the file holds")
            entries.append(entry)
        return entries

    def first(self, entry: _Entry, data: bytes) -> int:
        """The first value of an entry of whole numbers."""
        code = _INTEGERS.get(entry.kind)
        if code is None or not entry.count:
            raise Refusal("damaged: a tag is no number")
        if entry.size <= len(entry.value):
            return self.number(code, entry.value, 0)
        return self.number(code, data, self.number("Q" if self.big else "L", entry.value, 0))

    def written(self, entries: list[_Entry]) -> bytes:
        """A directory of these entries, the only one."""
        count, last = ("Q", "Q") if self.big else ("H", "L")
        ordered = b"".join(entry.raw for entry in entries)
        return struct.pack(self.order + count, len(entries)) + ordered + struct.pack(self.order + last, 0)


def orientation(exif: bytes) -> int:
    """The orientation, 1 to 8, that EXIF data ("II*..." or "MM..."; "Exif" may stand before) tell; 1 if none."""
    data = exif.removeprefix(b"Exif\0\0")
    try:
        layout = _Layout.of(data)
        found = [layout.first(entry, data) for entry in layout.directory(data) if entry.tag == ORIENTATION]
    except Refusal:  # damaged EXIF data is no reason to refuse a picture whose pixels are fine
        return 1
    return found[-1] if found else 1


def pixels_only(data: bytes, max_pixels: int) -> bytes:
    """The same picture with a directory that holds what its pixels need and nothing else.

    Raises Refusal for a directory that claims too much, strips or tiles without measure, and rare packings.
    """
    layout = _Layout.of(data)
    kept = {entry.tag: entry for entry in layout.directory(data) if entry.tag in _PIXEL_TAGS}
    _check(lambda tag, default: layout.first(kept[tag], data) if tag in kept else default, kept, max_pixels)
    at = len(data) + len(data) % 2
    place = struct.pack(layout.order + ("Q" if layout.big else "L"), at)
    start = 8 if layout.big else 4
    head = data[:start] + place
    body = data[len(head) :] + bytes(len(data) % 2)
    return head + body + layout.written([kept[tag] for tag in sorted(kept)])


def _check(value: Callable[[int, int], int], entries: dict[int, _Entry], max_pixels: int) -> None:
    packing = value(_COMPRESSION, 1)
    if packing not in _PACKINGS:
        raise Refusal(f"a TIFF packed in a rare way (number {packing}); save it as PNG or JPEG")
    if any(entries[tag].count > MAX_STRIPS for tag in (*_STRIPS, *_TILES) if tag in entries):
        raise Refusal(f"a TIFF of more than {MAX_STRIPS:,} strips or tiles; save it as PNG or JPEG")
    if _TILE_WIDTH in entries or _TILE_HEIGHT in entries:
        width, height = value(_TILE_WIDTH, 0), value(_TILE_HEIGHT, 0)
        across, down = (math.ceil(value(side, 0) / max(tile, 1)) for side, tile in ((_WIDTH, width), (_HEIGHT, height)))
        if width * height > MAX_TILE_PIXELS or across * down * width * height > 4 * max_pixels:
            raise Refusal("a TIFF whose tiles are larger than the picture; save it as PNG or JPEG")
