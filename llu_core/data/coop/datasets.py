"""The data folders of CoOp (Zhou et al., arXiv 2109.01134) as one table, read as they lie on people's disks.

    open_dataset(root, "oxford_pets") -> ImageSource     CoOp's class order, template, train, validation, test pictures
    source.draw(shots, seed), .sample(shots, seed)       CoOp's draw: the one kept in split_fewshot/, else drawn like it
    missing(root, names) -> [Missing(name, expected)]    what is not there, and what is expected where
    datasets_named(["all"]) -> the rows of the 11        "shifted": the 4 variants of ImageNet
    unlike_published(source) -> remarks                  numbers of classes and pictures that differ from the published

Class names and labels are the files' own, "_" read as " "; two classes may share a name (ImageNet has such pairs), then
`class_ids` tells them apart. Nothing is decoded here: a picture that is not on the disk shows when it is read.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image

from llu_core.data.coop.cached_shots import CachedPicture, cached_shots_file, re_root, read_cached_shots
from llu_core.data.coop.given_draws import FOLDER, listed_draw
from llu_core.data.coop.split_files import (
    Entry,
    Split,
    read_class_names,
    read_numbered_folders,
    read_split_file,
    read_train_and_val,
    read_variants,
    read_wnid_folders,
)
from llu_core.data.draws import Draw
from llu_core.data.fewshot import first_half
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError, shown
from llu_core.files.images import decode
from llu_core.files.listing import file_stamp

Layout = Literal["split file", "variants", "train and val", "wnid folders", "numbered folders"]


@dataclass(frozen=True)
class DatasetRow:
    """One data set: its folder under the root, what lies in it, and what the published results assume.

    image_dir: the folder of the pictures, "." for the folder itself; annotation: the file that names the classes;
    sizes: (train, validation, test) pictures.
    """

    name: str
    title: str
    folder: str
    image_dir: str
    annotation: str
    classes: int
    template: str
    layout: Layout
    sizes: tuple[int, int, int]

    @property
    def expected(self) -> tuple[str, ...]:
        """The files and folders that must lie in the folder; a folder ends in "/"."""
        if self.layout == "train and val":
            return ("images/train/", "images/val/", self.annotation)
        images = () if self.image_dir == "." else (f"{self.image_dir}/",)
        parts = ("train", "val", "test") if self.layout == "variants" else ()
        return (*images, self.annotation, *(f"images_variant_{part}.txt" for part in parts))


_PHOTO = "a photo of a {}."
_NAMES = "classnames.txt"

# fmt: off
_ROWS = (
    DatasetRow("imagenet", "ImageNet", "imagenet", "images", _NAMES, 1000, _PHOTO, "train and val",
               (1_281_167, 0, 50_000)),
    DatasetRow("caltech101", "Caltech101", "caltech-101", "101_ObjectCategories", "split_zhou_Caltech101.json", 100,
               _PHOTO, "split file", (4_128, 1_649, 2_465)),
    DatasetRow("oxford_pets", "OxfordPets", "oxford_pets", "images", "split_zhou_OxfordPets.json", 37,
               "a photo of a {}, a type of pet.", "split file", (2_944, 736, 3_669)),
    DatasetRow("stanford_cars", "StanfordCars", "stanford_cars", ".", "split_zhou_StanfordCars.json", 196,
               _PHOTO, "split file", (6_509, 1_635, 8_041)),
    DatasetRow("oxford_flowers", "Flowers102", "oxford_flowers", "jpg", "split_zhou_OxfordFlowers.json", 102,
               "a photo of a {}, a type of flower.", "split file", (4_093, 1_633, 2_463)),
    DatasetRow("food101", "Food101", "food-101", "images", "split_zhou_Food101.json", 101,
               "a photo of {}, a type of food.", "split file", (50_500, 20_200, 30_300)),
    DatasetRow("fgvc_aircraft", "FGVCAircraft", "fgvc_aircraft", "images", "variants.txt", 100,
               "a photo of a {}, a type of aircraft.", "variants", (3_334, 3_333, 3_333)),
    DatasetRow("sun397", "SUN397", "sun397", "SUN397", "split_zhou_SUN397.json", 397,
               _PHOTO, "split file", (15_880, 3_970, 19_850)),
    DatasetRow("dtd", "DTD", "dtd", "images", "split_zhou_DescribableTextures.json", 47,
               "{} texture.", "split file", (2_820, 1_128, 1_692)),
    DatasetRow("eurosat", "EuroSAT", "eurosat", "2750", "split_zhou_EuroSAT.json", 10,
               "a centered satellite photo of {}.", "split file", (13_500, 5_400, 8_100)),
    DatasetRow("ucf101", "UCF101", "ucf101", "UCF-101-midframes", "split_zhou_UCF101.json", 101,
               "a photo of a person doing {}.", "split file", (7_639, 1_898, 3_783)),
    DatasetRow("imagenetv2", "ImageNetV2", "imagenetv2", "imagenetv2-matched-frequency-format-val", _NAMES, 1000,
               _PHOTO, "numbered folders", (0, 0, 10_000)),
    DatasetRow("imagenet_sketch", "ImageNet-Sketch", "imagenet-sketch", "images", _NAMES, 1000,
               _PHOTO, "wnid folders", (0, 0, 50_889)),
    DatasetRow("imagenet_a", "ImageNet-A", "imagenet-adversarial", "imagenet-a", _NAMES, 200,
               _PHOTO, "wnid folders", (0, 0, 7_500)),
    DatasetRow("imagenet_r", "ImageNet-R", "imagenet-rendition", "imagenet-r", _NAMES, 200,
               _PHOTO, "wnid folders", (0, 0, 30_000)),
)
# fmt: on

DATASETS: dict[str, DatasetRow] = {row.name: row for row in _ROWS}
BASE_TO_NEW: tuple[str, ...] = tuple(row.name for row in _ROWS if row.sizes[0])
"""The 11 data sets of base-to-new and cross-dataset (source: imagenet), in the order of the published tables."""
SHIFTED: tuple[str, ...] = tuple(row.name for row in _ROWS if not row.sizes[0])
"""The 4 targets of domain shift, whose source is imagenet; they have test pictures only."""


class Missing(NamedTuple):
    """A data set that cannot be opened, and in one line what is expected where."""

    name: str
    expected: str


def datasets_named(names: Sequence[str]) -> list[DatasetRow]:
    """The rows of these names, each once, in order; "all" stands for the 11, "shifted" for the 4 variants of ImageNet.

    Raises LluError listing the known names.
    """
    groups = {"all": BASE_TO_NEW, "shifted": SHIFTED}
    single = [each for name in names for each in groups.get(name, (name,))]
    unknown = [name for name in single if name not in DATASETS]
    if unknown or not single:
        known = ", ".join(("all", "shifted", *DATASETS))
        raise LluError(f"unknown data set {', '.join(unknown) or '(none)'}; choose from: {known}")
    return [DATASETS[name] for name in dict.fromkeys(single)]


def missing(root: str | Path, names: Sequence[str]) -> list[Missing]:
    """Which of the named data sets do not lie under `root` as they should; raises LluError for unknown names."""
    found = ((row.name, _what_is_missing(Path(os.path.expanduser(root)), row)) for row in datasets_named(names))
    return [Missing(name, expected) for name, expected in found if expected]


def _what_is_missing(root: Path, row: DatasetRow) -> str | None:
    folder = root / row.folder
    absent = [part for part in row.expected if not _is_there(root, row, part)]
    if not absent:
        return None
    said = f"{row.name}: expected {_and(row.expected)} in {folder}; "
    if not folder.is_dir():
        return f"{said}there is no such folder"
    said += f"{_and(absent)} {'is' if len(absent) == 1 else 'are'} missing"
    if row.annotation in absent and row.layout == "split file":
        # CoOp shuffles the pictures in the disk's order where it has no file: no two machines get the same parts
        said += " (the file cannot be made from the folders: the published split is a random one; CoOp provides it)"
    return said


def _is_there(root: Path, row: DatasetRow, part: str) -> bool:
    if part == _NAMES:
        return _class_names_file(root, row).is_file()
    path = root / row.folder / part
    return path.is_dir() if part.endswith("/") else path.is_file()


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _class_names_file(root: Path, row: DatasetRow) -> Path:
    """The data set's own classnames.txt, or ImageNet's, which is the same file."""
    own = root / row.folder / _NAMES
    return own if own.is_file() else root / DATASETS["imagenet"].folder / _NAMES


def open_dataset(root: str | Path, name: str) -> ImageSource:
    """The data set `name` under `root`, its pictures not yet decoded; the source is named `name`.

    Raises LluError for an unknown name, for what `missing` reports, and for a file whose content is not as it must be.
    """
    row = DATASETS.get(name)
    if row is None:
        raise LluError(f"unknown data set {name!r}; choose from: {', '.join(DATASETS)}")
    root = Path(os.path.expanduser(root))
    if said := _what_is_missing(root, row):
        raise LluError(said)
    images = root / row.folder / row.image_dir
    split = _read_split(root, row, images)
    train, validation, test = (_pictures(images, part) for part in (split.train, split.validation, split.test))
    source = ImageSource(
        name=row.name,
        class_names=tuple(shown(name.replace("_", " ")) for name in split.class_names),
        base_classes=first_half(len(split.class_names)),
        train=train,
        test=test,
        templates=(row.template,),
        validation=validation,
        class_ids=split.class_ids,
        cached_draw=partial(_cached_draw, root / row.folder, row, train, validation),
    )
    if not test:
        raise LluError(f"{row.name}: no test picture is listed or lies in {images}")
    return source


def _read_split(root: Path, row: DatasetRow, images: Path) -> Split:
    match row.layout:
        case "split file":
            return read_split_file(root / row.folder / row.annotation)
        case "variants":
            return read_variants(root / row.folder)
    readers: dict[str, Callable[[Path, dict[str, str]], Split]] = {
        "train and val": read_train_and_val,
        "wnid folders": read_wnid_folders,
        "numbered folders": read_numbered_folders,
    }
    return readers[row.layout](images, read_class_names(_class_names_file(root, row)))


def _pictures(images: Path, entries: Sequence[Entry]) -> tuple[Picture, ...]:
    files = (_File(images, entry.path) for entry in entries)
    return tuple(
        Picture(shown(file.path), entry.label, file.read, file.stamp)
        for file, entry in zip(files, entries, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _File:
    folder: Path
    path: str

    def read(self) -> Image.Image:
        return decode(self.folder / self.path, shown(self.path), as_stored=True)

    def stamp(self) -> str:
        return file_stamp((self.folder / self.path).absolute())


def _cached_draw(
    folder: Path, row: DatasetRow, train: Sequence[Picture], validation: Sequence[Picture], shots: int, seed: int
) -> Draw | None:
    """The draw kept in the folder, by CoOp or listed, as positions in the pools; None where there is none.

    Raises LluError for a file that cannot be read, or whose pictures the data set does not have.
    """
    file = cached_shots_file(folder, shots, seed)
    if not file.is_file():
        return listed_draw(folder / FOLDER, shots, seed, train, validation)
    cached = read_cached_shots(file)
    image_folder = Path(row.image_dir).parts or (row.folder,)
    return Draw(
        _positions(file, image_folder, cached.train, train),
        _positions(file, image_folder, cached.validation, validation),
    )


def _positions(
    file: Path, image_folder: tuple[str, ...], cached: Sequence[CachedPicture], pool: Sequence[Picture]
) -> tuple[int, ...]:
    at = {picture.name: position for position, picture in enumerate(pool)}
    found = []
    for picture in cached:
        name = re_root(picture.path, image_folder, at)
        if name is None or pool[at[name]].label != picture.label:
            what = "is not one of the data set's" if name is None else f"has label {picture.label} there, not here"
            raise LluError(f"{file}: {picture.path} {what}; delete the file, and the shots are drawn anew")
        found.append(at[name])
    return tuple(found)


def unlike_published(source: ImageSource) -> tuple[str, ...]:
    """Remarks on a source of `open_dataset` whose numbers of classes or pictures are not those of the published sets.

    A train or validation pool that was sampled counts as different; ask before sampling.
    """
    row = DATASETS.get(source.name)
    if row is None:
        return ()
    there = (len(source.class_names), len(source.train), len(source.validation), len(source.test))
    parts = ("classes", "training pictures", "validation pictures", "test pictures")
    compared = zip(parts, there, (row.classes, *row.sizes), strict=True)
    return tuple(f"{row.name}: {have:,} {part}, published {want:,}" for part, have, want in compared if have != want)
