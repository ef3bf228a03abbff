"""Names in the encodings of other systems: of a zip's members, and lists of names in text files."""

import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from llu_core.data.coop.split_files import read_class_names, read_split_file
from llu_core.data.folders.source import image_source
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import list_folder, list_zip
from llu_core.files.names import NOT_TEXT, code_page, text_of
from llu_core.files.refusal import Refusal
from support.sample_pictures import picture_bytes

PNG_BYTES = picture_bytes(0)

NAMES = {
    "gbk": ("猫/图片1.png", "狗/图片2.png", "红色 圆形/新建.png", "panda熊猫/（一）.png"),
    "cp932": ("猫/写真1.png", "犬/表示ソ.png", "テスト/ネコ.png", "りんご/新しい.png"),
    "cp437": ("löwe/ä.png", "café/naïve.png", "niño/Äpfel.png", "große Straße/5°.png"),
    "cp850": ("maçã/pão.png", "ação/Água.png"),
    "cp866": ("кошка/Снимок.png", "синий круг/1.png"),
    "big5": ("貓咪/圖片.png", "紅色/狗.png"),
    "euc_kr": ("고양이/사진.png", "강아지/그림.png"),
    "utf-8": ("löwe/ä.png", "猫/图片.png", "кошка/고양이.png", "cafe\u0301/Čeština.png"),
}


def zip_of(path: Path, names: Iterable[bytes], extra: bytes = b"") -> Path:
    """A zip whose names are these bytes, unmarked, as programs of Windows write them."""
    plain = [f"{number:03}".ljust(len(name), "x") for number, name in enumerate(names)]
    with zipfile.ZipFile(path, "w") as archive:
        for name in plain:
            member = zipfile.ZipInfo(name)
            member.extra = extra
            archive.writestr(member, PNG_BYTES)
    data = path.read_bytes()
    for stand_in, name in zip(plain, names, strict=True):
        data = data.replace(stand_in.encode(), name)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("page", NAMES)
def test_unmarked_names_are_read_in_their_code_page(page: str, tmp_path: Path):
    listed = list_zip(zip_of(tmp_path / "a.zip", [name.encode(page) for name in NAMES[page]]))
    assert sorted(listed.sizes) == sorted(NAMES[page])
    assert all(listed.read(name, -1) == PNG_BYTES for name in NAMES[page])


@pytest.mark.parametrize(
    ("name", "page"),
    [("猫/0.png", "gbk"), ("熊猫", "gbk"), ("图片", "gbk"), ("テスト", "cp932"), ("犬", "cp932"), ("Füchse", "cp437")],
)
def test_even_a_single_name_tells(name: str, page: str):
    assert name.encode(page).decode(code_page([name.encode(page)])) == name


def test_a_unicode_path_beside_the_name_goes_before_it(tmp_path: Path):
    bare, full = b"k?tze.png", "kätze.png".encode()
    field = struct.pack("<BL", 1, zlib.crc32(bare)) + full
    extra = struct.pack("<HH", 0x9999, 2) + b"ab" + struct.pack("<HH", 0x7075, len(field)) + field
    assert list(list_zip(zip_of(tmp_path / "a.zip", [bare], extra)).sizes) == ["kätze.png"]
    assert list(list_zip(zip_of(tmp_path / "b.zip", [b"renamed.png"], extra)).sizes) == ["renamed.png"]


def test_a_backslash_within_a_japanese_letter_parts_nothing(tmp_path: Path):
    assert b"\\" in "表示".encode("cp932")
    names = ["表示\\ソ.png".encode("cp932"), "犬\\".encode("cp932")]
    listed = list_zip(zip_of(tmp_path / "a.zip", names))
    assert (list(listed.sizes), listed.folders) == (["表示/ソ.png"], {"表示", "犬"})


def test_a_zip_that_lies_about_its_names_is_refused_in_a_sentence(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", [b"\xff\xfe.png"])
    data = path.read_bytes()
    for header, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        offset = data.index(header) + flags
        data = data[:offset] + bytes([data[offset] | 0x08]) + data[offset + 1 :]
    path.write_bytes(data)
    with pytest.raises(LluError, match=r"a\.zip says that its names are UTF-8, and they are not"):
        list_zip(path)


@pytest.mark.parametrize("page", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Fuchs\nEisbär\n", "bee", ""])
def test_a_list_of_names_may_be_utf_8_or_utf_16(text: str, page: str, tmp_path: Path):
    assert text_of(text.encode(page)) == text
    (tmp_path / "set" / "cat").mkdir(parents=True)
    (tmp_path / "set" / "cat" / "a.png").write_bytes(PNG_BYTES)
    (tmp_path / "set" / "new.txt").write_bytes(text.encode(page))
    source = image_source(list_folder(tmp_path / "set"))
    assert source.class_names == ("cat", *sorted(text.split()))
    assert source.rejected == ()


@pytest.mark.parametrize("data", ["Bär".encode("cp1252"), "狗".encode("gbk"), "a".encode("utf-32"), b"\x89PNG\0\0\1"])
def test_other_encodings_are_refused_in_a_sentence(data: bytes, tmp_path: Path):
    with pytest.raises(Refusal, match="save it as UTF-8"):
        text_of(data)
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_bytes(PNG_BYTES)
    (tmp_path / "new.txt").write_bytes(data)
    (left_out,) = image_source(list_folder(tmp_path)).rejected
    assert (left_out.name, left_out.reason) == ("new.txt", NOT_TEXT)
    with pytest.raises(LluError, match=r"new\.txt is not a text in UTF-8 or UTF-16"):
        read_class_names(tmp_path / "new.txt")


def test_a_list_of_names_is_read_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llu_core.files.listing.MAX_TEXT_BYTES", 10)
    (tmp_path / "new.txt").write_bytes(b"name\n" * 3)
    with pytest.raises(UnreadablePicture, match="over the limit"):
        list_folder(tmp_path).text("new.txt")


@pytest.mark.parametrize("page", ["utf-8-sig", "utf-16"])
def test_split_files_of_windows_are_read(page: str, tmp_path: Path):
    rows = '{"train": [["a\\\\b\\\\1.jpg", 0, "Bär"]], "val": [], "test": [["a\\\\2.jpg", 0, "Bär"]]}'
    (tmp_path / "split.json").write_bytes(rows.encode(page))
    split = read_split_file(tmp_path / "split.json")
    assert (split.train[0].path, split.test[0].path, split.class_names) == ("a/b/1.jpg", "a/2.jpg", ("Bär",))


@pytest.mark.parametrize("path", ["C:\\\\pets\\\\1.jpg", "\\\\\\\\server\\\\1.jpg", "..\\\\1.jpg"])
def test_a_split_file_of_windows_stays_in_its_folder(path: str, tmp_path: Path):
    (tmp_path / "split.json").write_text(f'{{"train": [["{path}", 0, "a"]], "val": [], "test": []}}')
    with pytest.raises(LluError, match="names no file in the image folder"):
        read_split_file(tmp_path / "split.json")
