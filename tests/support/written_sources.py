"""Class folders that a test writes, as a folder or in a zip, and opens as a source."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from llu_core.data.fewshot import Rejected
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source


def png(seed: int = 0, size: tuple[int, int] = (6, 4)) -> bytes:
    stream = io.BytesIO()
    colour = tuple(np.random.default_rng(seed).integers(0, 256, 3).tolist())
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


BROKEN = png(size=(64, 64))[:60]
PLAIN = {"cat/a.png": png(1), "cat/b.png": png(2), "dog/a.png": png(3), "red_panda/a.png": png(4)}

Write = Callable[[dict[str, bytes]], ImageSource]


@pytest.fixture(params=["folder", "zip", "wrapped zip"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Write files as a folder or a zip and open that as a source; names that end in "/" are empty folders."""

    def write(files: dict[str, bytes]) -> ImageSource:
        if request.param == "folder":
            target = tmp_path / "pets"
            for name, data in files.items():
                path = target / name
                (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
                if not name.endswith("/"):
                    path.write_bytes(data)
        else:
            target = tmp_path / "pets.zip"
            prefix = "my pets/" if request.param == "wrapped zip" else ""
            with zipfile.ZipFile(target, "w") as archive:
                for name, data in files.items():
                    archive.writestr(prefix + name, data)
        source = open_source(str(target))
        assert isinstance(source, ImageSource)
        return source

    return write


def reasons(rejected: tuple[Rejected, ...]) -> dict[str, str]:
    return {each.name: each.reason for each in rejected}
