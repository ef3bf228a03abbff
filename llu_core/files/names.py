"""Names as other systems wrote them: those of a zip's members, and lists of names in text files.

A zip may say that its names are UTF-8, and hold the UTF-8 name in a field beside; most that do neither were packed by
Windows, in the code page of its country, which no zip names. All such names of one zip are in one code page, so they
are looked at together: the first is taken whose letters make names. Detectors of encodings are made for texts; on a few
short names those that this project has at hand (charset-normalizer) guess wrong more often than right.
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

from llu_core.files.refusal import Refusal

NOT_TEXT = "not a text in UTF-8 or UTF-16; open it in a text editor and save it as UTF-8"

_SAYS_UTF8 = 0x800
_UNICODE_PATH = 0x7075
_RUSSIAN = re.compile("[А-яЁё№]*")
_ENDING = re.compile(r"\.\w{1,5}$", re.MULTILINE)
_SIGNS = "°²·£µ"
_FEW_ACCENTS = 0.45
"""Accented letters among all letters of western names, at most; Japanese read as western has more."""


def member_names(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The members' names in their order, "/" between parts, whatever they were written in."""
    told = [_told(member) for member in members]
    page = code_page([name for name in told if isinstance(name, bytes)])
    names = (name if isinstance(name, str) else name.decode(page, errors="replace") for name in told)
    return [name.partition("\0")[0].replace("\\", "/") for name in names]


def _told(member: zipfile.ZipInfo) -> str | bytes:
    """A member's name where the zip says what it is written in, otherwise its bytes."""
    if member.flag_bits & _SAYS_UTF8:
        return member.orig_filename
    bare = member.orig_filename.encode("cp437")
    return _unicode_path(member.extra, bare) or (bare.decode() if bare.isascii() else bare)


def _unicode_path(extra: bytes, bare: bytes) -> str | None:
    """The UTF-8 name in a member's extra fields, if it belongs to the name as it is written."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if struct.unpack_from("<L", field, 1)[0] != zlib.crc32(bare):
                return None
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def code_page(names: Sequence[bytes]) -> str:
    """The encoding in which all of these make names; "cp437", the oldest, where none does."""
    data = b"\n".join(names)
    if _decoded(data, "utf-8") and not (_is_unlikely(data.decode("utf-8")) and _is_chinese(_decoded(data, "gbk"))):
        return "utf-8"
    for page, makes_names in _PAGES:
        if makes_names(_decoded(data, page)):
            return page
    return "cp437"


def _decoded(data: bytes, page: str) -> str:
    """The text, "" if the bytes are none in this encoding."""
    try:
        return data.decode(page)
    except UnicodeDecodeError:
        return ""


def _is_unlikely(text: str) -> bool:
    """Letters that hardly any language has, or names of one accented letter each: Chinese that is taken for UTF-8."""
    longer = re.sub(r"(?m)(?:^|(?<=[/\\]))[\u00c0-\u00ff](?=$|[/\\.])", "", text)
    return bool(re.search("[\u0180-\u02ff\u0370-\u037f]", text)) or (bool(text) and longer.isascii())


def _foreign(text: str) -> str:
    return "".join(character for character in text if not character.isascii())


def _is_latin(text: str) -> bool:
    """Latin letters alone, and no capital after a small letter where an accent is near."""
    accented = _foreign(text)
    odd = any(
        before.islower() and after.isupper() and not (before + after).isascii() for before, after in pairwise(text)
    )
    latin = all(each in _SIGNS or unicodedata.name(each, "").startswith("LATIN ") for each in accented)
    return bool(text) and not odd and latin


def _is_western(text: str) -> bool:
    """Latin letters, accents in moderation; endings of file names do not count."""
    letters = [letter for letter in _ENDING.sub("", text) if letter.isalpha()]
    return _is_latin(text) and len(_foreign(text)) <= _FEW_ACCENTS * len(letters)


def _is_russian(text: str) -> bool:
    """Words of Cyrillic letters alone, some of them small, no capital after a small one or on its own."""
    foreign = _foreign(text)
    odd = re.search("[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]|[а-яё][А-ЯЁ]|(?<![А-яЁё])[А-ЯЁ](?![А-яЁё])", text)
    return not odd and len(foreign) > 2 and bool(re.search("[а-яё]", foreign)) and bool(_RUSSIAN.fullmatch(foreign))


def _is_korean(text: str) -> bool:
    """So much Hangul that it cannot well be Chinese, whose bytes are often Hangul too."""
    return bool(re.fullmatch("[가-힣]{8,}", _foreign(text)))


def _is_chinese(text: str) -> bool:
    return bool(text) and _fits(text, "gb2312")


def _is_japanese(text: str) -> bool:
    return bool(text) and _fits(text, "shift_jis") and not re.search("[\uff61-\uff9f\u0370-\u04ff]", text)


def _is_traditional(text: str) -> bool:
    """Chinese of Taiwan and Hong Kong, in its common characters."""
    return bool(text) and all(b"\xa1" <= letter.encode("big5", "replace") < b"\xc9" for letter in _foreign(text))


def _fits(text: str, page: str) -> bool:
    try:
        text.encode(page)
    except UnicodeEncodeError:
        return False
    return True


_PAGES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    *((page, _is_western) for page in ("cp437", "cp850", "cp1252")),
    ("cp866", _is_russian),
    ("euc_kr", _is_korean),
    ("gbk", _is_chinese),
    ("cp932", _is_japanese),
    ("big5", _is_traditional),
    *((page, _is_latin) for page in ("cp437", "cp850", "cp1252")),
    ("gbk", bool),
)


def text_of(data: bytes) -> str:
    """A text in UTF-8 or UTF-16, with or without the mark in front; raises Refusal, with what to do, for others."""
    page = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        page = "utf-16"
    elif b"\0" in data:  # a text has none, but UTF-16 has one in every sign of a western one
        page = "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"
    try:
        text = data.decode(page)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Refusal(NOT_TEXT)
    return text
