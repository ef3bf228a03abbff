"""A project: a set of pictures with its labels and templates, in one zip, or a folder unpacked from it.

| member | |
|---|---|
| project.json | format, name, class_names, base_classes, templates; pictures and, of each problem, elsewhere |
| pictures/N.png or N.jpg | the pictures, which project.json names and labels |
| anything else | left unread here: the app keeps the trained adapter and its rows beside them |

Names are in project.json alone, so that a class may be called anything.
"""

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from llu_core.data.fewshot import Rejected
from llu_core.data.pictures import ControlSource, ImageSource, Picture
from llu_core.encoders.prompts import check_templates
from llu_core.errors import LluError, one_line, shown
from llu_core.files.images import UnreadablePicture
from llu_core.files.listing import PictureFiles
from llu_core.files.writing import write_whole

PROJECT_FILE = "project.json"
FORMAT, FORMAT_VERSION = "llu-project", 1
MAX_PROJECT_BYTES = 16 * 2**20
"""What is read of project.json; 100,000 pictures take about 10 MB."""
MAX_NAME_LENGTH = 1_000

Encoded = tuple[str, bytes]
"""How a picture's file name ends, and its bytes."""


def is_project(files: PictureFiles) -> bool:
    """Whether a zip or folder is a project; another file of that name is none."""
    return PROJECT_FILE in files.sizes and f'"{FORMAT}"'.encode() in files.read(PROJECT_FILE, 200)


def project_source(files: PictureFiles) -> ImageSource:
    """The pictures of a project. Raises LluError, one line, for anything that is not a sound one."""
    try:
        told = json.loads(files.read(PROJECT_FILE, MAX_PROJECT_BYTES).decode("utf-8"))
        if told["format_version"] > FORMAT_VERSION:
            raise LluError(f"{files.name} is a project of a later release; update LLU Explorer")
        names, missing = _names(told["class_names"]), []
        parts = {part: _pictures(files, told["pictures"], part, names, missing) for part in ("train", "test", "val")}
        if not 0 < (base := int(told["base_classes"])) <= len(names):
            raise ValueError(f"base_classes is {base}")
        templates = tuple(str(shown(each)) for each in told["templates"])
        check_templates(templates)
        controls = tuple(_control(files, each, missing) for each in told["elsewhere"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, UnreadablePicture) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise LluError(f"{files.name}: {PROJECT_FILE} is damaged ({reason}); save the project again") from None
    return ImageSource(
        name=shown(str(told["name"])), class_names=names, base_classes=base, train=parts["train"], test=parts["test"],
        validation=parts["val"], templates=templates, rejected=tuple(missing), controls=controls,
    )  # fmt: skip


def _names(told: Sequence[Any]) -> tuple[str, ...]:
    names = tuple(shown(str(name)).strip() for name in told)
    if not all(names) or len(set(names)) < len(names) or max(map(len, names), default=0) > MAX_NAME_LENGTH:
        raise ValueError("class names are empty, come twice or are too long")
    return names


def _pictures(
    files: PictureFiles, told: Iterable[Any], part: str, names: Sequence[str], missing: list[Rejected]
) -> tuple[Picture, ...]:
    """Those of a part; a file that is not there is named in `missing`."""
    found = []
    for each in told:
        if each["part"] != part:
            continue
        file, name, label = str(each["file"]), shown(str(each["name"])), each["class"]
        if type(label) is not int or not 0 <= label < len(names):
            raise ValueError(f"the class of {name} is {label}")
        if file in files.sizes:
            found.append(Picture(name, label, partial(files.decode, file), partial(files.stamp, file)))
        else:
            missing.append(Rejected(name, "its file is not in the project"))
    return tuple(found)


def _control(files: PictureFiles, told: Mapping[str, Any], missing: list[Rejected]) -> ControlSource:
    names = _names(told["class_names"])
    pictures = _pictures(files, told["pictures"], "elsewhere", names, missing)
    return ControlSource(shown(str(told["name"])), names, pictures, tuple(map(shown, told["templates"])))


def write_project(
    path: Path, source: ImageSource, encoded: Callable[[Picture], Encoded], more: Mapping[str, bytes]
) -> None:
    """Write the set as a project, whole; encoded: the file of a picture; more: further members by their name."""

    def pack(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:  # pictures are packed already
            packed.writestr(PROJECT_FILE, json.dumps(_Writer(packed, encoded).told(source)))
            for name, data in more.items():
                packed.writestr(name, data, zipfile.ZIP_DEFLATED)

    write_whole(path, pack)


class _Writer:
    """Packs pictures under numbers and tells what each is."""

    def __init__(self, packed: zipfile.ZipFile, encoded: Callable[[Picture], Encoded]):
        self._packed, self._encoded, self._count = packed, encoded, 0

    def told(self, source: ImageSource) -> dict[str, Any]:
        """What project.json holds."""
        parts = (("train", source.train), ("test", source.test), ("val", source.validation))
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": source.name,
            "class_names": list(source.class_names),
            "base_classes": source.base_classes,
            "templates": list(source.templates),
            "pictures": [self._picture(each, part) for part, pictures in parts for each in pictures],
            "elsewhere": [self._control(each) for each in source.controls],
        }

    def _control(self, control: ControlSource) -> dict[str, Any]:
        pictures = [self._picture(each, "elsewhere") for each in control.pictures]
        named = {"name": control.name, "class_names": list(control.class_names)}
        return named | {"templates": list(control.templates), "pictures": pictures}

    def _picture(self, picture: Picture, part: str) -> dict[str, Any]:
        suffix, data = self._encoded(picture)
        self._count += 1
        file = f"pictures/{self._count:06d}{suffix}"
        self._packed.writestr(file, data)
        return {"file": file, "name": picture.name, "class": picture.label, "part": part}
