"""The fuzz corpus: sound files made here, and over two thousand damaged ones, always the same.

`cases()` gives what the suite and `tests/bench/fuzz.py` feed to the page.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from demo.payloads import explorer
from demo.session import edits, saving
from demo.session.session import Session

COUNTS = {"zip": 600, "picture": 800, "bundle": 400, "adapter": 400}
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to four damages: bytes set or flipped, numbers made extreme, pieces cut, doubled, moved or zeroed."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        if not out:
            break
        at, length = int(rng.integers(len(out))), int(rng.integers(1, 64))
        kind = rng.integers(7)
        if kind == 0:
            out[at] = rng.integers(256)
        elif kind == 1:
            out[at] ^= 1 << rng.integers(8)
        elif kind == 2:
            width = int(rng.choice([1, 2, 4]))
            value = int(rng.choice(EXTREMES)) & (256**width - 1)
            out[at : at + width] = value.to_bytes(width, rng.choice(["little", "big"]))
        elif kind == 3:
            del out[at : at + length]
        elif kind == 4:
            out[at:at] = out[at : at + length] * int(rng.integers(1, 9))
        elif kind == 5:
            out[at : at + length] = bytes(len(out[at : at + length]))
        else:
            del out[at:]
    return bytes(out)


def pictures() -> list[bytes]:
    """Small pictures of every format and of many modes."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 20, 4), dtype=np.uint8), "RGBA")
    made = []
    for form in FORMATS:
        for mode in ("RGB", "RGBA", "L", "P", "1", "I;16", "CMYK"):
            file = io.BytesIO()
            try:
                noise.convert("L" if mode == "I;16" else mode).convert(mode).save(file, form)
            except (OSError, ValueError):  # a mode that the format has not
                continue
            made.append(file.getvalue())
    return made


def packed(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def bundle() -> bytes:
    rng, file = np.random.default_rng(0), io.BytesIO()
    rows = rng.normal(size=(6, 5)).astype(np.float32)
    tiles = rng.integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    names = np.array(["ant", "bee", "crab", "duck", "eel", "fox"])
    np.savez(
        file, train_features=rows, train_labels=np.arange(6), test_features=rows, test_labels=np.arange(6),
        text_features=rows, class_names=names, logit_scale=np.float32(50), train_thumbnails=tiles,
    )  # fmt: skip
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def damaged_archive(data: bytes, rng: np.random.Generator) -> bytes:
    """A zip that is damaged as a whole, or in one member of an otherwise sound one, where no checksum finds it."""
    if rng.integers(2):
        return mutated(data, rng)
    members = unpacked(data)
    name = sorted(members)[rng.integers(len(members))]
    return packed(members | {name: mutated(members[name], rng)})


def cases(adapter: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(kind, file name, bytes) of every damaged file; `adapter`: a sound one, as the page saves it."""
    seeds = pictures()
    folder = packed({f"{label}/{n}.png": seeds[n] for label in ("cat", "dög") for n in (0, 8, 20)} | {"new/emu/": b""})
    sound = {"zip": folder, "bundle": bundle(), "adapter": adapter}
    for kind, count in COUNTS.items():
        for number in range(count):
            rng = np.random.default_rng([len(kind), number])
            if kind == "picture":
                yield kind, f"{number}.png", mutated(seeds[number % len(seeds)], rng)
            else:
                suffix = "npz" if kind == "bundle" else "zip"
                yield kind, f"{number}.{suffix}", damaged_archive(sound[kind], rng)


def open_case(session: Session, kind: str, path: Path) -> Session:
    """What the page does with such a file."""
    if kind != "adapter":
        return edits.add_files(session, [path], "thing")
    opened = saving.open_adapter(session, path)
    explorer.explorer_payload(opened)
    return opened
