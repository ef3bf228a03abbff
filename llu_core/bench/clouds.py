"""Random few-shot sets that look like CLIP's: clouds of pictures in one half-space, texts beside their centres."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings

SPREAD = 0.8
"""Length of the noise around a unit centre."""


def clouds(*, classes: int, shots: int, width: int, tests: int = 0, seed: int = 0) -> FewShotSet:
    """`classes` classes with `shots` training and `tests` test pictures each, embedded in `width` dimensions."""
    generator = torch.Generator().manual_seed(seed)

    def near(points: Tensor) -> Tensor:
        noise = F.normalize(torch.randn(points.shape, generator=generator), dim=1)
        return F.normalize(points + SPREAD * noise, dim=1)

    common = F.normalize(torch.ones(width), dim=0)
    centres = F.normalize(F.normalize(torch.randn(classes, width, generator=generator), dim=1) + common, dim=1)

    def part(name: str, per_class: int) -> LabelledEmbeddings:
        labels = torch.arange(classes).repeat_interleave(per_class)
        names = tuple(f"{name} {number}" for number in range(len(labels)))
        return LabelledEmbeddings(near(centres[labels]), labels, names)

    return FewShotSet(
        name=f"clouds of {classes} classes",
        class_names=tuple(f"class {number}" for number in range(classes)),
        class_embeddings=near(centres),
        train=part("train", shots),
        test=part("test", tests),
        base_classes=classes,
    )
