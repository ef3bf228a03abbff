"""Miniature copies of the data folders that people have for CoOp: the same layout, a few tiny pictures."""

import json
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

WNIDS = ("n01440764", "n01443537", "n01484850", "n03710637", "n03710721")
WNID_NAMES = ("tench", "goldfish", "great white shark", "maillot", "maillot")  # two of one name, as ImageNet has them

# data set -> folder, image folder, file of the split, class names by label as they stand in the file
SPLIT_FILES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "caltech101": (
        "caltech-101",
        "101_ObjectCategories",
        "split_zhou_Caltech101.json",
        ("face", "leopard", "motorbike", "accordion", "wild_cat"),
    ),
    "oxford_pets": (
        "oxford_pets",
        "images",
        "split_zhou_OxfordPets.json",
        ("abyssinian", "american_bulldog", "beagle"),
    ),
    "stanford_cars": (
        "stanford_cars",
        ".",
        "split_zhou_StanfordCars.json",
        ("2012 Acura TL", "2000 AM General Hummer SUV", "1998 Audi A4"),
    ),
    "oxford_flowers": ("oxford_flowers", "jpg", "split_zhou_OxfordFlowers.json", ("pink primrose", "globe thistle")),
    "food101": ("food-101", "images", "split_zhou_Food101.json", ("apple_pie", "baby_back_ribs", "baklava", "ramen")),
    "sun397": ("sun397", "SUN397", "split_zhou_SUN397.json", ("abbey", "indoor airplane_cabin", "zen_garden")),
    "dtd": ("dtd", "images", "split_zhou_DescribableTextures.json", ("banded", "zigzagged", "blotchy")),
    "eurosat": ("eurosat", "2750", "split_zhou_EuroSAT.json", ("Annual Crop Land", "Forest", "Sea or Lake")),
    "ucf101": ("ucf101", "UCF-101-midframes", "split_zhou_UCF101.json", ("Apply_Eye_Makeup", "Yo_Yo", "Archery")),
}
VARIANTS = ("707-320", "F/A-18", "A300B4", "Cessna 172")
PER_CLASS = {"train": 6, "val": 5, "test": 3}
DATUM = ("dassl.data.datasets.base_dataset", "Datum")


def picture(path: Path, seed: int) -> None:
    """A tiny JPEG that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((16, 12), Image.Resampling.NEAREST).save(path, "JPEG", quality=95)


def write_dataset(root: Path, name: str) -> Path:
    """Write the miniature copy of a data set and return its folder."""
    if name in SPLIT_FILES:
        return _write_split_file(root, *SPLIT_FILES[name])
    return {
        "fgvc_aircraft": _write_aircraft,
        "imagenet": _write_imagenet,
        "imagenetv2": _write_imagenetv2,
        "imagenet_sketch": lambda root: _write_wnids(root / "imagenet-sketch", "images", WNIDS),
        "imagenet_a": lambda root: _write_wnids(root / "imagenet-adversarial", "imagenet-a", WNIDS[1:4]),
        "imagenet_r": lambda root: _write_wnids(root / "imagenet-rendition", "imagenet-r", WNIDS[::2]),
    }[name](root)


def _write_split_file(root: Path, folder: str, images: str, file: str, names: Sequence[str]) -> Path:
    parts: dict[str, list] = {}
    for part, per_class in PER_CLASS.items():
        # classes mixed and not in the order of their labels, as in some of the real files
        order = [label for number in range(per_class) for label in ([*range(len(names))][:: -1 if number % 2 else 1])]
        where = f"cars_{'test' if part == 'test' else 'train'}/" if images == "." else ""
        parts[part] = [[f"{where}{part}_{number:03}.jpg", label, names[label]] for number, label in enumerate(order)]
    if images != ".":  # pictures in folders of their classes, as most data sets have them
        for part in parts:
            parts[part] = [[f"{name}/{path}", label, name] for path, label, name in parts[part]]
    for number, (path, _, _) in enumerate(row for rows in parts.values() for row in rows):
        picture(root / folder / images / path, number)
    (root / folder / file).write_text(json.dumps(parts))
    return root / folder


def _write_aircraft(root: Path) -> Path:
    folder = root / "fgvc_aircraft"
    number = 34309
    folder.mkdir(parents=True)
    (folder / "variants.txt").write_text("".join(f"{name}\n" for name in VARIANTS))
    for part, per_class in PER_CLASS.items():
        lines = []
        for label in [label for _ in range(per_class) for label in (2, 0, 3, 1)]:
            number += 1
            lines.append(f"{number:07} {VARIANTS[label]}\n")
            picture(folder / "images" / f"{number:07}.jpg", number)
        (folder / f"images_variant_{part}.txt").write_text("".join(lines))
    return folder


def _class_names(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{wnid} {name}\n" for wnid, name in zip(WNIDS, WNID_NAMES, strict=True)]
    (folder / "classnames.txt").write_text("".join(lines))


def _write_imagenet(root: Path) -> Path:
    folder = root / "imagenet"
    _class_names(folder)
    for part, per_class in (("train", 6), ("val", 2)):
        for label, wnid in enumerate(WNIDS):
            for number in range(per_class):
                picture(folder / "images" / part / wnid / f"{wnid}_{number}.JPEG", 100 * label + number)
    (folder / "images" / "train" / ".DS_Store").touch()
    return folder


def _write_imagenetv2(root: Path) -> Path:
    folder = root / "imagenetv2"
    _class_names(folder)
    for label in range(len(WNIDS)):
        for number in range(2):
            images = folder / "imagenetv2-matched-frequency-format-val"
            picture(images / str(label) / f"{number}.jpeg", 100 * label + number)
    return folder


def _write_wnids(folder: Path, images: str, wnids: Sequence[str]) -> Path:
    _class_names(folder)
    for wnid in wnids:
        picture(folder / images / wnid / "sketch_0.JPEG", int(wnid[1:]))
        picture(folder / images / wnid / "sketch_1.JPEG", int(wnid[1:]) + 1)
    (folder / images / "README.txt").write_text("to be ignored")
    return folder


def pickled(make: Callable[[Callable], Any], module: str = DATUM[0], name: str = DATUM[1]) -> bytes:
    """`make(Datum)` as pickle.dump writes it where Dassl is installed; Datum(path, label, class name) is its class."""

    class Datum:
        def __init__(self, impath: Any, label: Any, classname: Any) -> None:
            self._impath, self._label, self._domain, self._classname = impath, label, 0, classname

    Datum.__module__, Datum.__qualname__, Datum.__name__ = module, name, name
    parents = {module.rsplit(".", up)[0] for up in range(module.count(".") + 1)} - sys.modules.keys()
    sys.modules.update({each: ModuleType(each) for each in parents})
    setattr(sys.modules[module], name, Datum)
    try:
        return pickle.dumps(make(Datum), protocol=pickle.HIGHEST_PROTOCOL)
    finally:
        for each in parents:
            del sys.modules[each]


def write_cached_shots(folder: Path, shots: int, seed: int, parts: dict[str, list[tuple[str, int, str]]]) -> Path:
    """Write split_fewshot/shot_{K}-seed_{S}.pkl as CoOp does, from (path, label, class name)."""
    file = folder / "split_fewshot" / f"shot_{shots}-seed_{seed}.pkl"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(pickled(lambda datum: {part: [datum(*row) for row in rows] for part, rows in parts.items()}))
    return file
