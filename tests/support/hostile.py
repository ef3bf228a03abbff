"""Files that mean harm, made here so that none need be stored."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

from PIL import Image

_ENTRY, _END = b"PK\x01\x02", b"PK\x05\x06"


def tiny_png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def zip_of(path: Path, members: dict[str, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data, **options)
    return path


def zip_with_directory(path: Path, local: bytes, entries: list[bytes], *, said: int | None = None) -> Path:
    """A zip with just these directory entries; `said` is how many it claims to have."""
    directory, count = b"".join(entries), len(entries) if said is None else said
    end = struct.pack("<4s4H2LH", _END, 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), len(local), 0)
    path.write_bytes(local + directory + end)
    return path


def entry(name: bytes, *, offset: int = 0, packed: int = 0, size: int = 0, method: int = 0, mode: int = 0) -> bytes:
    """One entry of a zip's directory."""
    head = struct.pack(
        "<4s6H3L5H2L", _ENTRY, 20, 20, 0, method, 0, 0x21, 0, packed, size, len(name), 0, 0, 0, 0, mode << 16, offset
    )
    return head + name


def local_file(name: bytes, data: bytes, *, size: int, method: int = 8) -> bytes:
    """A member's local header and data."""
    header = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, method, 0, 0x21, 0, len(data), size, len(name), 0)
    return header + name + data


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def overlapping_zip(path: Path, copies: int = 200) -> Path:
    """Many names for one and the same packed megabyte."""
    data = deflated(bytes(2**20))
    local = local_file(b"cat/0.png", data, size=2**20)
    entries = [entry(f"cat/{n}.png".encode(), packed=len(data), size=2**20, method=8) for n in range(copies)]
    return zip_with_directory(path, local, entries)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png_with(chunk: bytes) -> bytes:
    """A sound PNG with one more chunk after its header."""
    png = tiny_png()
    return png[:33] + chunk + png[33:]


def huge_png(side: int) -> bytes:
    """A sound, nearly empty grey PNG of that many pixels each way, in a few kilobytes."""
    header = struct.pack(">2L5B", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks
