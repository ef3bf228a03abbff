"""Small files that would take a decoder long or much memory: refused, or read for their pixels alone."""

import io
import struct
import threading
import time
import tracemalloc
import warnings

import numpy as np
import pytest
from PIL import Image

from llu_core.files import containers, images, tiff
from llu_core.files.decoding import PixelMemory, Silence
from llu_core.files.images import UnreadablePicture, decode
from support.hostile import png_chunk, png_with, tiny_png


def encoded(image: Image.Image, format: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def refusal(data: bytes) -> str:
    """The reason with which a picture is refused, at once and in little memory."""
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadablePicture) as caught:
            decode(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 2
    assert peak < 4 * len(data) + 10 * 2**20
    return caught.value.reason


def jpeg_of_scans(scans: int, side: int = 64, **options) -> bytes:
    """A progressive JPEG that goes over its pixels so many times."""
    data = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True, **options)
    starts = [place for place in range(len(data)) if data.startswith(b"\xff\xda", place)]
    return data[:-2] + data[starts[-1] : -2] * (scans - len(starts)) + b"\xff\xd9"


def test_scans_are_counted_before_they_are_decoded():
    assert decode(jpeg_of_scans(100)).size == (64, 64)
    assert "more than 100 scans" in refusal(jpeg_of_scans(101))
    assert "more than 24 scans" in refusal(jpeg_of_scans(2_000, side=5_800))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_progressive_photographs_as_programs_write_them_are_read(mode: str):
    data = encoded(Image.new(mode, (5_800, 5_500)), "JPEG", progressive=True)
    assert decode(data).size == (5_800, 5_500)


def test_scans_in_a_thumbnail_and_behind_the_picture_do_not_count():
    thumbnail = b"Exif\0\0" + b"\xff\xda\0\x02" * 1_000
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    data = encoded(Image.new("RGB", (8, 8)), "JPEG")
    assert decode(data[:2] + segment + data[2:] + b"\xff\xda" * 1_000).size == (8, 8)


@pytest.mark.parametrize("frame", [0xC3, 0xC9, 0xCA])
def test_a_jpeg_of_a_rare_kind_is_refused(frame: int):
    data = encoded(Image.new("RGB", (8, 8)), "JPEG")
    assert "rare kind" in refusal(data.replace(b"\xff\xc0", bytes((0xFF, frame))))


@pytest.mark.parametrize("packing", [1, 2])
def test_a_run_length_bmp_is_refused(packing: int):
    data = bytearray(encoded(Image.new("P", (8, 8)), "BMP"))
    data[30:34] = struct.pack("<L", packing)
    assert "run-length" in refusal(bytes(data))


def directory(entries: int, size: int, whole: int) -> bytes:
    """A TIFF directory whose entries all claim the same `size` bytes at the end of `whole` bytes."""
    each = b"".join(struct.pack("<HHLL", 0x9000 + n, 7, size, whole - size) for n in range(entries))
    data = b"II*\0" + struct.pack("<LH", 8, entries) + each + bytes(4)
    return data + bytes(whole - len(data))


def test_metadata_that_overlap_are_not_read():
    exif = directory(100, 1_000_000, 2_000_000)
    tracemalloc.start()
    try:
        assert decode(png_with(png_chunk(b"eXIf", exif))).size == (8, 8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20


def with_entries(data: bytes, entries: bytes, pad: int = 0) -> bytes:
    """A classic little-endian TIFF whose directory, moved to the end, has these entries too."""
    place = struct.unpack_from("<L", data, 4)[0]
    count = struct.unpack_from("<H", data, place)[0]
    old = data[place + 2 : place + 2 + 12 * count]
    rows = sorted((old + entries)[at : at + 12] for at in range(0, len(old + entries), 12))
    moved = data[:4] + struct.pack("<L", len(data)) + data[8:]
    return moved + struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4) + bytes(pad)


def test_a_tiff_that_claims_more_than_it_has_is_refused():
    entries = b"".join(struct.pack("<HHLL", 0x9000 + n, 7, 1_000_000, 8) for n in range(300))
    data = with_entries(encoded(Image.new("RGB", (8, 8)), "TIFF"), entries, pad=2_000_000)
    assert "claim more than the file holds" in refusal(data)


