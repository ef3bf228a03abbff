"""Picture files of every kind become upright RGB images, or an error that says why not."""

import contextlib
import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from llu_core.errors import LluError
from llu_core.files import images, listing
from llu_core.files.images import SUFFIXES, UnreadablePicture, decode
from llu_core.files.listing import list_folder, list_zip


def encoded(image: Image.Image, format: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def halves(width: int = 16, height: int = 8) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_is_read(format: str):
    image = decode(encoded(halves(), format))
    assert (image.mode, image.size) == ("RGB", (16, 8))
    assert np.abs(pixels(image)[4, 2] - [255, 0, 0]).max() < 40
    assert np.abs(pixels(image)[4, 13] - [0, 0, 255]).max() < 40


def test_a_path_is_read_like_its_bytes(tmp_path: Path):
    path = tmp_path / "a.png"
    halves().save(path)
    assert decode(path).tobytes() == decode(path.read_bytes()).tobytes()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(format: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(halves(), format, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image.copy() if format != "TIFF" else image).convert("RGB")
    assert decode(data).tobytes() == expected.tobytes()
    assert decode(data).size == ((8, 16) if orientation >= 5 else (16, 8))


def test_damaged_exif_does_not_cost_the_picture():
    data = encoded(halves(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode(data).size == (16, 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(mode: str):
    image = Image.new(mode, (4, 4))
    assert (pixels(decode(encoded(image, "PNG"))) == 255).all()


def test_a_transparent_palette_colour_is_white_and_the_others_stay():
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.putpixel((0, 0), 0)
    out = pixels(decode(encoded(image, "PNG", transparency=0)))
    assert out[0, 0].tolist() == [255, 255, 255]
    assert out[3, 3].tolist() == [10, 200, 30]


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "P"])
def test_white_stays_white_in_every_mode(mode: str):
    image = Image.new("RGB", (4, 4), "white").convert(mode)
    assert (pixels(decode(encoded(image, "TIFF"))) == 255).all()


def test_cmyk_photographs_keep_their_colours():
    image = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert np.abs(pixels(image)[0, 0] - [255, 0, 0]).max() < 20


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight(format: str):
    levels = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    image = decode(encoded(Image.fromarray(levels), format))
    assert pixels(image)[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], dtype=np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 255.0]], dtype=np.float32), [0, 100, 255]),
        (np.array([[0.0, 257.0, 65535.0]], dtype=np.float32), [0, 1, 255]),
        (np.array([[-2.0, 0.0, 2.0]], dtype=np.float32), [0, 128, 255]),
        (np.array([[np.nan, np.inf, 1.0]], dtype=np.float32), [0, 0, 255]),
        (np.full((1, 3), -5.0, dtype=np.float32), [0, 0, 0]),
        (np.array([[0, 100, 255]], dtype=np.int32), [0, 100, 255]),
        (np.array([[0, 25700, 65535]], dtype=np.int32), [0, 100, 255]),
        (np.array([[0, 500_000, 1_000_000]], dtype=np.int32), [0, 128, 255]),
    ],
)
def test_wide_numbers_are_scaled_by_their_range(values: np.ndarray, expected: list[int]):
    assert pixels(decode(encoded(Image.fromarray(values), "TIFF")))[0, :, 0].tolist() == expected


