"""Picture files brought down to their pixels before a decoder sees them.

Photographs carry colour profiles, thumbnails, notes and further frames, and decoders read them all, some again and
again: a small file can be made to cost minutes and gigabytes that way. Here a file is walked once, piece by piece; what
its pixels do not need is left out, and what would take a decoder out of all proportion is refused. The bytes of the
pixels themselves are passed on as they are: whether they are sound is for the decoder to say.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from llu_core.files import tiff
from llu_core.files.refusal import Refusal

MAX_PIECES = 100_000
"""Segments, chunks or blocks of one file; photographs have a few thousand at most."""
MAX_GIF_BLOCKS = 1_000_000
"""GIF packs pixels into blocks of 255 bytes."""
MAX_SCANS, MAX_SCANS_LARGE, LARGE_SCANS = 100, 24, 800_000_000
"""Passes over a JPEG: at most MAX_SCANS, and over MAX_SCANS_LARGE only if they come to fewer pixels than LARGE_SCANS.

The usual programs write 10 for colours and 18 for CMYK; every pass costs as much as one over a plain picture.
"""

_NOT_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_KNOWN_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive: all that browsers read
_JPEG_KEPT = frozenset((*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD, 0xE0, 0xEE))
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')
_XMP_HEADS = (b"http://ns.adobe.com/xap/1.0/\0", b"XML:com.adobe.xmp\0")
_CUT_OFF = "damaged or cut off"
_TOO_MANY_PIECES = "made of too many pieces; save it again"


@dataclass(frozen=True)
class Container:
    """data: a file of the same format that holds the picture alone; orientation: what its metadata said, 1 to 8."""

    data: bytes
    orientation: int = 1


def opened(data: bytes, max_pixels: int) -> Container:
    """The picture in a file of one of the known formats. Raises Refusal, with the reason, for what is out of bounds."""
    for magic, walk in _WALKS.items():
        if data.startswith(magic):
            return walk(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return Container(tiff.pixels_only(data, max_pixels))  # a TIFF turns itself when it is decoded


@dataclass
class _Metadata:
    """What tells the orientation, as far as it has been met; the EXIF data go before the XMP."""

    exif: bytes = b""
    xmp: bytes = b""

    def note(self, data: bytes) -> None:
        """The body of a JPEG's segment or a PNG's text, if it is EXIF or XMP; the first of each counts."""
        if data.startswith(b"Exif\0"):
            self.exif = self.exif or data
        elif data.startswith(_XMP_HEADS):
            self.xmp = self.xmp or data

    @property
    def orientation(self) -> int:
        told = tiff.orientation(self.exif) if self.exif else 1
        found = _XMP_ORIENTATION.search(self.xmp) if told == 1 else None
        return int(found[1]) if found else told


def _jpeg(data: bytes) -> Container:
    """Without application segments but those that tell the colours, and without what follows the picture."""
    head, about, pixels, scans, at, first = [data[:2]], _Metadata(), 0, 0, 2, 0
    for _ in range(MAX_PIECES):
        found = _NOT_IN_SCAN.search(data, at)
        if found is None or data[found.start() + 1] == _EOI:
            end = len(data) if found is None else found.end()
            return Container(b"".join([*head, data[first or end - 2 : end]]), about.orientation)
        start, marker = found.start(), data[found.start() + 1]
        at = found.end() if marker in (0x01, _SOI) else found.end() + _big(data, found.end())
        if marker in _FRAMES:
            pixels = max(pixels, _frame_pixels(marker, data[found.end() : at]))
        elif marker == _SOS:
            first, scans = first or start, scans + 1
            _check_scans(scans, pixels)
        elif marker == 0xE1:
            about.note(data[found.end() + 2 : at])
        if not first and marker in _JPEG_KEPT:
            head.append(data[start:at])
    raise Refusal(_TOO_MANY_PIECES)


def _big(data: bytes, at: int) -> int:
    """A segment's length, which counts its own two bytes."""
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2:
        raise Refusal(_CUT_OFF)
    return length