def test_what_a_tiff_carries_besides_its_pixels_is_not_read():
    plain = encoded(Image.effect_noise((40, 30), 90).convert("RGB"), "TIFF")
    noted = with_entries(plain, struct.pack("<HHLL", 0x8769, 4, 1, 2**31))  # an EXIF directory that is not there
    assert decode(noted).tobytes() == decode(plain).tobytes()


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "raw", "group4"])
@pytest.mark.parametrize("big", [False, True])
def test_the_usual_tiffs_are_read(compression: str, big: bool):
    image = Image.effect_noise((300, 200), 90).convert("1" if compression == "group4" else "RGB")
    data = encoded(image, "TIFF", compression=compression, big_tiff=big)
    with Image.open(io.BytesIO(data)) as stored:
        assert decode(data).tobytes() == stored.convert("RGB").tobytes()


def test_rare_packings_and_tiles_without_measure_are_refused(monkeypatch):
    plain = encoded(Image.new("RGB", (40, 30)), "TIFF")
    packing = plain.replace(struct.pack("<HHLL", 259, 3, 1, 1), struct.pack("<HHLL", 259, 3, 1, 50_000))
    assert "packed in a rare way (number 50000)" in refusal(packing)
    tiles = struct.pack("<HHLLHHLL", 322, 4, 1, 1_000_000, 323, 4, 1, 1_000_000)
    assert "larger than the picture" in refusal(with_entries(plain, tiles))
    monkeypatch.setattr(tiff, "MAX_STRIPS", 0)
    assert "strips or tiles" in refusal(plain)


def gif_with(block: bytes) -> bytes:
    data = encoded(Image.new("P", (8, 8)), "GIF")
    start = 13 + (3 << ((data[10] & 7) + 1))
    return data[:start] + block + data[start:]


def test_the_comments_of_a_gif_are_skipped():
    start = time.process_time()
    assert decode(gif_with(b"!\xfe" + (b"\xff" + b"a" * 255) * 40_000 + b"\0")).size == (8, 8)
    assert time.process_time() - start < 1
    assert "too many pieces" in refusal(gif_with(b"!\xfe\0" * 200_000))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_only_the_first_frame_is_read(format: str):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert np.abs(np.asarray(decode(data)).astype(int)[8, 8] - [255, 0, 0]).max() < 30


def test_a_png_of_endless_chunks_is_refused():
    assert "too many pieces" in refusal(png_with(png_chunk(b"teXt", b"") * 150_000))


def test_a_slow_picture_keeps_nobody_waiting(monkeypatch):
    slow, go_on = threading.Event(), threading.Event()
    read = images.opened

    def opened(data: bytes, most: int) -> containers.Container:
        if threading.current_thread() is not threading.main_thread():
            slow.set()
            assert go_on.wait(30)
        return read(data, most)

    monkeypatch.setattr(images, "opened", opened)
    thread = threading.Thread(target=decode, args=(tiny_png(),))
    thread.start()
    try:
        assert slow.wait(30)
        assert decode(tiny_png()).size == (8, 8)
    finally:
        go_on.set()
        thread.join()


def test_large_pictures_share_a_bound_and_small_ones_pass():
    memory, order = PixelMemory(most=100, small=10), []
    with memory.taken(60):
        waiting = threading.Thread(target=lambda: _note(memory, 50, order))
        waiting.start()
        _note(memory, 10, order)
        _note(memory, 40, order)
        assert order == [10, 40]
    waiting.join(30)
    assert order == [10, 40, 50]
    _note(memory, 1_000, order)  # more than all there is: alone, but not for ever


def _note(memory: PixelMemory, pixels: int, order: list[int]) -> None:
    with memory.taken(pixels):
        order.append(pixels)


def test_the_last_who_leaves_brings_the_warnings_back():
    silence, before = Silence(), list(warnings.filters)
    with silence.kept():
        with silence.kept():
            warnings.warn("not heard", stacklevel=1)
        warnings.warn("not heard", stacklevel=1)
    assert list(warnings.filters) == before
