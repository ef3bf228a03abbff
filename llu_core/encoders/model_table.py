"""The known backbones in one table: what each is, how large, how fast and under which licence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parents[1]
ASSETS = next(filter(Path.is_dir, [_PACKAGE / "assets", _PACKAGE.parent / "assets"]), _PACKAGE / "assets")
"""The embedded models: within an installed package, beside the package in the repository."""
EMBEDDED_FOLDER = ASSETS / "picto_clip"
EMBEDDED_NOTE = (
    "The embedded model knows only the picture world it was trained on (drawn shapes, colours, textures, counts). "
    "Photographs want photo, or a real CLIP."
)
PHOTO = "photo"
LOCAL = "local-dir:"
_PHOTO_NOTE = (
    "It knows 1,000 kinds of animals, plants and things by sight, and guesses at other words from these. It knows no "
    "actions, colours, counts, scenes or writing; a real CLIP does."
)
_PHOTOGRAPHS = "Trained on photographs and captions from the web."
_PAPER = f"{_PHOTOGRAPHS} The paper's model."
_OF_APPLE = f"{_PHOTOGRAPHS} Apple's weights, under its Machine Learning Research Model licence: for research only."
_OF_META = f"{_PHOTOGRAPHS} Meta's weights, under CC BY-NC 4.0: not for commercial use."
_PERCEPTION = f"{_PHOTOGRAPHS} Meta's weights, under Apache 2.0. It reads no more than 32 tokens of a text."
_APACHE, _AMLR, _NC = "Apache 2.0", "Apple AMLR (research only)", "CC BY-NC 4.0 (non-commercial)"
_SIGMOID = f"{_PHOTOGRAPHS} Its logit bias is one constant for all classes, so a softmax over classes does without it."
_QUICK = "ViT-B-16-quickgelu"

Speed = Literal["fast", "medium", "slow"]
FAST, MEDIUM = 10e9, 30e9
"""Below so many operations for a picture the image tower is fast, or of medium speed, on a CPU. Two cores do about
130e9 a second in float32: fast is ten pictures a second or more, slow is fewer than about four."""


@dataclass(frozen=True)
class Backbone:
    """A model that can be loaded: `model` and `pretrained` are what open_clip calls them.

    megabytes, 10^6 bytes, and licence are those of the weights, speed that of the image tower on a CPU; they are known
    of the models of the table alone.
    """

    name: str
    title: str
    model: str
    pretrained: str
    note: str
    megabytes: int | None = None
    speed: Speed | None = None
    licence: str = ""


# Megabytes are the numbers of the architecture, built on torch's meta device, times the 4 bytes of the float32 that all
# these weights are published in; those of the embedded models are the sizes of their files. Speed follows from the
# operations of that architecture. tests/encoders/test_model_table.py counts both again.
# OpenAI, DFN and MetaCLIP trained with QuickGELU: the plain architecture loads these weights too and is points worse.
# fmt: off
_TABLE = (
    Backbone("picto", "Embedded picture-world CLIP", f"{LOCAL}{EMBEDDED_FOLDER}", "", EMBEDDED_NOTE, 9, "fast", "MIT"),
    Backbone(PHOTO, "Embedded photograph model", PHOTO, "", _PHOTO_NOTE, 35, "fast", "as its two packages"),
    Backbone("vit-b-16", "OpenAI CLIP ViT-B/16", _QUICK, "openai", _PAPER, 598, "slow", "MIT"),
    Backbone("vit-b-32", "OpenAI CLIP ViT-B/32", "ViT-B-32-quickgelu", "openai", _PHOTOGRAPHS, 605, "fast", "MIT"),
    Backbone("vit-l-14", "OpenAI CLIP ViT-L/14", "ViT-L-14-quickgelu", "openai", _PHOTOGRAPHS, 1710, "slow", "MIT"),
    Backbone("rn50", "OpenAI CLIP ResNet-50", "RN50-quickgelu", "openai", _PHOTOGRAPHS, 408, "medium", "MIT"),
    Backbone("laion-vit-b-32", "OpenCLIP ViT-B/32 (LAION-2B)", "ViT-B-32", "laion2b_s34b_b79k", _PHOTOGRAPHS, 605,
             "fast", "MIT"),
    Backbone("siglip-vit-b-16", "SigLIP ViT-B/16", "ViT-B-16-SigLIP", "webli", _SIGMOID, 813, "slow", _APACHE),
    Backbone("siglip2-vit-b-16", "SigLIP 2 ViT-B/16", "ViT-B-16-SigLIP2", "webli", _SIGMOID, 1501, "slow", _APACHE),
    Backbone("mobileclip2-s0", "MobileCLIP2-S0", "MobileCLIP2-S0", "dfndr2b", _OF_APPLE, 300, "fast", _AMLR),
    Backbone("mobileclip2-s2", "MobileCLIP2-S2", "MobileCLIP2-S2", "dfndr2b", _OF_APPLE, 397, "medium", _AMLR),
    Backbone("mobileclip2-b", "MobileCLIP2-B", "MobileCLIP2-B", "dfndr2b", _OF_APPLE, 599, "slow", _AMLR),
    Backbone("pe-core-t-16", "Perception Encoder T/16, 384 px", "PE-Core-T-16-384", "meta", _PERCEPTION, 278, "fast",
             _APACHE),
    Backbone("pe-core-s-16", "Perception Encoder S/16, 384 px", "PE-Core-S-16-384", "meta", _PERCEPTION, 349, "slow",
             _APACHE),
    Backbone("pe-core-b-16", "Perception Encoder B/16", "PE-Core-B-16", "meta", _PERCEPTION, 1791, "slow", _APACHE),
    Backbone("dfn-vit-b-16", "DFN CLIP ViT-B/16", _QUICK, "dfn2b", _OF_APPLE, 598, "slow", _AMLR),
    Backbone("metaclip-vit-b-16", "MetaCLIP ViT-B/16", _QUICK, "metaclip_fullcc", _OF_META, 598, "slow", _NC),
)
# fmt: on
BACKBONES: dict[str, Backbone] = {backbone.name: backbone for backbone in _TABLE}
BETTER = ("mobileclip2-s0", "vit-b-32", "vit-b-16")
"""Real CLIPs to take in place of an embedded model: small and fast, fast, and the paper's."""