def _frame_pixels(marker: int, segment: bytes) -> int:
    if marker not in _KNOWN_FRAMES:
        raise Refusal("a JPEG of a rare kind (lossless, hierarchical or arithmetic); save it as PNG or JPEG")
    height, width = (int.from_bytes(segment[place : place + 2], "big") for place in (3, 5))
    return height * width


def _check_scans(scans: int, pixels: int) -> None:
    if scans > MAX_SCANS or (scans > MAX_SCANS_LARGE and scans * pixels > LARGE_SCANS):
        most = min(MAX_SCANS, max(MAX_SCANS_LARGE, LARGE_SCANS // max(pixels, 1)))
        raise Refusal(f"a JPEG of more than {most} scans; save it again, as a photo program does")


def _png(data: bytes) -> Container:
    """The header, colours, transparency and pixels."""
    kept, about, at = [data[:8]], _Metadata(), 8
    for _ in range(MAX_PIECES):
        head = data[at : at + 8]
        if len(head) < 8:
            return Container(b"".join([*kept, head]), about.orientation)
        kind, end = head[4:], at + 12 + int.from_bytes(head[:4], "big")
        if kind == b"eXIf":
            about.note(b"Exif\0\0" + data[at + 8 : end - 4])
        elif kind == b"iTXt":
            about.note(data[at + 8 : end - 4])
        if kind in _PNG_KEPT:
            kept.append(data[at:end])
        if kind == b"IEND":
            return Container(b"".join(kept), about.orientation)
        at = end
    raise Refusal(_TOO_MANY_PIECES)


def _gif(data: bytes) -> Container:
    """The first frame, with what tells its transparent colour."""
    at = 13 + _palette(data, 10)
    kept = [data[:at]]
    for _ in range(MAX_PIECES):
        kind, start = data[at : at + 1], at
        if kind == b"!":
            at = _after_blocks(data, at + 2)
            if data[start + 1 : start + 2] == b"\xf9":
                kept = [kept[0], data[start:at]]
        elif kind == b",":
            at = _after_blocks(data, at + 10 + _palette(data, at + 9) + 1)
            return Container(b"".join([*kept, data[start:at], b";"]))
        elif kind in (b"", b";"):
            return Container(b"".join([*kept, kind]))
        else:
            at += 1
    raise Refusal(_TOO_MANY_PIECES)


def _palette(data: bytes, at: int) -> int:
    """Bytes of the palette that the flags at this place announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    for _ in range(MAX_GIF_BLOCKS):
        if at >= len(data) or not data[at]:
            return at + 1
        at += 1 + data[at]
    raise Refusal(_TOO_MANY_PIECES)


def _webp(data: bytes) -> Container:
    """As it is, and what its metadata tell: its decoder leaves them alone."""
    about, at = _Metadata(), 12
    for _ in range(MAX_PIECES):
        head = data[at : at + 8]
        if len(head) < 8:
            return Container(data, about.orientation)
        size = struct.unpack("<L", head[4:])[0]
        if head[:4] == b"EXIF" and not about.exif:
            about.exif = data[at + 8 : at + 8 + size]
        elif head[:4] == b"XMP " and not about.xmp:
            about.xmp = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise Refusal(_TOO_MANY_PIECES)


def _bmp(data: bytes) -> Container:
    if int.from_bytes(data[14:18], "little") >= 40 and int.from_bytes(data[30:34], "little") in (1, 2):
        raise Refusal("a run-length BMP, which is slow to read; save it as PNG or JPEG")
    return Container(data)


_WALKS: dict[bytes, Callable[[bytes], Container]] = {
    b"\xff\xd8\xff": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"GIF87a": _gif,
    b"GIF89a": _gif,
    b"BM": _bmp,
}