def test_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert pixels(decode(data))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"hello", "not a JPEG"),
        (b"%PDF-1.7", "not a JPEG"),
        (b"\0\0\0\x18ftypheic....", "HEIC"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_what_is_no_picture_says_so(data: bytes, reason: str):
    with pytest.raises(UnreadablePicture, match=f"^cat.png: .*{reason}") as caught:
        decode(data, "cat.png")
    assert caught.value.name == "cat.png"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_cut_off_file_is_refused(format: str):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = encoded(noise, format)
    with pytest.raises(UnreadablePicture, match="damaged"):
        decode(data[: len(data) // 2])


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(UnreadablePicture, match=r"no.png: cannot be read"):
        decode(tmp_path / "no.png")


@pytest.mark.parametrize("side", [10_500, 60_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(side: int):
    data = bytearray(encoded(Image.new("1", (8, 8)), "BMP"))
    data[18:26] = struct.pack("<ii", side, side)
    with pytest.raises(UnreadablePicture, match="over the limit of 100 million pixels"):
        decode(bytes(data))


def test_a_file_over_the_size_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 2**20)
    with pytest.raises(UnreadablePicture, match="2 MB, over the limit of 1 MB"):
        decode(bytes(2 * 2**20))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF"]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_bytes_give_a_picture_or_a_reason(format: str, damage: list[tuple[int, int]]):
    data = bytearray(encoded(halves(), format))
    for position, value in damage:
        data[position % len(data)] = value
    with contextlib.suppress(UnreadablePicture):
        assert decode(bytes(data)).mode == "RGB"


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_folder_and_zip_list_the_same_files(tmp_path: Path):
    (tmp_path / "root/cat/.hidden").mkdir(parents=True)
    (tmp_path / "root/new/dog").mkdir(parents=True)
    for name in ("cat/a.txt", "cat/Thumbs.db", "cat/.DS_Store", "cat/.hidden/b"):
        (tmp_path / "root" / name).write_bytes(b"12345")
    members = {"cat/a.txt": b"12345", "cat/Thumbs.db": b"", "__MACOSX/cat/._a.txt": b"", "new/dog/": b""}
    for files in (list_folder(tmp_path / "root"), list_zip(make_zip(tmp_path / "root.zip", members))):
        assert files.name == "root"
        assert files.sizes == {"cat/a.txt": 5}
        assert files.folders == {"cat", "new", "new/dog"}
        assert files.read("cat/a.txt", 2) == b"12"
        assert files.read("cat/a.txt", -1) == b"12345"
        assert files.listing.text("cat/a.txt") == "12345"


@pytest.mark.parametrize("name", ["../a.png", "cat/../../a.png", "/etc/a.png", "C:/a.png", "..\\a.png", "\\a.png"])
def test_a_zip_that_points_outside_itself_is_refused(tmp_path: Path, name: str):
    with pytest.raises(LluError, match="outside itself"):
        list_zip(make_zip(tmp_path / "slip.zip", {name: b"x"}))


def test_what_is_no_zip_is_refused(tmp_path: Path):
    (tmp_path / "a.zip").write_text("not a zip")
    with pytest.raises(LluError, match=r"a\.zip is not a zip file"):
        list_zip(tmp_path / "a.zip")


def test_an_encrypted_zip_is_refused(tmp_path: Path):
    path = make_zip(tmp_path / "a.zip", {"cat/a.png": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(LluError, match="encrypted"):
        list_zip(path)


@pytest.mark.parametrize(("limit", "says"), [("max_files", "more than 2 files"), ("max_bytes", "unpacks to")])
def test_a_zip_over_the_limits_is_refused(tmp_path: Path, limit: str, says: str):
    with pytest.raises(LluError, match=says):
        list_zip(make_zip(tmp_path / "big.zip", {f"cat/{n}.png": b"x" for n in range(3)}), **{limit: 2})


def test_a_folder_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "MAX_FOLDER_FILES", 2)
    for n in range(3):
        (tmp_path / f"{n}.png").touch()
    with pytest.raises(LluError, match="more than 2 files"):
        list_folder(tmp_path)


def test_zip_names_from_macos_and_windows_are_understood(tmp_path: Path):
    mac = make_zip(tmp_path / "mac.zip", {"löwe/ä.png": b"x"})
    data = mac.read_bytes()
    for header, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):  # UTF-8 without the flag that says so
        offset = data.index(header) + flags
        data = data[:offset] + bytes([data[offset] & ~0x08]) + data[offset + 1 :]
    mac.write_bytes(data)
    assert list(list_zip(mac).sizes) == ["löwe/ä.png"]
    assert list(list_zip(make_zip(tmp_path / "win.zip", {"red cat\\a.png": b"x"})).sizes) == ["red cat/a.png"]


def test_a_damaged_member_costs_only_itself(tmp_path: Path):
    path = make_zip(tmp_path / "a.zip", {"cat/a.png": b"AAAA", "cat/b.png": b"BBBB"})
    path.write_bytes(path.read_bytes().replace(b"AAAA", b"AAAC"))
    files = list_zip(path)
    assert files.read("cat/b.png", -1) == b"BBBB"
    with pytest.raises(UnreadablePicture, match=r"cat/a\.png: damaged inside the zip"):
        files.decode("cat/a.png")


def test_a_link_to_its_own_parent_and_a_pipe_do_no_harm(tmp_path: Path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat/loop").symlink_to(tmp_path)
    (tmp_path / "cat/gone.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "cat/pipe.png")
    files = list_folder(tmp_path)
    for name in ("cat/pipe.png", "cat/gone.png"):
        assert files.listing.verdicts[name] == "not a file that can be read"


def test_every_ending_that_pillow_knows_for_these_formats_is_offered():
    Image.init()
    known = {suffix for suffix, format in Image.registered_extensions().items() if format in images.FORMATS}
    assert set(SUFFIXES) == known
