"""Pictures of 10, 12, 14 and 16 bits in files of 16: each as bright as it was taken."""

import struct
import zlib

import numpy as np
import pytest

from llu_core.files.images import decode

KINDS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> a PNG's number for them


def png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a colour, which Pillow reads and does not write; values: (h, w, channels)."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, KINDS[channels], 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff(values: np.ndarray, order: str, packed: bool) -> bytes:
    """A TIFF of 16 bits a colour in one strip."""
    height, width, channels = values.shape
    data = values.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if packed else data
    tags = [(256, width), (257, height), (258, 0), (259, 8 if packed else 1), (262, 2), (273, 0), (277, channels)]
    tags += [(278, height), (279, len(data))] + [(338, 2)] * (channels == 4)
    bits_at = 8 + 2 + 12 * len(tags) + 4
    places = {258: bits_at, 273: bits_at + 2 * channels}
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, 3, channels, places[tag])
        if tag == 258
        else struct.pack(f"{order}HHII", tag, 4, 1, places.get(tag, value))
        for tag, value in tags
    )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + entries + bytes(4) + struct.pack(f"{order}{channels}H", *[16] * channels) + data


def ramp(top: int, channels: int) -> np.ndarray:
    colours = np.linspace(0, top, 60).round().astype(np.uint16).reshape(4, 5, 3)
    opaque = np.full((4, 5, 1), top, np.uint16)
    return {1: colours[..., :1], 2: np.concatenate([colours[..., :1], opaque], 2), 3: colours}.get(
        channels, np.concatenate([colours, opaque], 2)
    )


def expected(values: np.ndarray, top: int) -> np.ndarray:
    colours = values[..., :3] if values.shape[2] > 2 else values[..., :1].repeat(3, 2)
    return colours / top * 255


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_fewer_bits_in_a_png_of_sixteen_are_as_bright_as_they_were(bits: int, channels: int):
    top = 2**bits - 1
    values = ramp(top, channels)
    assert np.abs(np.asarray(decode(png(values))) - expected(values, top)).max() <= 1


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_grey_with_opacity_is_not_nearly_black(bits: int):
    values = ramp(2**bits - 1, 2)
    assert np.asarray(decode(png(values))).max() > 200


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("channels", [3, 4])
def test_twelve_bits_in_a_tiff_of_sixteen(channels: int, order: str, packed: bool):
    values = ramp(4095, channels)
    assert np.abs(np.asarray(decode(tiff(values, order, packed))) - expected(values, 4095)).max() <= 1


def test_an_opacity_of_sixteen_bits_stays():
    values = ramp(4095, 4)
    values[..., 3] = 65535
    assert np.abs(np.asarray(decode(png(values))) - expected(values, 4095)).max() <= 1


def test_a_black_picture_stays_black():
    assert not np.asarray(decode(png(np.zeros((4, 5, 3), np.uint16)))).any()
    assert not np.asarray(decode(png(np.zeros((4, 5, 1), np.uint16)))).any()


def test_what_was_stored_is_kept_where_that_is_asked():
    values = ramp(4095, 3)
    assert np.asarray(decode(png(values), as_stored=True)).max() == 15
