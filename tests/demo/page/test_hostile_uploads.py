"""Uploads that mean harm: one clear sentence each, before the work, and the visitor's session stays as it was."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.session import draft as drafts
from demo.session import edits, saving
from demo.session.session import Session
from demo.session.uploads import bundles
from demo.settings import Limits
from llu_core.errors import LluError
from llu_core.files.archives import open_archive
from llu_core.files.images import decode
from support.hostile import (
    deflated,
    entry,
    huge_png,
    local_file,
    overlapping_zip,
    png_chunk,
    png_with,
    tiny_png,
    zip_of,
    zip_with_directory,
)


def refused(session: Session, path: Path) -> str:
    """The one line with which the page refuses an upload."""
    with pytest.raises(LluError) as caught:
        edits.add_files(session, [path], "thing")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def outcome(do: Callable[[], Any]) -> tuple[Any, str]:
    """(what `do` gives, "") or (None, the one line with which it refuses)."""
    try:
        return do(), ""
    except LluError as error:
        return None, str(error)


def left_out(session: Session, path: Path) -> dict[str, str]:
    """The reasons with which members are left out of an upload that is taken otherwise."""
    return {one.name: one.reason for one in edits.add_files(session, [path]).draft.rejected}


def test_a_flat_bomb_is_refused_by_what_it_would_unpack_to(session: Session, tmp_path: Path):
    local, entries = b"", []
    for n in range(8):
        name, data = b"cat/%d.png" % n, bytes(1000)
        entries.append(entry(name, offset=len(local), packed=len(data), size=300 * 2**20, method=8))
        local += local_file(name, data, size=300 * 2**20)
    path = zip_with_directory(tmp_path / "bomb.zip", local, entries)
    assert "unpacks to 2.3 GB, over the limit of 2.0 GB" in refused(session, path)


def test_a_nested_bomb_is_not_opened(session: Session, tmp_path: Path):
    inner = zip_of(tmp_path / "inner.zip", {"cat/a.png": bytes(10 * 2**20)}).read_bytes()
    nested = zip_of(tmp_path / "outer.zip", {"cat/inner.zip": inner, "cat/a.png": tiny_png()})
    assert "not a JPEG" in left_out(session, nested)["cat/inner.zip"]


def test_files_that_overlap_are_a_bomb(session: Session, tmp_path: Path):
    assert "overlap" in refused(session, overlapping_zip(tmp_path / "overlap.zip"))


def test_a_member_that_lies_about_its_size_costs_only_itself(session: Session, tmp_path: Path):
    local = local_file(b"cat/a.png", deflated(bytes(50 * 2**20)), size=10)
    path = zip_with_directory(
        tmp_path / "liar.zip", local, [entry(b"cat/a.png", packed=len(local) - 39, size=10, method=8)]
    )
    assert "no readable training picture" in refused(session, path)


def test_millions_of_entries_are_counted_not_listed(session: Session, tmp_path: Path):
    entries = [entry(b"c/%d" % n) for n in range(1_200_000)]
    path = zip_with_directory(tmp_path / "many.zip", b"", entries, said=3)
    assert "holds more than 10,000 files" in refused(session, path)


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.png", "/etc/x.png", "cat/../../x.png", "C:\\x.png", "..\\x.png"])
def test_a_path_that_leads_outside_is_refused_and_nothing_is_written(session: Session, tmp_path: Path, name: str):
    path = zip_of(tmp_path / "slip.zip", {name: tiny_png()})
    assert "outside itself" in refused(session, path)
    assert [one.name for one in tmp_path.iterdir()] == ["slip.zip"]


def test_a_link_is_not_followed(session: Session, tmp_path: Path):
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("cat/a.png", tiny_png())
    assert "a link, which is not followed" in left_out(session, tmp_path / "link.zip")["cat/link.png"]


def test_an_encrypted_zip_and_a_rare_packing_are_told(session: Session, tmp_path: Path):
    path = zip_of(tmp_path / "locked.zip", {"cat/a.png": tiny_png()})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refused(session, path)
    rare = zip_of(tmp_path / "rare.zip", {"cat/a.png": tiny_png()}, compress_type=zipfile.ZIP_LZMA)
    assert "packed in a rare way" in refused(session, rare)


@pytest.mark.parametrize("name", ["a/" * 40 + "x.png", "cat/" + "x" * 2000 + ".png"])
def test_names_too_long_or_too_deep_are_refused(session: Session, tmp_path: Path, name: str):
    assert "too long or too deep" in refused(session, zip_of(tmp_path / "deep.zip", {name: tiny_png()}))


@pytest.mark.parametrize(
    "name", [b"\xff\xfe/\xe9.png", b"\x82\xa0/a.png", b"caf\xc3\xa9/\x00x.png", b"cat\n/a\x1b[2J.png"]
)
def test_names_in_odd_encodings_are_read_as_printable_text(session: Session, tmp_path: Path, name: bytes):
    local = local_file(name, tiny_png(), size=len(tiny_png()), method=0)
    entries = [entry(name, packed=len(tiny_png()), size=len(tiny_png()))]
    path = zip_with_directory(tmp_path / "odd.zip", local, entries)
    with zipfile.ZipFile(path) as archive:  # the reader wants a true checksum
        crc = struct.pack("<L", zlib.crc32(tiny_png()))
        offset = archive.start_dir + 16
    data = bytearray(path.read_bytes())
    data[offset : offset + 4] = crc
    path.write_bytes(data)
    added, message = outcome(lambda: edits.add_files(session, [path]))
    assert message.isprintable()
    assert all(text.isprintable() for text in (added.draft.class_names if added else ()))


def test_pictures_are_counted_before_they_are_decoded(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(edits, "decode", pytest.fail)
    few = replace(session, limits=Limits(pictures=2))
    path = zip_of(tmp_path / "many.zip", {f"cat/{n}.png": tiny_png() for n in range(3)})
    monkeypatch.setattr("llu_core.files.listing.decode", pytest.fail)
    assert "these are 3 pictures; the page takes 2" in refused(few, path)
    (tmp_path / "a.png").write_bytes(tiny_png())
    with pytest.raises(LluError, match="these are 3 pictures"):
        edits.add_files(few, [tmp_path / "a.png"] * 3, "cat")


def test_pixels_are_bounded_one_by_one_and_together(session: Session, tmp_path: Path):
    few = replace(session, limits=Limits(picture_megapixels=1, upload_megapixels=2))
    path = zip_of(tmp_path / "large.zip", {"cat/a.png": huge_png(1004), "cat/b.png": tiny_png()})
    assert "1004 x 1004 pixels, over the limit of 1 million" in left_out(few, path)["cat/a.png"]
    path = zip_of(tmp_path / "all.zip", {f"cat/{n}.png": huge_png(992) for n in range(3)})
    assert "more than 2 megapixels together" in refused(few, path)


def test_a_visitor_keeps_no_more_than_a_share_of_the_memory(session: Session, tmp_path: Path):
    noise = io.BytesIO()
    Image.effect_noise((900, 900), 90).convert("RGB").save(noise, "JPEG")
    small = replace(session, limits=Limits(visitor_mb=1))
    path = zip_of(tmp_path / "heavy.zip", {f"cat/{n}.jpg": noise.getvalue() for n in range(12)})
    assert "keeps 1 MB for one visitor" in refused(small, path)


def test_undo_gives_way_before_pictures_are_refused(session: Session, tmp_path: Path):
    noise = io.BytesIO()
    Image.effect_noise((900, 900), 90).convert("RGB").save(noise, "JPEG")
    path = zip_of(tmp_path / "heavy.zip", {f"cat/{n}.jpg": noise.getvalue() for n in range(2)})
    grown = replace(session, limits=Limits(visitor_mb=1))
    for _ in range(4):
        grown = edits.edit(edits.add_files(grown, [path]), "delete", drafts.delete_class, "cat")
    assert len(grown.history) < 8
    assert grown.stored_bytes <= 2**20


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
        ("drawing.png", b'\xef\xbb\xbf<?xml version="1.0"?><svg/>', "SVG"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        ("page.jpg", b"<!DOCTYPE html><script>alert(1)</script>", "web page"),
        ("program.png", b"MZ\x90\0" + bytes(100), "not a JPEG"),
    ],
)
def test_what_is_no_photograph_is_refused_by_its_kind(session: Session, tmp_path: Path, name: str, data, says: str):
    (tmp_path / name).write_bytes(data)
    message = refused(session, tmp_path / name)
    assert name in message
    assert says in message


def test_a_picture_that_lies_about_its_type_is_read_as_what_it_is(session: Session, tmp_path: Path):
    (tmp_path / "really-a.jpg").write_bytes(tiny_png())
    assert len(edits.add_files(session, [tmp_path / "really-a.jpg"], "cat").draft.train) == 1


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20 * 2**20))),
        png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(20 * 2**20))),
        png_chunk(b"eXIf", b"MM\0*" + b"\xff" * 5_000_000),
        png_chunk(b"tEXt", b"Comment\0" + b"x" * 20_000_000),
    ],
    ids=["packed text", "packed profile", "EXIF", "text"],
)
def test_huge_metadata_is_dropped_or_refused(session: Session, tmp_path: Path, chunk):
    (tmp_path / "a.png").write_bytes(png_with(chunk))
    added, message = outcome(lambda: edits.add_files(session, [tmp_path / "a.png"], "cat"))
    assert "a.png" in message or added.stored_bytes < 10_000


def test_of_a_long_animation_one_frame_is_decoded():
    file, frame = io.BytesIO(), Image.new("RGB", (400, 400), "red")
    frame.save(file, "GIF", save_all=True, append_images=[Image.new("RGB", (400, 400), "blue")] * 300)
    assert decode(file.getvalue()).getpixel((0, 0)) == (255, 0, 0)


def bundle(**changes: Any) -> dict[str, Any]:
    rows = np.eye(4, 6, dtype=np.float32)
    sound = {
        "train_features": rows, "train_labels": np.arange(4), "test_features": rows, "test_labels": np.arange(4),
        "text_features": rows, "class_names": np.array(list("abcd")),
    }  # fmt: skip
    return sound | changes


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"class_names": np.array([{}, [], 1, "d"], dtype=object)}, "Python objects"),
        ({"train_features": np.array([[object()]])}, "Python objects"),
        ({"train_labels": np.zeros(4, dtype=[("x" * 20000, "i4")])}, "train_labels"),
        ({"logit_scale": np.float64(1e300)}, "at most 10000"),
        ({"class_names": np.array(["x" * 10_000, "b", "c", "d"])}, "10,000 characters"),
    ],
    ids=["pickle", "objects", "huge header", "scale", "long name"],
)
def test_a_bundle_that_means_harm_is_refused(session: Session, tmp_path: Path, changes, says: str):
    np.savez(tmp_path / "b.npz", **bundle(**changes))
    assert says in refused(session, tmp_path / "b.npz")


def test_a_bundle_bomb_is_refused_unread(session: Session, tmp_path: Path):
    small = replace(session, limits=Limits(unpacked_mb=1))
    np.savez_compressed(tmp_path / "b.npz", **bundle(train_thumbnails=np.zeros((4, 300, 300, 3), dtype=np.uint8)))
    assert "over the limit of 1 MB" in refused(small, tmp_path / "b.npz")
    np.savez_compressed(tmp_path / "b.npz", **bundle(test_features=np.ones((4, 100_000), dtype=np.int8)))
    assert "too large as float32" in refused(small, tmp_path / "b.npz")


def test_a_header_that_promises_more_than_there_is_is_refused(session: Session, tmp_path: Path):
    np.savez(tmp_path / "b.npz", **bundle())
    with zipfile.ZipFile(tmp_path / "b.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    promise = members["train_features.npy"].replace(b"(4, 6)", b"(4, 9999999999)")
    members["train_features.npy"] = promise[:8] + struct.pack("<H", len(promise) - 106) + promise[10:]
    assert "damaged" in refused(session, zip_of(tmp_path / "b.npz", members))


def test_thumbnails_of_any_size_are_brought_to_one_size(session: Session, tmp_path: Path):
    parts = {
        "train_thumbnails": np.zeros((4, 700, 700, 3), np.uint8),
        "test_thumbnails": np.zeros((4, 3, 3, 3), np.uint8),
    }
    np.savez_compressed(tmp_path / "b.npz", **bundle(**parts))
    features = edits.add_files(session, [tmp_path / "b.npz"]).features
    assert features is not None
    assert features.train.thumbnails is not None
    assert features.test.thumbnails is not None
    assert features.train.thumbnails.shape[1] == features.test.thumbnails.shape[1] == bundles.THUMBNAIL


@pytest.fixture
def adapter_members(trained: Session, tmp_path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(saving.save_adapter(trained, tmp_path)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda members: {"config.json": members["config.json"]}, "not a saved adapter"),
        (lambda members: members | {"adapter.safetensors": bytes(3 * 2**20)}, "over the limit of 2 MB"),
        (lambda members: members | {f"{n}": b"" for n in range(60)}, "more than 50 files"),
        (lambda members: members | {"adapter.safetensors": b"\xff" * 64}, "truncated or not a safetensors file"),
        (lambda members: members | {"adapter.safetensors": struct.pack("<Q", 2**40)}, "truncated or not"),
        (lambda members: members | {"config.json": b"[" * 200_000}, "cannot be read as JSON"),
        (lambda members: members | {"config.json": members["config.json"].replace(b"16,", b"17,", 1)}, "adapter"),
    ],
)
def test_a_crafted_adapter_is_refused(
    trained: Session, adapter_members: dict[str, bytes], tmp_path: Path, change, says: str
):
    path = zip_of(tmp_path / "crafted.zip", change(adapter_members))
    with pytest.raises(LluError, match=says) as caught:
        saving.open_adapter(replace(trained, limits=Limits(unpacked_mb=2)), path)
    assert "\n" not in str(caught.value)


def test_an_encrypted_adapter_is_refused(trained: Session, adapter_members: dict[str, bytes], tmp_path: Path):
    path = zip_of(tmp_path / "locked.zip", adapter_members)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0\x01"))
    with pytest.raises(LluError, match="encrypted"):
        saving.open_adapter(trained, path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=30).filter(lambda name: not name.startswith("\0")),
        st.binary(max_size=40),
        min_size=1,
        max_size=6,
    )
)
def test_any_names_and_contents_in_a_zip_give_a_set_or_a_sentence(session: Session, tmp_path: Path, members):
    """Property: whatever a zip is filled with, the page answers with a set or with one printable line."""
    path = zip_of(
        tmp_path / "any.zip", {name.encode(errors="replace").decode(): data for name, data in members.items()}
    )
    added, message = outcome(lambda: edits.add_files(session, [path]))
    assert "\n" not in message
    assert message or added.draft.train


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"]))
def test_any_bytes_are_no_archive_or_one_within_the_limits(tmp_path: Path, data, start):
    (tmp_path / "any.zip").write_bytes(start + data)
    archive, message = outcome(lambda: open_archive(tmp_path / "any.zip", max_members=3))
    assert "any.zip" in message or len(archive.infolist()) <= 3
    if archive:
        archive.close()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0"]))
def test_any_bytes_that_begin_like_a_picture_are_one_or_a_reason(data, start):
    image, message = outcome(lambda: decode(start + data, "a.png"))
    assert message.startswith("a.png: ") or image.mode == "RGB"
