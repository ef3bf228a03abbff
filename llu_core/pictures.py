"""Untrusted picture files: listing a folder or zip of them, and getting RGB pixels out of one.

Everything such a folder can contain ends here as an 8-bit RGB image the right way up, or as an `UnreadablePicture`
whose reason can be shown to the person who brought the file. A zip is read in place, never unpacked to disk.
"""

import contextlib
import io
import os
import re
import threading
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from llu_core.errors import LluError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
FORMAT_NAMES = "JPEG, PNG, WebP, GIF, BMP or TIFF"
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 100_000_000
MAX_ZIP_BYTES = 2 * 2**30
"""What all members of a zip may unpack to together."""
MAX_ZIP_MEMBERS = 50_000
MAX_FOLDER_FILES = 1_000_000
MAX_FOLDER_DEPTH = 6

NOT_A_PICTURE = f"not a {FORMAT_NAMES} picture"
HEAD_BYTES = 12
"""How much of a file `why_not_a_picture` wants to see."""

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # value of the EXIF tag -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Warning filters belong to the process: two decodes that change and restore them at once would leave them changed.
_warnings_silenced = threading.Lock()


class UnreadablePicture(LluError):
    """A file that gives no picture; `name` says which, `reason` why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def why_not_a_picture(head: bytes) -> str | None:
    """None if a file that begins with `head` (HEAD_BYTES bytes) claims a known format, otherwise the reason."""
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return None
    if not head:
        return "an empty file"
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF picture or a film; save it as JPEG or PNG"
    return NOT_A_PICTURE


def decode(data: bytes | str | Path, name: str | None = None) -> Image.Image:
    """The picture in `data` (a file's bytes or its path) as an upright RGB image, of an animation the first frame.

    Transparency is laid on white; 16-bit and float pictures are brought to 8 bits. `name` is what errors call it.
    Raises UnreadablePicture for anything else: other formats, damaged files, over MAX_FILE_BYTES or MAX_PIXELS.
    """
    if not isinstance(data, bytes):
        name = name or Path(data).name
        data = _read(Path(data), name)
    name = name or "picture"
    check_file_size(len(data), name)
    with _warnings_silenced, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decode(data, name)
        except UnreadablePicture:
            raise
        except (UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise UnreadablePicture(name, _short_reason(data, error)) from None
        except Exception as error:  # on bytes that lie, PIL's readers raise nearly every type there is
            raise UnreadablePicture(name, f"damaged or cut off ({_one_line(error)})") from None


def check_file_size(size: int, name: str) -> None:
    """Raise UnreadablePicture if a file of `size` bytes is over MAX_FILE_BYTES."""
    if size > MAX_FILE_BYTES:
        raise UnreadablePicture(name, f"{size / 2**20:.0f} MB, over the limit of {MAX_FILE_BYTES >> 20} MB a file")


def _read(path: Path, name: str) -> bytes:
    try:
        check_file_size(path.stat().st_size, name)
        return path.read_bytes()
    except OSError as error:
        raise UnreadablePicture(name, f"cannot be read ({error.strerror or error})") from None


def _decode(data: bytes, name: str) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            limit = f"over the limit of {MAX_PIXELS // 1_000_000} million pixels"
            raise UnreadablePicture(name, f"{width} x {height} pixels, {limit}")
        image.load()
        turn = _UPRIGHT.get(_orientation(image))  # asked after loading: a TIFF turns itself then, and drops the tag
        rgb = _to_rgb(image)
    return rgb if turn is None else rgb.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # damaged EXIF data is no reason to refuse a picture whose pixels are fine
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_to_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    # a converted copy would carry the file's EXIF and palette along; the pixels are all that is wanted
    rgb = image.convert("RGB")
    rgb.info = {}
    return rgb


def _to_eight_bits(values: np.ndarray) -> np.ndarray:
    """(h, w) uint8 of grey values whose scale the file does not tell: their type and range decide.

    16-bit values are divided by 257 (65535 -> 255). Wider integers and floats are read as 0..1 (floats), 0..255 or
    0..65535, whichever holds them, otherwise stretched from their smallest to their largest value.
    """
    if values.dtype.itemsize == 2:
        return (values.astype(np.float32) / 257).round().astype(np.uint8)
    floats = values.dtype.kind == "f"
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    tops = (1.0, 255.0, 65535.0) if floats else (255.0, 65535.0)
    top = next((top for top in tops if low >= 0 and high <= top), None)
    if top is None:
        values, top = values - low, high - low
    return (values / top * 255).round().astype(np.uint8)


def _short_reason(data: bytes, error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return f"over the limit of {MAX_PIXELS // 1_000_000} million pixels"
    return why_not_a_picture(data[:HEAD_BYTES]) or "damaged: its header cannot be read"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


@dataclass(frozen=True, eq=False)
class PictureFiles:
    """The visible files of a folder or zip, by path relative to it ("cat/a.png").

    sizes: bytes of every file; folders: every folder, empty ones too;
    read(path, limit): its first `limit` bytes (all if negative), raises UnreadablePicture.
    """

    name: str
    sizes: dict[str, int]
    folders: frozenset[str]
    read: Callable[[str, int], bytes]

    def why_not_a_picture(self, path: str) -> str | None:
        """None if the file claims to be a picture of a fitting size, otherwise the reason; it is not decoded."""
        try:
            check_file_size(self.sizes[path], path)
            return why_not_a_picture(self.read(path, HEAD_BYTES))
        except UnreadablePicture as error:
            return error.reason

    def decode(self, path: str) -> Image.Image:
        """The picture in a file; raises UnreadablePicture."""
        check_file_size(self.sizes[path], path)
        return decode(self.read(path, -1), path)

    def inside(self, folder: str) -> "PictureFiles":
        """What lies in one folder, by path relative to that folder."""
        start = len(folder) + 1
        return PictureFiles(
            name=self.name,
            sizes={path[start:]: size for path, size in self.sizes.items() if path.startswith(folder + "/")},
            folders=frozenset(path[start:] for path in self.folders if path.startswith(folder + "/")),
            read=lambda path, limit: self.read(f"{folder}/{path}", limit),
        )


def list_folder(root: Path) -> PictureFiles:
    """The files of a folder on disk, links followed. Raises LluError if it cannot be read or is over the limits."""
    sizes: dict[str, int] = {}
    folders: set[str] = set()
    pending = [""]
    try:
        while pending:
            inside = pending.pop()
            with os.scandir(root / inside) as entries:
                for entry in (entry for entry in entries if not _is_hidden(entry.name)):
                    path = inside + entry.name
                    # a folder at the depth limit (a link to its own parent, say) counts as a file and is refused as one
                    if entry.is_dir() and path.count("/") < MAX_FOLDER_DEPTH:
                        folders.add(path)
                        pending.append(path + "/")
                    else:
                        sizes[path] = entry.stat().st_size if entry.is_file() else 0
            if len(sizes) > MAX_FOLDER_FILES:
                raise LluError(f"{root} holds more than {MAX_FOLDER_FILES} files; choose a smaller folder")
    except OSError as error:
        raise LluError(f"{root} cannot be read ({error.strerror or error})") from None
    return PictureFiles(root.resolve().name, sizes, frozenset(folders), partial(_read_from_folder, root))


def _read_from_folder(root: Path, path: str, limit: int) -> bytes:
    if not (root / path).is_file():  # opening a pipe would wait for ever
        raise UnreadablePicture(path, "not a file that can be read")
    try:
        with (root / path).open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise UnreadablePicture(path, f"cannot be read ({error.strerror or error})") from None


def list_zip(path: Path) -> PictureFiles:
    """The files of a zip. Raises LluError if it is no zip, encrypted, over the limits, or names a place outside it."""
    archive = _open_zip(path)
    members = archive.infolist()
    if len(members) > MAX_ZIP_MEMBERS:
        raise LluError(f"{path.name} holds {len(members)} files, over the limit of {MAX_ZIP_MEMBERS}")
    total = sum(member.file_size for member in members)
    if total > MAX_ZIP_BYTES:
        raise LluError(f"{path.name} unpacks to {total / 2**30:.1f} GB, over the limit of {MAX_ZIP_BYTES >> 30} GB")
    files: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    for member in members:
        if member.flag_bits & 1:
            raise LluError(f"{path.name} is encrypted; make a zip without a password")
        parts = _safe_parts(member, path.name)
        if not parts or any(map(_is_hidden, parts)):
            continue
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + member.is_dir()))
        if not member.is_dir():
            files["/".join(parts)] = member
    sizes = {name: member.file_size for name, member in files.items()}
    return PictureFiles(path.stem, sizes, frozenset(folders), partial(_read_from_zip, archive, files))


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None
    except Exception:  # as for pictures: a damaged directory of members raises nearly every type there is
        raise LluError(f"{path.name} is not a zip file or is damaged; make it again") from None


def _safe_parts(member: zipfile.ZipInfo, archive: str) -> list[str]:
    """The member's path in parts; raises LluError for a path that leads out of the archive."""
    name = member.filename
    if not member.flag_bits & 0x800:  # macOS writes UTF-8 without saying so, and zipfile takes it for code page 437
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        raise LluError(f"{archive} names a file outside itself ({name[:60]!r}); such a zip is not read")
    return parts


def _read_from_zip(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], path: str, limit: int) -> bytes:
    try:
        with archive.open(files[path]) as file:
            return file.read(limit)
    except Exception as error:  # as above, for the bytes of one member
        raise UnreadablePicture(path, f"damaged inside the zip ({_one_line(error)})") from None


def _is_hidden(name: str) -> bool:
    """What file managers leave behind: hidden files, resource forks, thumbnail stores."""
    return name.startswith(".") or name.lower() in ("__macosx", "thumbs.db", "desktop.ini")
