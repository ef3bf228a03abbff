"""Untrusted picture files: getting RGB pixels out of one.

Everything such a file can contain ends here as an 8-bit RGB image the right way up, or as an `UnreadablePicture`
whose reason can be shown to the person who brought the file.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from llu_core.errors import LluError, one_line, shown
from llu_core.files.containers import opened
from llu_core.files.decoding import PixelMemory, Silence
from llu_core.files.depth import as_low_bytes, grey, is_wide, low_bytes_wanted, stretched
from llu_core.files.refusal import Refusal

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".tif", ".tiff",
)  # fmt: skip
"""All that Pillow knows for these formats; what a file is, its bytes tell."""
FORMAT_NAMES = "JPEG, PNG, WebP, GIF, BMP or TIFF"
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 100_000_000

NOT_A_PICTURE = f"not a {FORMAT_NAMES} picture"
HEAD_BYTES = 12
"""How much of a file `why_not_a_picture` wants to see."""

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Value of the EXIF tag -> what turns the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_silence = Silence()
_memory = PixelMemory(MAX_PIXELS)


class UnreadablePicture(LluError):
    """A file that gives no picture; `name` says which, `reason` why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = shown(name)
        self.reason = shown(reason)


def why_not_a_picture(head: bytes) -> str | None:
    """None if a file that begins with `head` (HEAD_BYTES bytes) claims a known format, otherwise the reason."""
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return None
    if not head:
        return "an empty file"
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF picture or a film; save it as JPEG or PNG"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<svg", b"<?xml", b"<!DOCTYPE", b"<!--")):
        return "a drawing (SVG) or a web page; save it as PNG"
    return NOT_A_PICTURE


def decode(
    data: bytes | str | Path, name: str | None = None, *, as_stored: bool = False, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """The picture in `data` (a file's bytes or its path) as an upright RGB image, of an animation the first frame.

    Transparency is laid on white; pictures of more bits are brought to 8 (see `depth`). `name` is what errors call it.
    as_stored: neither turned nor mended but only converted to RGB, as the published results of the field were made.
    Raises UnreadablePicture for anything else: other formats, damaged files, over MAX_FILE_BYTES or max_pixels.
    """
    if not isinstance(data, bytes):
        name = name or Path(data).name
        data = _read(Path(data), name)
    name = name or "picture"
    check_file_size(len(data), name)
    with _silence.kept():
        try:
            if reason := why_not_a_picture(data[:HEAD_BYTES]):
                raise UnreadablePicture(name, reason)
            return _decode(data, name, as_stored, max_pixels)
        except UnreadablePicture:
            raise
        except Refusal as refusal:
            raise UnreadablePicture(name, str(refusal)) from None
        except (UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise UnreadablePicture(name, _short_reason(error, max_pixels)) from None
        except Exception as error:  # on bytes that lie, PIL's readers raise nearly every type there is
            raise UnreadablePicture(name, f"damaged or cut off ({one_line(error)})") from None


def check_file_size(size: int, name: str) -> None:
    """Raise UnreadablePicture if a file of `size` bytes is over MAX_FILE_BYTES."""
    if size > MAX_FILE_BYTES:
        raise UnreadablePicture(name, f"{size / 2**20:.0f} MB, over the limit of {MAX_FILE_BYTES >> 20} MB a file")


def upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says; as it is where that says nothing, or nothing that can be read."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # on bytes that lie, PIL's readers raise nearly every type there is
        return image


def _read(path: Path, name: str) -> bytes:
    try:
        check_file_size(path.stat().st_size, name)
        return path.read_bytes()
    except OSError as error:
        raise UnreadablePicture(name, f"cannot be read ({error.strerror or error})") from None


def _decode(data: bytes, name: str, as_stored: bool, max_pixels: int) -> Image.Image:
    container = opened(data, max_pixels)
    with Image.open(io.BytesIO(container.data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > max_pixels:
            limit = f"over the limit of {max_pixels // 1_000_000} million pixels"
            raise UnreadablePicture(name, f"{width} x {height} pixels, {limit}")
        with _memory.taken(width * height):
            wide = is_wide(image)
            image.load()
            if as_stored:
                return image.convert("RGB")
            turn = _UPRIGHT.get(container.orientation)
            rgb = _to_rgb(_brightened(image, container.data) if wide and low_bytes_wanted(image) else image)
            return rgb if turn is None else rgb.transpose(turn)


def _brightened(image: Image.Image, data: bytes) -> Image.Image:
    """A decoded picture of 16 bits whose numbers use fewer, decoded again for the bytes that were dropped."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as again:
        if not as_low_bytes(again):
            return stretched(image, None)
        again.load()
        return stretched(image, again)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(grey(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    # a converted copy would carry the file's EXIF and palette along; the pixels are all that is wanted
    rgb = image.convert("RGB")
    rgb.info = {}
    return rgb


def _short_reason(error: Exception, max_pixels: int) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return f"over the limit of {max_pixels // 1_000_000} million pixels"
    return "damaged: its header cannot be read"
